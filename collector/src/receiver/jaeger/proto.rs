//! `model.proto` of Jaeger's `api_v2`, walked as it lies on the wire.

use super::span::{Reference, ReferenceKind, SpanTranslation, log_field};
use crate::{
    model::{
        BatchWriter, EventWriter, ResourceWriter, SpanId, SpanWriter, TraceId, Value, WARNINGS_ATTRIBUTE,
        wire::{Cursor, Field, Slice},
    },
    receiver::DecodeError,
};

type Result<T> = std::result::Result<T, DecodeError>;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// `message PostSpansRequest { Batch batch = 1 }`
pub(in crate::receiver) fn read_request(body: &[u8], batch: &mut BatchWriter) -> Result<()> {
    for_each(Slice { bytes: body, offset: 0 }, |number, field| match (number, field) {
        (1, Field::Bytes(slice)) => read_batch(slice, batch),
        _ => Ok(()),
    })
}

/// `message Batch { repeated Span spans = 1; Process process = 2 }`: a span may have a process of its own.
fn read_batch(slice: Slice<'_>, batch: &mut BatchWriter) -> Result<()> {
    let mut process = ResourceWriter::default();
    for_each(slice, |number, field| {
        if let (2, Field::Bytes(slice)) = (number, field) {
            process = read_process(slice)?;
        }
        Ok(())
    })?;
    for_each(slice, |number, field| {
        if let (1, Field::Bytes(slice)) = (number, field) {
            let (span, own) = read_span(slice)?;
            batch.push(own.as_ref().unwrap_or(&process), &span);
        }
        Ok(())
    })
}

/// `message Process { string service_name = 1; repeated KeyValue tags = 2 }`
fn read_process(slice: Slice<'_>) -> Result<ResourceWriter> {
    let mut resource = ResourceWriter::default();
    for_each(slice, |number, field| match (number, field) {
        (1, Field::Bytes(name)) => {
            if !name.bytes.is_empty() {
                resource.attribute("service.name", Value::Text(name.text()?));
            }
            Ok(())
        }
        (2, Field::Bytes(tag)) => read_tag(tag, |key, value| {
            if key != "service.name" {
                resource.attribute(key, value);
            }
        }),
        _ => Ok(()),
    })?;
    Ok(resource)
}

fn read_span(slice: Slice<'_>) -> Result<(SpanWriter, Option<ResourceWriter>)> {
    let mut translation = SpanTranslation::default();
    let (mut process, mut warnings) = (None, Vec::new());
    for_each(slice, |number, field| {
        match (number, field) {
            (1, Field::Bytes(id)) => translation.span.trace_id = TraceId(id_of("trace_id", id.bytes)?),
            (2, Field::Bytes(id)) => translation.span.span_id = SpanId(id_of("span_id", id.bytes)?),
            (3, Field::Bytes(name)) => name.text()?.clone_into(&mut translation.span.name),
            (4, Field::Bytes(reference)) => translation.reference(read_reference(reference)?),
            (5, Field::Varint(flags)) => translation.flags(flags as u32),
            (6, Field::Bytes(time)) => translation.span.start_ns = read_time(time)?,
            (7, Field::Bytes(time)) => translation.duration_ns = read_time(time)?,
            (8, Field::Bytes(tag)) => read_tag(tag, |key, value| translation.tag(key, value))?,
            (9, Field::Bytes(log)) => translation.span.event(&read_log(log)?),
            (10, Field::Bytes(own)) => process = Some(read_process(own)?),
            (12, Field::Bytes(warning)) => warnings.push(warning.text()?),
            _ => {}
        }
        Ok(())
    })?;
    if !warnings.is_empty() {
        translation.span.list(WARNINGS_ATTRIBUTE, &warnings);
    }
    Ok((translation.finish(), process))
}

/// `message SpanRef { bytes trace_id = 1; bytes span_id = 2; SpanRefType ref_type = 3 }`
fn read_reference(slice: Slice<'_>) -> Result<Reference> {
    let mut reference = Reference::default();
    for_each(slice, |number, field| {
        match (number, field) {
            (1, Field::Bytes(id)) => reference.trace_id = TraceId(id_of("trace_id", id.bytes)?),
            (2, Field::Bytes(id)) => reference.span_id = SpanId(id_of("span_id", id.bytes)?),
            (3, Field::Varint(1)) => reference.kind = ReferenceKind::FollowsFrom,
            _ => {}
        }
        Ok(())
    })?;
    Ok(reference)
}

/// `message Log { Timestamp timestamp = 1; repeated KeyValue fields = 2 }`
fn read_log(slice: Slice<'_>) -> Result<EventWriter> {
    let mut event = EventWriter::default();
    for_each(slice, |number, field| match (number, field) {
        (1, Field::Bytes(time)) => {
            event.time_ns = read_time(time)?;
            Ok(())
        }
        (2, Field::Bytes(tag)) => read_tag(tag, |key, value| log_field(&mut event, key, value)),
        _ => Ok(()),
    })?;
    Ok(event)
}

/// `message KeyValue { string key = 1; ValueType v_type = 2; string v_str = 3; bool v_bool = 4; int64 v_int64 = 5;
/// double v_float64 = 6; bytes v_binary = 7 }`
fn read_tag(slice: Slice<'_>, found: impl FnOnce(&str, Value<'_>)) -> Result<()> {
    let (mut key, mut kind) = ("", 0);
    let (mut text, mut truth, mut int, mut double, mut binary) = ("", false, 0, 0.0, &[][..]);
    for_each(slice, |number, field| {
        match (number, field) {
            (1, Field::Bytes(slice)) => key = slice.text()?,
            (2, Field::Varint(number)) => kind = number,
            (3, Field::Bytes(slice)) => text = slice.text()?,
            (4, Field::Varint(number)) => truth = number != 0,
            (5, Field::Varint(number)) => int = number as i64,
            (6, Field::Fixed64(bits)) => double = f64::from_bits(bits),
            (7, Field::Bytes(slice)) => binary = slice.bytes,
            _ => {}
        }
        Ok(())
    })?;
    found(
        key,
        match kind {
            1 => Value::Bool(truth),
            2 => Value::Int(int),
            3 => Value::Double(double),
            4 => Value::Bytes(binary),
            _ => Value::Text(text),
        },
    );
    Ok(())
}

/// `google.protobuf.Timestamp` and `Duration`, in nanoseconds. What is negative counts as zero.
fn read_time(slice: Slice<'_>) -> Result<u64> {
    let (mut seconds, mut nanos) = (0, 0);
    for_each(slice, |number, field| {
        match (number, field) {
            (1, Field::Varint(number)) => seconds = u64::try_from(number as i64).unwrap_or_default(),
            (2, Field::Varint(number)) => nanos = u64::try_from(number as i64).unwrap_or_default(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos))
}

/// An id of at most so many bytes; a shorter one is the lower part.
pub(in crate::receiver) fn id_of<const N: usize>(field: &'static str, bytes: &[u8]) -> Result<[u8; N]> {
    let mut id = [0; N];
    let start = N.checked_sub(bytes.len()).ok_or(DecodeError::IdLength { field, len: bytes.len(), max: N })?;
    id[start..].copy_from_slice(bytes);
    Ok(id)
}

pub(in crate::receiver) fn for_each<'a>(
    slice: Slice<'a>,
    mut each: impl FnMut(u32, Field<'a>) -> Result<()>,
) -> Result<()> {
    let mut cursor = Cursor::new(slice);
    while let Some((number, field)) = cursor.next()? {
        each(number, field)?;
    }
    Ok(())
}
