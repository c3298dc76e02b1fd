//! Jaeger's span model → OTLP's, field by field as they come in.
//!
//! | Jaeger | OTLP |
//! |---|---|
//! | tag `span.kind` | the kind, where it names one |
//! | tag `error`, `true` as a boolean or as text | status code `ERROR` |
//! | tags `otel.status_code`, `otel.status_description` | status |
//! | tags `otel.scope.name` and `.version` (also `otel.library.…`) | instrumentation scope |
//! | tag `w3c.tracestate` | trace state |
//! | flag 1 (sampled) | flag 1 |
//! | flag 2 (debug) | attribute `jaeger.debug` |
//! | reference `CHILD_OF` to the parent | parent |
//! | every other reference | link, with `opentracing.ref_type` |
//! | log field `event` | name of the event |
//! | any other tag, of a span, a process or a log | attribute of the same name and type |
//!
//! Both query APIs show the same tags again.

use crate::{
    model::{EventWriter, SpanId, SpanWriter, TraceId, Value},
    storage::SpanKind,
};

/// Where a link says what kind of reference it was.
const REFERENCE_KIND: &str = "opentracing.ref_type";
pub(crate) const DEBUG_ATTRIBUTE: &str = "jaeger.debug";
const FLAG_SAMPLED: u32 = 1;
const FLAG_DEBUG: u32 = 2;
const STATUS_OK: u64 = 1;
const STATUS_ERROR: u64 = 2;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    #[default]
    ChildOf,
    FollowsFrom,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reference {
    pub(crate) kind: ReferenceKind,
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
}

/// A time or a length as Jaeger and Zipkin write them. What is negative counts as zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Microseconds(pub(crate) i64);

impl Microseconds {
    pub(crate) fn nanoseconds(self) -> u64 {
        u64::try_from(self.0).unwrap_or_default().saturating_mul(1_000)
    }
}

/// A span that is being translated.
#[derive(Debug, Default)]
pub(crate) struct SpanTranslation {
    pub(crate) span: SpanWriter,
    pub(crate) duration_ns: u64,
    references: Vec<Reference>,
    is_error: bool,
}

impl SpanTranslation {
    pub(crate) fn tag(&mut self, key: &str, value: Value<'_>) {
        let span = &mut self.span;
        match (key, value) {
            ("span.kind", Value::Text(text)) if text.parse::<SpanKind>().is_ok() => {
                span.kind = text.parse::<SpanKind>().map_or(0, |kind| kind as u64 + 1);
            }
            ("error", Value::Bool(true) | Value::Text("true")) => self.is_error = true,
            ("otel.status_code", Value::Text(text)) if text.eq_ignore_ascii_case("ok") => span.status_code = STATUS_OK,
            ("otel.status_code", Value::Text(text)) if text.eq_ignore_ascii_case("error") => {
                span.status_code = STATUS_ERROR;
            }
            ("otel.status_code", Value::Int(code @ 1..=2)) => span.status_code = code as u64,
            ("otel.status_description", Value::Text(text)) => text.clone_into(&mut span.status_message),
            ("otel.scope.name" | "otel.library.name", Value::Text(text)) => text.clone_into(&mut span.scope_name),
            ("otel.scope.version" | "otel.library.version", Value::Text(text)) => {
                text.clone_into(&mut span.scope_version);
            }
            ("w3c.tracestate", Value::Text(text)) => text.clone_into(&mut span.trace_state),
            _ => span.attribute(key, value),
        }
    }

    /// An error of which there may be a description.
    pub(crate) fn error(&mut self, description: &str) {
        self.is_error = true;
        if self.span.status_message.is_empty() {
            description.clone_into(&mut self.span.status_message);
        }
    }

    pub(crate) fn reference(&mut self, reference: Reference) {
        if !reference.span_id.is_zero() {
            self.references.push(reference);
        }
    }

    pub(crate) fn flags(&mut self, flags: u32) {
        self.span.flags = flags & FLAG_SAMPLED;
        if flags & FLAG_DEBUG != 0 {
            self.debug();
        }
    }

    /// Somebody wants this trace whatever sampling says.
    pub(crate) fn debug(&mut self) {
        self.span.flags |= FLAG_SAMPLED;
        self.span.attribute(DEBUG_ATTRIBUTE, Value::Bool(true));
    }

    pub(crate) fn finish(mut self) -> SpanWriter {
        let span = &mut self.span;
        span.end_ns = span.start_ns.saturating_add(self.duration_ns);
        if self.is_error {
            match span.status_code {
                STATUS_OK => span.attribute("error", Value::Bool(true)),
                _ => span.status_code = STATUS_ERROR,
            }
        }
        let trace_id = span.trace_id;
        let is_own = |reference: &&Reference| reference.trace_id == trace_id;
        if span.parent_span_id.is_zero() {
            let of = |kind| self.references.iter().filter(is_own).find(|reference| reference.kind == kind);
            let parent = of(ReferenceKind::ChildOf).or_else(|| of(ReferenceKind::FollowsFrom));
            span.parent_span_id = parent.map(|parent| parent.span_id).unwrap_or_default();
        }
        for reference in &self.references {
            let leads_to_parent = is_own(&reference) && reference.span_id == span.parent_span_id;
            match reference.kind {
                ReferenceKind::ChildOf if leads_to_parent => {}
                ReferenceKind::ChildOf => span.link(reference.trace_id, reference.span_id, REFERENCE_KIND, "child_of"),
                ReferenceKind::FollowsFrom => {
                    span.link(reference.trace_id, reference.span_id, REFERENCE_KIND, "follows_from");
                }
            }
        }
        self.span
    }
}

/// A field of a log: the first `event` that is text names the event.
pub(super) fn log_field(event: &mut EventWriter, key: &str, value: Value<'_>) {
    match (key, value) {
        ("event", Value::Text(text)) if event.name.is_empty() => text.clone_into(&mut event.name),
        _ => event.attribute(key, value),
    }
}
