//! Attributes as typed tags, and lists of them.

use opentelemetry_proto::tonic::{
    common::v1::{InstrumentationScope, KeyValue, any_value::Value},
    trace::v1::{
        Span,
        span::{Event, SpanKind},
        status::StatusCode,
    },
};
use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::super::json::{Base64, Decimal, Double, Plain};
use crate::model::WARNINGS_ATTRIBUTE;

/// The largest integer that JavaScript holds exactly; beyond it numbers are written as text.
const SAFE_INTEGER_MAX: i64 = (1 << 53) - 1;
/// What the key of an instrumentation scope's attribute starts with.
const SCOPE_PREFIX: &str = "otel.scope.";
const NAME_OF_EVENT: &str = "event";

#[derive(Clone, Copy)]
pub(in crate::api) struct Tag<'a> {
    /// What the key starts with.
    pub(in crate::api) prefix: &'static str,
    pub(in crate::api) key: &'a str,
    pub(in crate::api) value: TagValue<'a>,
}

#[derive(Clone, Copy)]
pub(in crate::api) enum TagValue<'a> {
    Text(&'a str),
    Bool(bool),
    Any(&'a KeyValue),
}

impl<'a> Tag<'a> {
    pub(super) fn text(key: &'a str, text: &'a str) -> Self {
        Self { prefix: "", key, value: TagValue::Text(text) }
    }

    fn scope_attribute(attribute: &'a KeyValue) -> Self {
        Self { prefix: SCOPE_PREFIX, ..Self::from(attribute) }
    }
}

impl<'a> From<&'a KeyValue> for Tag<'a> {
    fn from(attribute: &'a KeyValue) -> Self {
        Self { prefix: "", key: &attribute.key, value: TagValue::Any(attribute) }
    }
}

impl Serialize for Tag<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tag = serializer.serialize_struct("Tag", 3)?;
        if self.prefix.is_empty() {
            tag.serialize_field("key", self.key)?;
        } else {
            tag.serialize_field("key", &format_args!("{}{}", self.prefix, self.key))?;
        }
        let value = match self.value {
            TagValue::Text(text) => return finish(tag, "string", text),
            TagValue::Bool(truth) => return finish(tag, "bool", &truth),
            TagValue::Any(attribute) => attribute.value.as_ref(),
        };
        match value.and_then(|value| value.value.as_ref()) {
            None => finish(tag, "string", ""),
            Some(Value::StringValue(text)) => finish(tag, "string", text),
            Some(Value::BoolValue(truth)) => finish(tag, "bool", truth),
            Some(Value::IntValue(number)) if (-SAFE_INTEGER_MAX..=SAFE_INTEGER_MAX).contains(number) => {
                finish(tag, "int64", number)
            }
            Some(Value::IntValue(number)) => finish(tag, "int64", &Decimal(number)),
            Some(Value::DoubleValue(number)) => finish(tag, "float64", &Double(*number)),
            Some(Value::BytesValue(bytes)) => finish(tag, "binary", &Base64(bytes)),
            Some(Value::ArrayValue(_) | Value::KvlistValue(_) | Value::StringValueStrindex(_)) => {
                let text = value.map(|value| serde_json::to_string(&Plain(value)));
                finish(tag, "string", &text.transpose().map_err(serde::ser::Error::custom)?)
            }
        }
    }
}

fn finish<T: serde::ser::SerializeStruct>(
    mut tag: T,
    kind: &'static str,
    value: &(impl Serialize + ?Sized),
) -> Result<T::Ok, T::Error> {
    tag.serialize_field("type", kind)?;
    tag.serialize_field("value", value)?;
    tag.end()
}

/// A span's tags: its scope, its attributes, and what OTLP holds in fields of their own.
pub(in crate::api) struct SpanTags<'a>(
    pub(in crate::api) Option<&'a InstrumentationScope>,
    pub(in crate::api) &'a Span,
);

impl Serialize for SpanTags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.tags())
    }
}

impl<'a> SpanTags<'a> {
    pub(in crate::api) fn tags(&self) -> impl Iterator<Item = Tag<'a>> + use<'a> {
        let Self(scope, span) = *self;
        let scope_tags = scope.into_iter().flat_map(|scope| {
            named("otel.scope.name", &scope.name)
                .chain(named("otel.scope.version", &scope.version))
                .chain(scope.attributes.iter().map(Tag::scope_attribute))
        });
        let own = span.attributes.iter().filter(|a| a.key != WARNINGS_ATTRIBUTE).map(Tag::from);
        let status = span.status.as_ref();
        let (code, error) = match status.map(|status| status.code()) {
            Some(StatusCode::Error) => ("ERROR", true),
            Some(StatusCode::Ok) => ("OK", false),
            _ => ("", false),
        };
        let error = error.then_some(Tag { prefix: "", key: "error", value: TagValue::Bool(true) });
        scope_tags
            .chain(own)
            .chain(named("span.kind", kind_name(span.kind())))
            .chain(named("otel.status_code", code))
            .chain(error)
            .chain(named("otel.status_description", status.map_or("", |status| &status.message)))
            .chain(named("w3c.tracestate", &span.trace_state))
    }
}

/// A tag, unless its text is empty.
fn named<'a>(key: &'a str, text: &'a str) -> impl Iterator<Item = Tag<'a>> {
    (!text.is_empty()).then(|| Tag::text(key, text)).into_iter()
}

fn kind_name(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified => "",
        SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    }
}

/// An event: its name is the field `event`, unless an attribute has that key.
pub(super) struct LogJson<'a>(pub(super) &'a Event);

impl Serialize for LogJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut log = serializer.serialize_struct("Log", 2)?;
        log.serialize_field("timestamp", &(self.0.time_unix_nano / 1_000))?;
        log.serialize_field("fields", &Fields(self.0))?;
        log.end()
    }
}

struct Fields<'a>(&'a Event);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(event_fields(self.0))
    }
}

pub(in crate::api) fn event_fields(event: &Event) -> impl Iterator<Item = Tag<'_>> {
    let named_by_attribute = event.attributes.iter().any(|a| a.key == NAME_OF_EVENT);
    let name = named(NAME_OF_EVENT, if named_by_attribute { "" } else { &event.name });
    name.chain(event.attributes.iter().map(Tag::from))
}
