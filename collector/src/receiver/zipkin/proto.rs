//! `zipkin.proto` (`ListOfSpans`), walked as it lies on the wire.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::span::{Endpoint, Kind, TagValue, ZipkinSpan};
use crate::{
    model::{
        BatchWriter, SpanId, TraceId,
        wire::{Field, Slice},
    },
    receiver::{
        DecodeError,
        jaeger::{Microseconds, for_each, id_of},
    },
};

type Result<T> = std::result::Result<T, DecodeError>;

/// `message ListOfSpans { repeated Span spans = 1 }`
pub(in crate::receiver) fn read_list(body: &[u8], is_debug: bool, batch: &mut BatchWriter) -> Result<()> {
    for_each(Slice { bytes: body, offset: 0 }, |number, field| {
        if let (1, Field::Bytes(slice)) = (number, field) {
            read_span(slice)?.write(is_debug, batch);
        }
        Ok(())
    })
}

fn read_span(slice: Slice<'_>) -> Result<ZipkinSpan> {
    let mut span = ZipkinSpan::default();
    for_each(slice, |number, field| {
        match (number, field) {
            (1, Field::Bytes(id)) => span.trace_id = TraceId(id_of("trace_id", id.bytes)?),
            (2, Field::Bytes(id)) => span.parent_id = SpanId(id_of("parent_id", id.bytes)?),
            (3, Field::Bytes(id)) => span.id = SpanId(id_of("id", id.bytes)?),
            (4, Field::Varint(kind)) => {
                span.kind = match kind {
                    1 => Some(Kind::Client),
                    2 => Some(Kind::Server),
                    3 => Some(Kind::Producer),
                    4 => Some(Kind::Consumer),
                    _ => None,
                };
            }
            (5, Field::Bytes(name)) => name.text()?.clone_into(&mut span.name),
            (6, Field::Fixed64(time)) => span.timestamp = Microseconds(time as i64),
            (7, Field::Varint(duration)) => span.duration = Microseconds(duration as i64),
            (8, Field::Bytes(endpoint)) => span.local = read_endpoint(endpoint)?,
            (9, Field::Bytes(endpoint)) => span.remote = read_endpoint(endpoint)?,
            (10, Field::Bytes(annotation)) => span.annotations.push(read_annotation(annotation)?),
            (11, Field::Bytes(entry)) => {
                let (key, value) = read_entry(entry)?;
                span.tags.push((key, TagValue::Text(value)));
            }
            (12, Field::Varint(debug)) => span.is_debug = debug != 0,
            _ => {}
        }
        Ok(())
    })?;
    Ok(span)
}

/// `message Endpoint { string service_name = 1; bytes ipv4 = 2; bytes ipv6 = 3; int32 port = 4 }`
fn read_endpoint(slice: Slice<'_>) -> Result<Endpoint> {
    let mut endpoint = Endpoint::default();
    for_each(slice, |number, field| {
        match (number, field) {
            (1, Field::Bytes(name)) => name.text()?.clone_into(&mut endpoint.service),
            (2, Field::Bytes(ip)) => endpoint.ipv4 = ip.bytes.try_into().ok().map(|ip: [u8; 4]| Ipv4Addr::from(ip)),
            (3, Field::Bytes(ip)) => endpoint.ipv6 = ip.bytes.try_into().ok().map(|ip: [u8; 16]| Ipv6Addr::from(ip)),
            (4, Field::Varint(port)) => endpoint.port = u16::try_from(port).unwrap_or_default(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(endpoint)
}

/// `message Annotation { fixed64 timestamp = 1; string value = 2 }`
fn read_annotation(slice: Slice<'_>) -> Result<(Microseconds, String)> {
    let mut annotation = (Microseconds::default(), String::new());
    for_each(slice, |number, field| {
        match (number, field) {
            (1, Field::Fixed64(time)) => annotation.0 = Microseconds(time as i64),
            (2, Field::Bytes(value)) => value.text()?.clone_into(&mut annotation.1),
            _ => {}
        }
        Ok(())
    })?;
    Ok(annotation)
}

/// An entry of `map<string, string>`.
fn read_entry(slice: Slice<'_>) -> Result<(String, String)> {
    let mut entry = (String::new(), String::new());
    for_each(slice, |number, field| {
        match (number, field) {
            (1, Field::Bytes(key)) => key.text()?.clone_into(&mut entry.0),
            (2, Field::Bytes(value)) => value.text()?.clone_into(&mut entry.1),
            _ => {}
        }
        Ok(())
    })?;
    Ok(entry)
}
