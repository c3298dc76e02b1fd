//! `jaeger.thrift`: batches of spans, and the calls of `agent.thrift`.

use std::borrow::Cow;

use super::span::{Microseconds, Reference, ReferenceKind, SpanTranslation, log_field};
use crate::{
    model::{BatchWriter, EventWriter, ResourceWriter, SpanId, SpanWriter, TraceId, Value},
    receiver::{
        thrift::{Kind, Reader, ThriftError},
        zipkin,
    },
};

type Result<T> = std::result::Result<T, ThriftError>;

/// What an agent gets: `emitBatch(1: Batch)` or `emitZipkinBatch(1: list<Span>)`.
pub(in crate::receiver) fn read_call(reader: &mut Reader<'_>, batch: &mut BatchWriter) -> Result<()> {
    let is_zipkin = reader.message()? == b"emitZipkinBatch";
    reader.fields(|reader, id, kind| match (id, kind) {
        (1, Kind::Struct) if !is_zipkin => read_batch(reader, batch),
        (1, Kind::List) if is_zipkin => zipkin::read_thrift(reader, false, batch),
        _ => reader.skip(kind),
    })
}

/// `struct Batch { 1: Process process, 2: list<Span> spans, … }`
pub(in crate::receiver) fn read_batch(reader: &mut Reader<'_>, batch: &mut BatchWriter) -> Result<()> {
    let mut process = None;
    let mut early = Vec::new();
    reader.fields(|reader, id, kind| match (id, kind) {
        (1, Kind::Struct) => {
            process = Some(read_process(reader)?);
            Ok(())
        }
        (2, Kind::List) => reader.list(Kind::Struct, |reader| {
            let span = read_span(reader)?;
            // Every client writes the process first; another order costs memory.
            match &process {
                Some(process) => batch.push(process, &span),
                None => early.push(span),
            }
            Ok(())
        }),
        _ => reader.skip(kind),
    })?;
    let process = process.ok_or(ThriftError::Missing("process"))?;
    early.iter().for_each(|span| batch.push(&process, span));
    Ok(())
}

/// `struct Process { 1: string serviceName, 2: list<Tag> tags }`
fn read_process(reader: &mut Reader<'_>) -> Result<ResourceWriter> {
    let mut resource = ResourceWriter::default();
    reader.fields(|reader, id, kind| match (id, kind) {
        (1, Kind::Binary) => {
            let name = reader.text()?;
            if !name.is_empty() {
                resource.attribute("service.name", Value::Text(&name));
            }
            Ok(())
        }
        (2, Kind::List) => reader.list(Kind::Struct, |reader| {
            read_tag(reader, |key, value| {
                if key != "service.name" {
                    resource.attribute(key, value);
                }
            })
        }),
        _ => reader.skip(kind),
    })?;
    Ok(resource)
}

/// `struct Span`
fn read_span(reader: &mut Reader<'_>) -> Result<SpanWriter> {
    let mut translation = SpanTranslation::default();
    let (mut low, mut high, mut start) = (None, 0, None);
    reader.fields(|reader, id, kind| {
        match (id, kind) {
            (1, Kind::I64) => low = Some(reader.i64()?),
            (2, Kind::I64) => high = reader.i64()?,
            (3, Kind::I64) => translation.span.span_id = span_id(reader.i64()?),
            (4, Kind::I64) => translation.span.parent_span_id = span_id(reader.i64()?),
            (5, Kind::Binary) => translation.span.name = reader.text()?.into_owned(),
            (6, Kind::List) => reader.list(Kind::Struct, |reader| {
                translation.reference(read_reference(reader)?);
                Ok(())
            })?,
            (7, Kind::I32) => translation.flags(reader.i32()? as u32),
            (8, Kind::I64) => start = Some(Microseconds(reader.i64()?)),
            (9, Kind::I64) => translation.duration_ns = Microseconds(reader.i64()?).nanoseconds(),
            (10, Kind::List) => {
                reader.list(Kind::Struct, |reader| read_tag(reader, |key, value| translation.tag(key, value)))?;
            }
            (11, Kind::List) => reader.list(Kind::Struct, |reader| {
                translation.span.event(&read_log(reader)?);
                Ok(())
            })?,
            _ => reader.skip(kind)?,
        }
        Ok(())
    })?;
    translation.span.trace_id = trace_id(high, low.ok_or(ThriftError::Missing("traceIdLow"))?);
    translation.span.start_ns = start.ok_or(ThriftError::Missing("startTime"))?.nanoseconds();
    Ok(translation.finish())
}

/// `struct SpanRef { 1: SpanRefType refType, 2: i64 traceIdLow, 3: i64 traceIdHigh, 4: i64 spanId }`
fn read_reference(reader: &mut Reader<'_>) -> Result<Reference> {
    let mut reference = Reference::default();
    let (mut low, mut high) = (0, 0);
    reader.fields(|reader, id, kind| {
        match (id, kind) {
            (1, Kind::I32) if reader.i32()? == 1 => reference.kind = ReferenceKind::FollowsFrom,
            (1, Kind::I32) => {}
            (2, Kind::I64) => low = reader.i64()?,
            (3, Kind::I64) => high = reader.i64()?,
            (4, Kind::I64) => reference.span_id = span_id(reader.i64()?),
            _ => reader.skip(kind)?,
        }
        Ok(())
    })?;
    reference.trace_id = trace_id(high, low);
    Ok(reference)
}

/// `struct Log { 1: i64 timestamp, 2: list<Tag> fields }`
fn read_log(reader: &mut Reader<'_>) -> Result<EventWriter> {
    let mut event = EventWriter::default();
    let mut time = None;
    reader.fields(|reader, id, kind| {
        match (id, kind) {
            (1, Kind::I64) => time = Some(Microseconds(reader.i64()?)),
            (2, Kind::List) => {
                reader.list(Kind::Struct, |reader| read_tag(reader, |key, value| log_field(&mut event, key, value)))?;
            }
            _ => reader.skip(kind)?,
        }
        Ok(())
    })?;
    event.time_ns = time.ok_or(ThriftError::Missing("timestamp"))?.nanoseconds();
    Ok(event)
}

/// `struct Tag { 1: string key, 2: TagType vType, 3: string vStr, 4: double vDouble, 5: bool vBool, 6: i64 vLong, 7: binary vBinary }`
fn read_tag(reader: &mut Reader<'_>, mut found: impl FnMut(&str, Value<'_>)) -> Result<()> {
    let (mut key, mut kind_of) = (None, None);
    let (mut text, mut double, mut truth, mut long, mut binary) = (Cow::Borrowed(""), 0.0, false, 0, &[][..]);
    reader.fields(|reader, id, kind| {
        match (id, kind) {
            (1, Kind::Binary) => key = Some(reader.text()?),
            (2, Kind::I32) => kind_of = Some(reader.i32()?),
            (3, Kind::Binary) => text = reader.text()?,
            (4, Kind::Double) => double = reader.double()?,
            (5, Kind::Bool) => truth = reader.bool()?,
            (6, Kind::I64) => long = reader.i64()?,
            (7, Kind::Binary) => binary = reader.binary()?,
            _ => reader.skip(kind)?,
        }
        Ok(())
    })?;
    let value = match kind_of.ok_or(ThriftError::Missing("vType"))? {
        1 => Value::Double(double),
        2 => Value::Bool(truth),
        3 => Value::Int(long),
        4 => Value::Bytes(binary),
        _ => Value::Text(&text),
    };
    found(&key.ok_or(ThriftError::Missing("key"))?, value);
    Ok(())
}

pub(in crate::receiver) fn span_id(id: i64) -> SpanId {
    SpanId(id.to_be_bytes())
}

pub(in crate::receiver) fn trace_id(high: i64, low: i64) -> TraceId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&high.to_be_bytes());
    id[8..].copy_from_slice(&low.to_be_bytes());
    TraceId(id)
}
