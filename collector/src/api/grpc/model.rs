//! The messages of `api_v2/model.proto` of jaegertracing/jaeger-idl, made from OTLP by the rules of the older JSON.

use opentelemetry_proto::tonic::{
    common::v1::{InstrumentationScope, any_value::Value},
    trace::v1::{ScopeSpans, span::Event},
};
use prost::Message;
use prost_types::{Duration, Timestamp};

use super::super::{
    json::Plain,
    legacy::{
        reference::{Reference, References},
        tag::{SpanTags, Tag, TagValue, event_fields},
        trace::process_tags,
    },
};
use crate::{
    model::{Trace, WARNINGS_ATTRIBUTE, service_name},
    query::adjuster::warning,
};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// `enum ValueType`; a text is 0.
const BOOL: i32 = 1;
const INT64: i32 = 2;
const FLOAT64: i32 = 3;
const BINARY: i32 = 4;
/// `enum SpanRefType`; a child is 0.
const FOLLOWS_FROM: i32 = 1;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    operation_name: String,
    #[prost(message, repeated, tag = "4")]
    references: Vec<SpanRef>,
    #[prost(uint32, tag = "5")]
    flags: u32,
    #[prost(message, optional, tag = "6")]
    start_time: Option<Timestamp>,
    #[prost(message, optional, tag = "7")]
    duration: Option<Duration>,
    #[prost(message, repeated, tag = "8")]
    tags: Vec<KeyValue>,
    #[prost(message, repeated, tag = "9")]
    logs: Vec<Log>,
    #[prost(message, optional, tag = "10")]
    process: Option<Process>,
    #[prost(string, tag = "11")]
    process_id: String,
    #[prost(string, repeated, tag = "12")]
    warnings: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct SpanRef {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(int32, tag = "3")]
    ref_type: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Process {
    #[prost(string, tag = "1")]
    service_name: String,
    #[prost(message, repeated, tag = "2")]
    tags: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Log {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<Timestamp>,
    #[prost(message, repeated, tag = "2")]
    fields: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(int32, tag = "2")]
    v_type: i32,
    #[prost(string, tag = "3")]
    v_str: String,
    #[prost(bool, tag = "4")]
    v_bool: bool,
    #[prost(int64, tag = "5")]
    v_int64: i64,
    #[prost(double, tag = "6")]
    v_float64: f64,
    #[prost(bytes = "vec", tag = "7")]
    v_binary: Vec<u8>,
}

/// The spans of a trace, each with its process, as it is asked for one after the other.
pub(super) fn spans(trace: Trace) -> impl Iterator<Item = Span> + Send {
    trace.resource_spans.into_iter().flat_map(|mut resource| {
        let scopes = std::mem::take(&mut resource.scope_spans);
        let process = Process {
            service_name: service_name(&resource).into(),
            tags: process_tags(&resource).map(KeyValue::from).collect(),
        };
        scopes.into_iter().flat_map(move |ScopeSpans { scope, spans, .. }| {
            let process = process.clone();
            spans.into_iter().map(move |span| from_otlp(&span, scope.as_ref(), &process))
        })
    })
}

fn from_otlp(
    span: &opentelemetry_proto::tonic::trace::v1::Span,
    scope: Option<&InstrumentationScope>,
    process: &Process,
) -> Span {
    let nanos = span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano);
    let warnings = span.attributes.iter().find(|attribute| attribute.key == WARNINGS_ATTRIBUTE);
    Span {
        trace_id: span.trace_id.clone(),
        span_id: span.span_id.clone(),
        operation_name: span.name.clone(),
        references: References(span).all().map(|reference| SpanRef::from(&reference)).collect(),
        flags: 0,
        start_time: Some(timestamp(span.start_time_unix_nano)),
        duration: Some(Duration { seconds: seconds(nanos), nanos: rest(nanos) }),
        tags: SpanTags(scope, span).tags().map(KeyValue::from).collect(),
        logs: span.events.iter().map(Log::from).collect(),
        process: Some(process.clone()),
        process_id: String::new(),
        warnings: warnings.into_iter().flat_map(warning::texts).map(str::to_owned).collect(),
    }
}

impl From<&Reference<'_>> for SpanRef {
    fn from(reference: &Reference<'_>) -> Self {
        Self {
            trace_id: reference.trace_id.into(),
            span_id: reference.span_id.into(),
            ref_type: if reference.is_child_of() { 0 } else { FOLLOWS_FROM },
        }
    }
}

impl From<&Event> for Log {
    fn from(event: &Event) -> Self {
        Self {
            timestamp: Some(timestamp(event.time_unix_nano)),
            fields: event_fields(event).map(KeyValue::from).collect(),
        }
    }
}

impl From<Tag<'_>> for KeyValue {
    fn from(tag: Tag<'_>) -> Self {
        let tagged = Self { key: format!("{}{}", tag.prefix, tag.key), ..Self::default() };
        let text = |text: &str| Self { v_str: text.into(), ..tagged.clone() };
        let any = match tag.value {
            TagValue::Text(value) => return text(value),
            TagValue::Bool(v_bool) => return Self { v_type: BOOL, v_bool, ..tagged },
            TagValue::Any(attribute) => attribute.value.as_ref(),
        };
        match any.and_then(|any| any.value.as_ref()) {
            None => tagged,
            Some(Value::StringValue(value)) => text(value),
            Some(Value::BoolValue(v_bool)) => Self { v_type: BOOL, v_bool: *v_bool, ..tagged },
            Some(Value::IntValue(v_int64)) => Self { v_type: INT64, v_int64: *v_int64, ..tagged },
            Some(Value::DoubleValue(v_float64)) => Self { v_type: FLOAT64, v_float64: *v_float64, ..tagged },
            Some(Value::BytesValue(bytes)) => Self { v_type: BINARY, v_binary: bytes.clone(), ..tagged },
            Some(Value::ArrayValue(_) | Value::KvlistValue(_) | Value::StringValueStrindex(_)) => {
                text(&any.and_then(|any| serde_json::to_string(&Plain(any)).ok()).unwrap_or_default())
            }
        }
    }
}

fn timestamp(nanos: u64) -> Timestamp {
    Timestamp { seconds: seconds(nanos), nanos: rest(nanos) }
}

fn seconds(nanos: u64) -> i64 {
    (nanos / NANOS_PER_SECOND) as i64
}

fn rest(nanos: u64) -> i32 {
    (nanos % NANOS_PER_SECOND) as i32
}
