//! Looks into one encoded span without building it.

use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
use prost::Message as _;

use super::{
    SpanId,
    wire::{Cursor, Field, Slice},
};
use crate::storage::SpanKind;

/// What a search asks of a span before it looks at attributes.
#[derive(Clone, Copy, Debug)]
pub struct SpanView<'a> {
    pub span_id: SpanId,
    /// Zero where the span has no parent.
    pub parent_span_id: SpanId,
    pub name: &'a str,
    pub kind: SpanKind,
    pub start_ns: u64,
    pub end_ns: u64,
    encoded: &'a [u8],
}

impl<'a> SpanView<'a> {
    /// `encoded` is a span of a checked [`SpanBatch`](super::SpanBatch).
    pub fn new(encoded: &'a [u8]) -> Self {
        let mut view = Self {
            span_id: SpanId::default(),
            parent_span_id: SpanId::default(),
            name: "",
            kind: SpanKind::Internal,
            start_ns: 0,
            end_ns: 0,
            encoded,
        };
        for (number, field) in fields(encoded) {
            match (number, field) {
                (2, Field::Bytes(id)) => view.span_id = SpanId(id.bytes.try_into().unwrap_or_default()),
                (4, Field::Bytes(id)) => view.parent_span_id = SpanId(id.bytes.try_into().unwrap_or_default()),
                (5, Field::Bytes(name)) => view.name = name.text().unwrap_or_default(),
                (6, Field::Varint(kind)) => view.kind = SpanKind::from_otlp(kind as i32),
                (7, Field::Fixed64(time)) => view.start_ns = time,
                (8, Field::Fixed64(time)) => view.end_ns = time,
                _ => {}
            }
        }
        view
    }

    pub fn duration_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    /// The text of an attribute of the span.
    pub fn text_attribute(&self, key: &str) -> Option<&'a str> {
        let attribute = messages(self.encoded, 9).find(|one| messages(one, 1).any(|found| found == key.as_bytes()))?;
        let text = messages(attribute, 2).find_map(|any| messages(any, 1).last())?;
        std::str::from_utf8(text).ok()
    }
}

/// The number of `Status.code` (2 is an error) and its message, in fields of a span.
pub fn status(span: &[u8]) -> (u64, &str) {
    let mut status = (0, "");
    for slice in messages(span, 15) {
        for (number, field) in fields(slice) {
            match (number, field) {
                (2, Field::Bytes(text)) => status.1 = text.text().unwrap_or_default(),
                (3, Field::Varint(code)) => status.0 = code,
                _ => {}
            }
        }
    }
    status
}

/// Whether an attribute of the span or of one of its events has this key and, as text, this value. The name of an event
/// counts as its attribute `event`, as in Jaeger.
pub fn span_has_attribute(span: &[u8], key: &str, value: &str) -> bool {
    messages(span, 9).any(|attribute| is_attribute(attribute, key, value))
        || messages(span, 11).any(|event| {
            messages(event, 3).any(|attribute| is_attribute(attribute, key, value))
                || key == "event" && messages(event, 2).any(|name| name == value.as_bytes())
        })
}

/// Whether an encoded `Resource` has the attribute.
pub fn resource_has_attribute(resource: &[u8], key: &str, value: &str) -> bool {
    messages(resource, 1).any(|attribute| is_attribute(attribute, key, value))
}

/// Whether an encoded `InstrumentationScope` has the attribute, or the name or version that Jaeger shows as one.
pub fn scope_has_attribute(scope: &[u8], key: &str, value: &str) -> bool {
    let field = match key {
        "otel.scope.name" => Some(1),
        "otel.scope.version" => Some(2),
        _ => None,
    };
    field.is_some_and(|number| messages(scope, number).any(|text| text == value.as_bytes()))
        || messages(scope, 3).any(|attribute| is_attribute(attribute, key, value))
}

/// The length-delimited fields with this number.
pub fn messages(encoded: &[u8], wanted: u32) -> impl Iterator<Item = &[u8]> {
    fields(encoded).filter_map(move |(number, field)| match field {
        Field::Bytes(slice) if number == wanted => Some(slice.bytes),
        _ => None,
    })
}

/// The fields of a message that is known to be well formed.
fn fields(encoded: &[u8]) -> impl Iterator<Item = (u32, Field<'_>)> {
    let mut cursor = Cursor::new(Slice { bytes: encoded, offset: 0 });
    std::iter::from_fn(move || cursor.next().ok().flatten())
}

fn is_attribute(encoded: &[u8], key: &str, value: &str) -> bool {
    messages(encoded, 1).any(|found| found == key.as_bytes())
        && messages(encoded, 2).any(|any| {
            // Most values are strings: compare them where they lie.
            let text = messages(any, 1).last();
            match text {
                Some(text) => text == value.as_bytes(),
                None => AnyValue::decode(any).is_ok_and(|any| any.value.is_some_and(|any| value_is(&any, value))),
            }
        })
}

/// Whether a value, printed as Jaeger prints it, is this text. Lists and maps are not searched.
fn value_is(any: &Value, text: &str) -> bool {
    match any {
        Value::StringValue(value) => value == text,
        Value::BoolValue(value) => text == if *value { "true" } else { "false" },
        Value::IntValue(value) => text.parse() == Ok(*value),
        Value::DoubleValue(value) => text.parse() == Ok(*value),
        _ => false,
    }
}
