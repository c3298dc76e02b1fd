//! OTLP → Jaeger's document.

use std::{borrow::Cow, fmt::Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link, SpanKind},
        status::StatusCode,
    },
};
use prost::Message as _;
use serde_json::{json, value::RawValue};

use super::{
    CHILD_OF, ERROR, EVENT_NAME, FOLLOWS_FROM, KIND, Log, NANOS_PER_MICRO, Process, ProcessExtra, REFERENCE_TYPE,
    Reference, SCOPE_NAME, SCOPE_VERSION, STATUS_CODE, STATUS_DESCRIPTION, SpanDocument, SpanExtra, TRACE_STATE, Tag,
    TagValue,
};
use crate::model::service_name;

/// Jaeger maps flags to a signed integer and reads them as an unsigned one. OTLP reserves the bit that only one of them holds.
const FLAGS_MASK: u32 = i32::MAX as u32;

/// Writes the spans of one resource.
pub(in crate::storage::opensearch) struct SpanWriter {
    service: String,
    process: Vec<u8>,
}

impl SpanWriter {
    pub(in crate::storage::opensearch) fn new(resource: &ResourceSpans) -> serde_json::Result<Self> {
        let service = service_name(resource).to_owned();
        let process = serde_json::to_vec(&process(resource, &service))?;
        Ok(Self { service, process })
    }

    pub(in crate::storage::opensearch) fn service(&self) -> &str {
        &self.service
    }

    /// Appends the span's document, a JSON object in one line.
    pub(in crate::storage::opensearch) fn append(
        &self,
        scope: &ScopeSpans,
        span: &Span,
        out: &mut Vec<u8>,
    ) -> serde_json::Result<()> {
        serde_json::to_writer(&mut *out, &document(scope, span))?;
        out.pop();
        out.extend_from_slice(b",\"process\":");
        out.extend_from_slice(&self.process);
        out.push(b'}');
        Ok(())
    }
}

fn process<'a>(spans: &'a ResourceSpans, service: &'a str) -> Process<'a> {
    let attributes = spans.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
    let names_service = |attribute: &KeyValue| {
        attribute.key == "service.name"
            && matches!(attribute.value.as_ref().and_then(|any| any.value.as_ref()), Some(Value::StringValue(name)) if name == service)
    };
    let service_at = attributes.iter().position(names_service);
    let others = attributes.iter().enumerate().filter(|(index, _)| Some(*index) != service_at);
    Process {
        service_name: service.into(),
        tags: others.map(|(_, attribute)| tag(attribute)).collect(),
        otlp: Some(ProcessExtra {
            service_at,
            dropped_attributes: spans.resource.as_ref().map_or(0, |resource| resource.dropped_attributes_count),
            schema_url: (&spans.schema_url).into(),
        }),
        ..Process::default()
    }
}

fn document<'a>(scope_spans: &'a ScopeSpans, span: &'a Span) -> SpanDocument<'a> {
    let trace_id = hex::encode(&span.trace_id);
    let parent = if span.parent_span_id.iter().any(|byte| *byte != 0) {
        hex::encode(&span.parent_span_id)
    } else {
        String::new()
    };
    let scope = scope_spans.scope.as_ref();
    let start_us = span.start_time_unix_nano / NANOS_PER_MICRO;
    let duration_us = span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano) / NANOS_PER_MICRO;
    let end_from_duration = span.start_time_unix_nano + duration_us * NANOS_PER_MICRO;
    let mut tags: Vec<_> = span.attributes.iter().map(tag).collect();
    add_fields(&mut tags, span, scope);
    SpanDocument {
        references: references(&trace_id, &parent, &span.links),
        trace_id: trace_id.into(),
        span_id: hex::encode(&span.span_id).into(),
        parent_span_id: parent.into(),
        flags: span.flags & FLAGS_MASK,
        operation_name: (&span.name).into(),
        start_time: start_us,
        start_time_millis: start_us / 1_000,
        duration: duration_us,
        tags,
        tag: Default::default(),
        logs: span.events.iter().map(log).collect(),
        scope_tags: scope.map_or(&[][..], |scope| &scope.attributes).iter().map(tag).collect(),
        otlp: Some(SpanExtra {
            attributes: span.attributes.len(),
            start_nanos: span.start_time_unix_nano % NANOS_PER_MICRO,
            end_nanos: span.end_time_unix_nano.wrapping_sub(end_from_duration) as i64,
            dropped_attributes: span.dropped_attributes_count,
            dropped_events: span.dropped_events_count,
            dropped_links: span.dropped_links_count,
            scope_dropped_attributes: scope.map_or(0, |scope| scope.dropped_attributes_count),
            scope_schema_url: (&scope_spans.schema_url).into(),
        }),
        process: Process::default(),
    }
}

/// The tags in which Jaeger keeps a span's fields.
fn add_fields<'a>(tags: &mut Vec<Tag<'a>>, span: &'a Span, scope: Option<&'a InstrumentationScope>) {
    let mut text = |key: &'static str, value: &'a str| {
        if !value.is_empty() {
            tags.push(Tag::text(key, value));
        }
    };
    text(SCOPE_NAME, scope.map_or("", |scope| &scope.name));
    text(SCOPE_VERSION, scope.map_or("", |scope| &scope.version));
    text(KIND, kind(span.kind()));
    let code = span.status.as_ref().map_or(StatusCode::Unset, Status::code);
    text(STATUS_CODE, if code == StatusCode::Ok { "OK" } else { "" });
    text(STATUS_DESCRIPTION, span.status.as_ref().map_or("", |status| &status.message));
    text(TRACE_STATE, &span.trace_state);
    if code == StatusCode::Error {
        tags.push(Tag { key: ERROR.into(), kind: "bool".into(), value: TagValue::Bool(true), otlp: None });
    }
}

fn kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified => "",
        SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    }
}

/// The parent first, as a reference too: versions before 2.20 read it only there.
fn references<'a>(trace_id: &str, parent: &str, links: &'a [Link]) -> Vec<Reference<'a>> {
    let parent = (!parent.is_empty()).then(|| Reference {
        ref_type: CHILD_OF.into(),
        trace_id: trace_id.to_owned().into(),
        span_id: parent.to_owned().into(),
        trace_state: Cow::Borrowed(""),
        flags: 0,
        tags: Vec::new(),
        dropped_attributes: 0,
    });
    // Jaeger cannot read a trace of which one link has an id that is too long.
    let links = links.iter().filter(|link| link.trace_id.len() <= 16 && link.span_id.len() <= 8);
    parent.into_iter().chain(links.map(reference)).collect()
}

fn reference(link: &Link) -> Reference<'_> {
    let child_of = |attribute: &KeyValue| {
        attribute.key == REFERENCE_TYPE
            && matches!(attribute.value.as_ref().and_then(|any| any.value.as_ref()), Some(Value::StringValue(value)) if value == "child_of")
    };
    Reference {
        ref_type: if link.attributes.iter().any(child_of) { CHILD_OF } else { FOLLOWS_FROM }.into(),
        trace_id: hex::encode(&link.trace_id).into(),
        span_id: hex::encode(&link.span_id).into(),
        trace_state: (&link.trace_state).into(),
        flags: link.flags & FLAGS_MASK,
        tags: link.attributes.iter().map(tag).collect(),
        dropped_attributes: link.dropped_attributes_count,
    }
}

fn log(event: &Event) -> Log<'_> {
    let taken = event.attributes.iter().any(|attribute| attribute.key == EVENT_NAME);
    let name = (!taken && !event.name.is_empty()).then(|| Tag::text(EVENT_NAME, &event.name));
    Log {
        timestamp: event.time_unix_nano / NANOS_PER_MICRO,
        fields: name.into_iter().chain(event.attributes.iter().map(tag)).collect(),
        nanos: event.time_unix_nano % NANOS_PER_MICRO,
        name: taken.then(|| (&event.name).into()),
        dropped_attributes: event.dropped_attributes_count,
    }
}

fn tag(attribute: &KeyValue) -> Tag<'_> {
    let value = attribute.value.as_ref().and_then(|any| any.value.as_ref());
    let typed = value.and_then(|value| match value {
        Value::StringValue(text) => Some(("string", TagValue::Text(text.into()))),
        Value::BoolValue(value) => Some(("bool", TagValue::Bool(*value))),
        Value::IntValue(value) => Some(("int64", TagValue::Int(*value))),
        Value::DoubleValue(value) => Some(("float64", number(*value)?)),
        Value::BytesValue(bytes) => Some(("binary", TagValue::Text(hex::encode(bytes).into()))),
        _ => None,
    });
    let key = (&attribute.key).into();
    match typed {
        Some((kind, value)) => Tag { key, kind: kind.into(), value, otlp: None },
        None => {
            let shown = match value {
                Some(Value::DoubleValue(value)) => go_float(*value),
                Some(value) => plain(value).to_string(),
                None => String::new(),
            };
            let exact = attribute.value.as_ref().map_or_else(Vec::new, AnyValue::encode_to_vec);
            let otlp = Some(BASE64_STANDARD.encode(exact));
            Tag { key, kind: "string".into(), value: TagValue::Text(shown.into()), otlp }
        }
    }
}

/// A number as Go prints it, so that a search for it finds spans of either writer. None for one that is not finite: JSON has no
/// such number, and Jaeger's API fails for a whole trace that holds one.
fn number(value: f64) -> Option<TagValue<'static>> {
    value.is_finite().then(|| RawValue::from_string(go_float(value)).ok()).flatten().map(TagValue::Raw)
}

fn go_float(value: f64) -> String {
    let magnitude = value.abs();
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.into()
    } else if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        if magnitude < 1.0 { text } else { text.replace('e', "e+") }
    } else {
        value.to_string()
    }
}

/// Lists and maps as Jaeger shows them: plain JSON.
fn plain(value: &Value) -> serde_json::Value {
    let inner = |any: &AnyValue| any.value.as_ref().map(plain).unwrap_or_default();
    match value {
        Value::StringValue(text) => json!(text),
        Value::BoolValue(value) => json!(value),
        Value::IntValue(value) => json!(value),
        Value::DoubleValue(value) => json!(value),
        Value::BytesValue(bytes) => json!(BASE64_STANDARD.encode(bytes)),
        Value::ArrayValue(array) => array.values.iter().map(inner).collect(),
        Value::KvlistValue(list) => list
            .values
            .iter()
            .map(|pair| (pair.key.clone(), pair.value.as_ref().map(inner).unwrap_or_default()))
            .collect(),
        Value::StringValueStrindex(_) => serde_json::Value::Null,
    }
}

impl<'a> Tag<'a> {
    fn text(key: &'static str, value: &'a str) -> Self {
        Self { key: key.into(), kind: "string".into(), value: TagValue::Text(value.into()), otlp: None }
    }
}

/// Appends `traceID_spanID_hash`: the same span gets the same id however often it is written.
pub(in crate::storage::opensearch) fn append_id(out: &mut String, trace_id: &[u8], span_id: &[u8], document: &[u8]) {
    let hash = super::fnv64a([document]);
    // Writing to a string cannot fail.
    let _ = write!(out, "{}_{}_{hash:x}", hex::encode(trace_id), hex::encode(span_id));
}

#[cfg(test)]
mod tests {
    use super::go_float;

    #[test]
    fn numbers_are_printed_as_go_prints_them() {
        for (value, text) in [
            (2.0, "2"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(go_float(value), text);
        }
    }
}
