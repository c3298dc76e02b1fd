//! Small repairs that make a trace readable, in the order in which Jaeger applies them.

mod clock_skew;
mod duplicate_spans;
mod empty_links;
mod ip_attributes;
mod library_attributes;
mod negative_durations;
mod shared_span_ids;
mod sorting;
#[cfg(test)]
mod testing;
pub(crate) mod warning;

use std::time::Duration;

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span},
};

/// No correction: spans whose clock is off get a warning only.
pub const DEFAULT_CLOCK_SKEW_MAX_SECONDS: u64 = 0;

/// Repairs one whole trace. `clock_skew_max` bounds by how much a span may be moved.
pub fn adjust(trace: &mut [ResourceSpans], clock_skew_max: Duration) {
    negative_durations::sanitize(trace);
    shared_span_ids::split(trace);
    sorting::sort(trace);
    duplicate_spans::remove(trace);
    clock_skew::correct(trace, clock_skew_max);
    ip_attributes::normalize(trace);
    library_attributes::move_to_resource(trace);
    empty_links::remove(trace);
}

fn spans(trace: &[ResourceSpans]) -> impl Iterator<Item = &Span> {
    trace.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans)
}

fn spans_mut(trace: &mut [ResourceSpans]) -> impl Iterator<Item = &mut Span> {
    trace.iter_mut().flat_map(|resource| &mut resource.scope_spans).flat_map(|scope| &mut scope.spans)
}

fn is_set(id: &[u8]) -> bool {
    id.iter().any(|byte| *byte != 0)
}

fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|a| a.key == key)?.value.as_ref()?.value.as_ref()
}

fn text(value: impl Into<String>) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(value.into())) }
}
