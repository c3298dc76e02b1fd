//! A whole trace, decoded, and its summary.

use std::collections::{BTreeMap, HashSet};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{ResourceSpans, Span, status::StatusCode},
};
use prost::Message as _;

use super::{MISSING_SERVICE_NAME, SpanBatch, TraceId};

/// All stored spans of one trace id, in OTLP's shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    pub id: TraceId,
    pub resource_spans: Vec<ResourceSpans>,
    /// Set when a limit cut the trace short; shown to whoever asked.
    pub warning: Option<String>,
}

impl Trace {
    /// Every span with the service it belongs to.
    pub fn spans(&self) -> impl Iterator<Item = (&str, &Span)> {
        self.resource_spans.iter().flat_map(|resource| {
            let service = service_name(resource);
            resource.scope_spans.iter().flat_map(|scope| &scope.spans).map(move |span| (service, span))
        })
    }
}

/// `service.name` of a resource, or [`MISSING_SERVICE_NAME`].
pub fn service_name(resource: &ResourceSpans) -> &str {
    resource
        .resource
        .iter()
        .flat_map(|r| &r.attributes)
        .find(|a| a.key == "service.name")
        .and_then(|a| match a.value.as_ref()?.value.as_ref()? {
            Value::StringValue(s) if !s.is_empty() => Some(s.as_str()),
            _ => None,
        })
        .unwrap_or(MISSING_SERVICE_NAME)
}

/// What a result list shows of a trace (`jaeger.api_v3.TraceSummary`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceSummary {
    pub id: TraceId,
    pub root_service: String,
    pub root_operation: String,
    pub start_ns: u64,
    pub end_ns: u64,
    pub spans: usize,
    pub errors: usize,
    /// Spans that name a parent which the trace does not hold.
    pub orphans: usize,
    pub services: Vec<ServiceSummary>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSummary {
    pub name: String,
    pub spans: usize,
    pub errors: usize,
}

pub fn summarize(trace: &Trace) -> TraceSummary {
    let ids: HashSet<&[u8]> = trace.spans().map(|(_, span)| span.span_id.as_slice()).collect();
    let mut summary = TraceSummary { id: trace.id, start_ns: u64::MAX, ..Default::default() };
    let mut services: BTreeMap<&str, ServiceSummary> = BTreeMap::new();
    let mut root: Option<(bool, u64, &str, &str)> = None;
    let mut seen = HashSet::new();
    for (service, span) in trace.spans() {
        // A sender whose first answer was lost sends its spans again: they count once.
        let times = (span.start_time_unix_nano, span.end_time_unix_nano);
        if !seen.insert((span.span_id.as_slice(), span.kind, times, span.name.as_str(), service)) {
            continue;
        }
        let failed = span.status.as_ref().is_some_and(|s| s.code() == StatusCode::Error);
        let entry =
            services.entry(service).or_insert_with(|| ServiceSummary { name: service.into(), ..Default::default() });
        entry.spans += 1;
        entry.errors += usize::from(failed);
        summary.spans += 1;
        summary.errors += usize::from(failed);
        summary.start_ns = summary.start_ns.min(span.start_time_unix_nano);
        summary.end_ns = summary.end_ns.max(span.end_time_unix_nano).max(span.start_time_unix_nano);
        let has_parent = span.parent_span_id.iter().any(|b| *b != 0);
        let orphan = has_parent && !ids.contains(span.parent_span_id.as_slice());
        summary.orphans += usize::from(orphan);
        // A true root wins over an orphan; among equals the earliest.
        if !has_parent || orphan {
            let candidate = (has_parent, span.start_time_unix_nano, service, span.name.as_str());
            if root.is_none_or(|best| (candidate.0, candidate.1) < (best.0, best.1)) {
                root = Some(candidate);
            }
        }
    }
    if let Some((_, _, service, operation)) = root {
        summary.root_service = service.into();
        summary.root_operation = operation.into();
    }
    if summary.spans == 0 {
        summary.start_ns = 0;
    }
    summary.services = services.into_values().collect();
    summary
}

impl SpanBatch {
    /// The batch's spans as OTLP messages, for whoever must look inside every one.
    pub fn decode(&self) -> Result<Vec<ResourceSpans>, prost::DecodeError> {
        let mut resources = ExportTraceServiceRequest::decode(self.body().clone())?.resource_spans;
        if self.rejected() > 0 {
            let valid = |id: &[u8]| id.iter().any(|byte| *byte != 0);
            for scope in resources.iter_mut().flat_map(|resource| &mut resource.scope_spans) {
                scope.spans.retain(|span| valid(&span.trace_id) && valid(&span.span_id));
            }
        }
        Ok(resources)
    }
}
