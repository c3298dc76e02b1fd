//! Short ways to write traces in tests.

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};

use super::warning;

pub(super) fn span(id: u8, parent: u8, start: u64, end: u64) -> Span {
    let bytes = |id: u8| if id == 0 { vec![] } else { vec![0, 0, 0, 0, 0, 0, 0, id] };
    Span {
        trace_id: vec![7; 16],
        span_id: bytes(id),
        parent_span_id: bytes(parent),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        ..Default::default()
    }
}

pub(super) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

pub(super) fn string(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

/// One resource per service, each on the host of the service's name.
pub(super) fn trace<const N: usize>(services: [(&str, Vec<Span>); N]) -> Vec<ResourceSpans> {
    services
        .into_iter()
        .map(|(service, spans)| ResourceSpans {
            resource: Some(Resource {
                attributes: vec![string("service.name", service), string("host.name", service)],
                ..Default::default()
            }),
            scope_spans: vec![ScopeSpans { spans, ..Default::default() }],
            ..Default::default()
        })
        .collect()
}

pub(super) fn warnings(span: &Span) -> Vec<&str> {
    span.attributes.iter().filter(|a| a.key == crate::model::WARNINGS_ATTRIBUTE).flat_map(warning::texts).collect()
}
