//! Jaeger's documents in OpenSearch, as its versions 1 and 2 write and read them.
//!
//! What OTLP can say and Jaeger's format cannot goes into fields that Jaeger ignores: [`SpanExtra`] and its like, under the name
//! `otlp`. A document without them was written by Jaeger.

mod from;
mod into;

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

pub(super) use from::{Placed, assemble};
pub(super) use into::{SpanWriter, append_id};

const NANOS_PER_MICRO: u64 = 1_000;
/// Keys of the tags in which Jaeger keeps a span's own fields.
pub(super) const KIND: &str = "span.kind";
pub(super) const ERROR: &str = "error";
pub(super) const STATUS_CODE: &str = "otel.status_code";
pub(super) const STATUS_DESCRIPTION: &str = "otel.status_description";
pub(super) const TRACE_STATE: &str = "w3c.tracestate";
pub(super) const SCOPE_NAME: &str = "otel.scope.name";
pub(super) const SCOPE_VERSION: &str = "otel.scope.version";
/// The log field that holds an event's name.
const EVENT_NAME: &str = "event";
/// The link attribute that says which of Jaeger's two reference types a link is.
const REFERENCE_TYPE: &str = "opentracing.ref_type";
const CHILD_OF: &str = "CHILD_OF";
const FOLLOWS_FROM: &str = "FOLLOWS_FROM";
/// What Jaeger puts for a dot in the names of tags that it stores as fields.
pub(super) const DOT_REPLACEMENT: &str = "@";

/// One span. `process` is written last and by itself, because all spans of a resource share it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpanDocument<'a> {
    #[serde(rename = "traceID")]
    trace_id: Cow<'a, str>,
    #[serde(rename = "spanID")]
    span_id: Cow<'a, str>,
    #[serde(rename = "parentSpanID", default, skip_serializing_if = "str::is_empty", deserialize_with = "or_default")]
    parent_span_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "or_default")]
    flags: u32,
    #[serde(default, deserialize_with = "or_default")]
    operation_name: Cow<'a, str>,
    #[serde(default, deserialize_with = "or_default")]
    references: Vec<Reference<'a>>,
    /// Microseconds since the Unix epoch.
    start_time: u64,
    #[serde(default)]
    start_time_millis: u64,
    /// Microseconds.
    #[serde(default)]
    duration: u64,
    #[serde(default, deserialize_with = "or_default")]
    tags: Vec<Tag<'a>>,
    /// Tags that Jaeger was told to store as fields.
    #[serde(default, skip_serializing, deserialize_with = "or_default")]
    tag: BTreeMap<String, Box<RawValue>>,
    #[serde(default, deserialize_with = "or_default")]
    logs: Vec<Log<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    scope_tags: Vec<Tag<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otlp: Option<SpanExtra<'a>>,
    #[serde(default, skip_serializing, deserialize_with = "or_default")]
    process: Process<'a>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpanExtra<'a> {
    /// How many of the tags, from the first, are the span's attributes. The others hold its fields.
    attributes: usize,
    /// What `startTime` leaves of the start, and `startTime + duration` of the end.
    #[serde(default, skip_serializing_if = "is_default")]
    start_nanos: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    end_nanos: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_events: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_links: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    scope_dropped_attributes: u32,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    scope_schema_url: Cow<'a, str>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process<'a> {
    #[serde(default, deserialize_with = "or_default")]
    service_name: Cow<'a, str>,
    #[serde(default, deserialize_with = "or_default")]
    tags: Vec<Tag<'a>>,
    #[serde(default, skip_serializing, deserialize_with = "or_default")]
    tag: BTreeMap<String, Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otlp: Option<ProcessExtra<'a>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProcessExtra<'a> {
    /// Where among the resource's attributes `service.name` stood; none if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service_at: Option<usize>,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    schema_url: Cow<'a, str>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    #[serde(default, deserialize_with = "or_default")]
    ref_type: Cow<'a, str>,
    #[serde(rename = "traceID", default, deserialize_with = "or_default")]
    trace_id: Cow<'a, str>,
    #[serde(rename = "spanID", default, deserialize_with = "or_default")]
    span_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty", deserialize_with = "or_default")]
    trace_state: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "or_default")]
    flags: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    tags: Vec<Tag<'a>>,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    /// Microseconds since the Unix epoch.
    timestamp: u64,
    #[serde(default, deserialize_with = "or_default")]
    fields: Vec<Tag<'a>>,
    /// What `timestamp` leaves of the time.
    #[serde(default, skip_serializing_if = "is_default")]
    nanos: u64,
    /// The event's name, where an attribute `event` takes the field in which Jaeger keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tag<'a> {
    key: Cow<'a, str>,
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    kind: Cow<'a, str>,
    value: TagValue<'a>,
    /// The encoded `AnyValue` in base64, where Jaeger knows no such type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otlp: Option<String>,
}

/// Jaeger 1 writes every value as a string, Jaeger 2 as what it is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum TagValue<'a> {
    Bool(bool),
    Int(i64),
    Text(Cow<'a, str>),
    /// As it stands in the document: a parsed number may have lost a digit.
    Raw(Box<RawValue>),
}

impl<'de> Deserialize<'de> for TagValue<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::Raw)
    }
}

/// Go writes an empty list as `null`.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The 64-bit FNV-1a hash, by which Jaeger names documents (<http://www.isthe.com/chongo/tech/comp/fnv/>).
pub(super) fn fnv64a<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    parts.into_iter().flatten().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests;
