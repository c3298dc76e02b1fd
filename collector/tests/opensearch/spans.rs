//! Spans to test with.

use jqs_collector::{
    model::{SpanBatch, Trace, TraceId},
    storage::{TimeRange, TraceQuery},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};

/// 2026-03-05T10:00:00Z.
pub(crate) const START: u64 = 1_772_704_800_000_000_000;
pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const HOUR: u64 = 3_600 * SECOND;

pub(crate) fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

pub(crate) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(any(value)), ..Default::default() }
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

/// One attribute of every type, with the values that are easily lost.
pub(crate) fn every_type() -> Vec<KeyValue> {
    let list = Value::ArrayValue(ArrayValue {
        values: vec![any(Value::IntValue(1)), any(Value::StringValue("two".into())), AnyValue { value: None }],
    });
    let map =
        Value::KvlistValue(KeyValueList { values: vec![attribute("b", Value::BytesValue(vec![1])), text("a", "")] });
    vec![
        text("text", "Grüße, 世界 🦀 \"quoted\" \\ \u{1}\n"),
        text("empty text", ""),
        text("", "empty key"),
        attribute("yes", Value::BoolValue(true)),
        attribute("no", Value::BoolValue(false)),
        attribute("least", Value::IntValue(i64::MIN)),
        attribute("beyond a double", Value::IntValue(9_007_199_254_740_993)),
        attribute("third", Value::DoubleValue(1.0 / 3.0)),
        attribute("whole double", Value::DoubleValue(2.0)),
        attribute("tiny", Value::DoubleValue(5e-324)),
        attribute("huge", Value::DoubleValue(-1.7976931348623157e308)),
        attribute("infinite", Value::DoubleValue(f64::NEG_INFINITY)),
        attribute("bytes", Value::BytesValue(vec![0, 255, 16])),
        attribute("list", list),
        attribute("map", map),
        KeyValue { key: "no value".into(), ..Default::default() },
        text("twice", "first"),
        text("twice", "second"),
        text("long", &"x".repeat(40_000)),
    ]
}

pub(crate) fn trace_id(number: u64) -> TraceId {
    TraceId((0xabcd_u128 << 100 | u128::from(number)).to_be_bytes())
}

pub(crate) fn span(trace: u64, id: u64) -> Span {
    Span {
        trace_id: trace_id(trace).0.to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        name: "GET /cart".into(),
        kind: 2,
        start_time_unix_nano: START,
        end_time_unix_nano: START + SECOND,
        ..Default::default()
    }
}

pub(crate) fn resource_spans(service: &str, spans: Vec<Span>) -> ResourceSpans {
    ResourceSpans {
        resource: Some(Resource { attributes: vec![text("service.name", service)], ..Default::default() }),
        scope_spans: vec![ScopeSpans { scope: Some(InstrumentationScope::default()), spans, ..Default::default() }],
        ..Default::default()
    }
}

pub(crate) fn batch(resource_spans: Vec<ResourceSpans>) -> SpanBatch {
    SpanBatch::from_request(&ExportTraceServiceRequest { resource_spans }).expect("a batch")
}

/// All spans of the hours around [`START`].
pub(crate) fn query() -> TraceQuery {
    TraceQuery {
        service: None,
        operation: None,
        tags: Vec::new(),
        start: TimeRange { from_ns: START - HOUR, to_ns: START + HOUR },
        duration_min_ns: None,
        duration_max_ns: None,
        limit: 20,
    }
}

pub(crate) fn ids(traces: &[Trace]) -> Vec<TraceId> {
    traces.iter().map(|trace| trace.id).collect()
}
