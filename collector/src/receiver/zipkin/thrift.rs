//! `zipkincore.thrift`: spans of Zipkin's first version.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    span::{Endpoint, TagValue},
    v1::{Annotation, BinaryAnnotation, SpanV1},
};
use crate::{
    model::BatchWriter,
    receiver::{
        jaeger::{Microseconds, span_id, trace_id},
        thrift::{Kind, Reader, ThriftError},
    },
};

type Result<T> = std::result::Result<T, ThriftError>;

/// `list<Span>`
pub(in crate::receiver) fn read_list(reader: &mut Reader<'_>, is_debug: bool, batch: &mut BatchWriter) -> Result<()> {
    reader.list(Kind::Struct, |reader| {
        read_span(reader)?.upgrade().write(is_debug, batch);
        Ok(())
    })
}

fn read_span(reader: &mut Reader<'_>) -> Result<SpanV1> {
    let mut read = SpanV1::default();
    let (mut low, mut high) = (None, 0);
    reader.fields(|reader, id, kind| {
        let SpanV1 { span, annotations, binary } = &mut read;
        match (id, kind) {
            (1, Kind::I64) => low = Some(reader.i64()?),
            (3, Kind::Binary) => span.name = reader.text()?.into_owned(),
            (4, Kind::I64) => span.id = span_id(reader.i64()?),
            (5, Kind::I64) => span.parent_id = span_id(reader.i64()?),
            (6, Kind::List) => reader.list(Kind::Struct, |reader| {
                annotations.push(read_annotation(reader)?);
                Ok(())
            })?,
            (8, Kind::List) => reader.list(Kind::Struct, |reader| {
                binary.push(read_binary(reader)?);
                Ok(())
            })?,
            (9, Kind::Bool) => span.is_debug = reader.bool()?,
            (10, Kind::I64) => span.timestamp = Microseconds(reader.i64()?),
            (11, Kind::I64) => span.duration = Microseconds(reader.i64()?),
            (12, Kind::I64) => high = reader.i64()?,
            _ => reader.skip(kind)?,
        }
        Ok(())
    })?;
    read.span.trace_id = trace_id(high, low.ok_or(ThriftError::Missing("trace_id"))?);
    Ok(read)
}

/// `struct Annotation { 1: i64 timestamp, 2: string value, 3: Endpoint host }`
fn read_annotation(reader: &mut Reader<'_>) -> Result<Annotation> {
    let mut time = None;
    let (mut value, mut host) = (String::new(), Endpoint::default());
    reader.fields(|reader, id, kind| {
        match (id, kind) {
            (1, Kind::I64) => time = Some(Microseconds(reader.i64()?)),
            (2, Kind::Binary) => value = reader.text()?.into_owned(),
            (3, Kind::Struct) => host = read_endpoint(reader)?,
            _ => reader.skip(kind)?,
        }
        Ok(())
    })?;
    Ok(Annotation { time: time.ok_or(ThriftError::Missing("timestamp"))?, value, host })
}

/// `struct BinaryAnnotation { 1: string key, 2: binary value, 3: AnnotationType annotation_type, 4: Endpoint host }`
fn read_binary(reader: &mut Reader<'_>) -> Result<BinaryAnnotation> {
    let (mut key, mut bytes, mut kind_of, mut host) = (None, &[][..], 6, Endpoint::default());
    reader.fields(|reader, id, kind| {
        match (id, kind) {
            (1, Kind::Binary) => key = Some(reader.text()?.into_owned()),
            (2, Kind::Binary) => bytes = reader.binary()?,
            (3, Kind::I32) => kind_of = reader.i32()?,
            (4, Kind::Struct) => host = read_endpoint(reader)?,
            _ => reader.skip(kind)?,
        }
        Ok(())
    })?;
    Ok(BinaryAnnotation { key: key.ok_or(ThriftError::Missing("key"))?, value: value_of(kind_of, bytes), host })
}

/// By `AnnotationType`: numbers are big-endian. A number that has another length is kept as bytes.
fn value_of(kind: i32, bytes: &[u8]) -> TagValue {
    let known = match kind {
        0 => bytes.first().map(|byte| TagValue::Bool(*byte != 0)),
        2 => bytes.try_into().ok().map(|bytes| TagValue::Int(i16::from_be_bytes(bytes).into())),
        3 => bytes.try_into().ok().map(|bytes| TagValue::Int(i32::from_be_bytes(bytes).into())),
        4 => bytes.try_into().ok().map(|bytes| TagValue::Int(i64::from_be_bytes(bytes))),
        5 => bytes.try_into().ok().map(|bytes| TagValue::Double(f64::from_be_bytes(bytes))),
        6 => Some(TagValue::Text(String::from_utf8_lossy(bytes).into_owned())),
        _ => None,
    };
    known.unwrap_or_else(|| TagValue::Bytes(bytes.to_vec()))
}

/// `struct Endpoint { 1: i32 ipv4, 2: i16 port, 3: string service_name, 4: binary ipv6 }`
fn read_endpoint(reader: &mut Reader<'_>) -> Result<Endpoint> {
    let mut endpoint = Endpoint::default();
    reader.fields(|reader, id, kind| {
        match (id, kind) {
            (1, Kind::I32) => endpoint.ipv4 = Some(reader.i32()? as u32).filter(|ip| *ip != 0).map(Ipv4Addr::from),
            (2, Kind::I16) => endpoint.port = reader.i16()? as u16,
            (3, Kind::Binary) => endpoint.service = reader.text()?.into_owned(),
            (4, Kind::Binary) => {
                endpoint.ipv6 = reader.binary()?.try_into().ok().map(|ip: [u8; 16]| Ipv6Addr::from(ip))
            }
            _ => reader.skip(kind)?,
        }
        Ok(())
    })?;
    Ok(endpoint)
}
