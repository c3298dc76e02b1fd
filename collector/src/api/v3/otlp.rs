//! OTLP in JSON (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>): ids in hexadecimal, enums as numbers, 64-bit
//! numbers as strings, bytes in base64, zero and empty fields left out.
//!
//! The serializer that comes with the messages writes empty fields, `null` for values that are not set, and no infinity.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::super::json::{Base64, Decimal, Double, Hex};

/// An object of which only the fields that are set are written.
struct Object<M>(M);

impl<M: SerializeMap> Object<M> {
    fn text(&mut self, key: &'static str, text: &str) -> Result<(), M::Error> {
        if text.is_empty() { Ok(()) } else { self.0.serialize_entry(key, text) }
    }

    fn id(&mut self, key: &'static str, id: &[u8]) -> Result<(), M::Error> {
        if id.iter().all(|byte| *byte == 0) { Ok(()) } else { self.0.serialize_entry(key, &Hex(id)) }
    }

    fn number(&mut self, key: &'static str, number: impl Into<i64>) -> Result<(), M::Error> {
        let number = number.into();
        if number == 0 { Ok(()) } else { self.0.serialize_entry(key, &number) }
    }

    fn time(&mut self, key: &'static str, nanos: u64) -> Result<(), M::Error> {
        if nanos == 0 { Ok(()) } else { self.0.serialize_entry(key, &Decimal(nanos)) }
    }

    fn list<'a, T, W: Serialize>(
        &mut self,
        key: &'static str,
        items: &'a [T],
        wrap: fn(&'a T) -> W,
    ) -> Result<(), M::Error> {
        if items.is_empty() { Ok(()) } else { self.0.serialize_entry(key, &List(items, wrap)) }
    }

    fn attributes(&mut self, attributes: &[KeyValue], dropped: u32) -> Result<(), M::Error> {
        self.list("attributes", attributes, KeyValueJson)?;
        self.number("droppedAttributesCount", dropped)
    }

    fn end(self) -> Result<M::Ok, M::Error> {
        self.0.end()
    }
}

fn object<S: Serializer>(serializer: S) -> Result<Object<S::SerializeMap>, S::Error> {
    serializer.serialize_map(None).map(Object)
}

struct List<'a, T, W>(&'a [T], fn(&'a T) -> W);

impl<T, W: Serialize> Serialize for List<'_, T, W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(self.1))
    }
}

pub(super) struct ResourceSpansJson<'a>(pub(super) &'a ResourceSpans);

impl Serialize for ResourceSpansJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        fields.0.serialize_entry("resource", &ResourceJson(self.0.resource.as_ref()))?;
        fields.list("scopeSpans", &self.0.scope_spans, ScopeSpansJson)?;
        fields.text("schemaUrl", &self.0.schema_url)?;
        fields.end()
    }
}

struct ResourceJson<'a>(Option<&'a Resource>);

impl Serialize for ResourceJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        if let Some(resource) = self.0 {
            fields.attributes(&resource.attributes, resource.dropped_attributes_count)?;
        }
        fields.end()
    }
}

struct ScopeSpansJson<'a>(&'a ScopeSpans);

impl Serialize for ScopeSpansJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        fields.0.serialize_entry("scope", &ScopeJson(self.0.scope.as_ref()))?;
        fields.list("spans", &self.0.spans, SpanJson)?;
        fields.text("schemaUrl", &self.0.schema_url)?;
        fields.end()
    }
}

struct ScopeJson<'a>(Option<&'a InstrumentationScope>);

impl Serialize for ScopeJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        if let Some(scope) = self.0 {
            fields.text("name", &scope.name)?;
            fields.text("version", &scope.version)?;
            fields.attributes(&scope.attributes, scope.dropped_attributes_count)?;
        }
        fields.end()
    }
}

struct SpanJson<'a>(&'a Span);

impl Serialize for SpanJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let span = self.0;
        let mut fields = object(serializer)?;
        fields.id("traceId", &span.trace_id)?;
        fields.id("spanId", &span.span_id)?;
        fields.text("traceState", &span.trace_state)?;
        fields.id("parentSpanId", &span.parent_span_id)?;
        fields.number("flags", span.flags)?;
        fields.text("name", &span.name)?;
        fields.number("kind", span.kind)?;
        fields.time("startTimeUnixNano", span.start_time_unix_nano)?;
        fields.time("endTimeUnixNano", span.end_time_unix_nano)?;
        fields.attributes(&span.attributes, span.dropped_attributes_count)?;
        fields.list("events", &span.events, EventJson)?;
        fields.number("droppedEventsCount", span.dropped_events_count)?;
        fields.list("links", &span.links, LinkJson)?;
        fields.number("droppedLinksCount", span.dropped_links_count)?;
        fields.0.serialize_entry("status", &StatusJson(span.status.as_ref()))?;
        fields.end()
    }
}

struct StatusJson<'a>(Option<&'a Status>);

impl Serialize for StatusJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        if let Some(status) = self.0 {
            fields.text("message", &status.message)?;
            fields.number("code", status.code)?;
        }
        fields.end()
    }
}

struct EventJson<'a>(&'a Event);

impl Serialize for EventJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        fields.time("timeUnixNano", self.0.time_unix_nano)?;
        fields.text("name", &self.0.name)?;
        fields.attributes(&self.0.attributes, self.0.dropped_attributes_count)?;
        fields.end()
    }
}

struct LinkJson<'a>(&'a Link);

impl Serialize for LinkJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        fields.id("traceId", &self.0.trace_id)?;
        fields.id("spanId", &self.0.span_id)?;
        fields.text("traceState", &self.0.trace_state)?;
        fields.attributes(&self.0.attributes, self.0.dropped_attributes_count)?;
        fields.number("flags", self.0.flags)?;
        fields.end()
    }
}

struct KeyValueJson<'a>(&'a KeyValue);

impl Serialize for KeyValueJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        fields.text("key", &self.0.key)?;
        fields.0.serialize_entry("value", &ValueJson(self.0.value.as_ref().and_then(|value| value.value.as_ref())))?;
        fields.end()
    }
}

struct ValueJson<'a>(Option<&'a Value>);

impl<'a> ValueJson<'a> {
    fn of(value: &'a AnyValue) -> Self {
        Self(value.value.as_ref())
    }
}

impl Serialize for ValueJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        match self.0 {
            None => {}
            // A value that is set is written also when it is empty: the key says what type it has.
            Some(Value::StringValue(text)) => fields.0.serialize_entry("stringValue", text)?,
            Some(Value::BoolValue(truth)) => fields.0.serialize_entry("boolValue", truth)?,
            Some(Value::IntValue(number)) => fields.0.serialize_entry("intValue", &Decimal(number))?,
            Some(Value::DoubleValue(number)) => fields.0.serialize_entry("doubleValue", &Double(*number))?,
            Some(Value::BytesValue(bytes)) => fields.0.serialize_entry("bytesValue", &Base64(bytes))?,
            Some(Value::ArrayValue(array)) => {
                fields.0.serialize_entry("arrayValue", &Values(&array.values, ValueJson::of))?;
            }
            Some(Value::KvlistValue(list)) => {
                fields.0.serialize_entry("kvlistValue", &Values(&list.values, KeyValueJson))?;
            }
            Some(Value::StringValueStrindex(index)) => fields.0.serialize_entry("stringValueStrindex", index)?,
        }
        fields.end()
    }
}

/// A list that is an object of its own.
struct Values<'a, T, W>(&'a [T], fn(&'a T) -> W);

impl<T, W: Serialize> Serialize for Values<'_, T, W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = object(serializer)?;
        fields.list("values", self.0, self.1)?;
        fields.end()
    }
}
