//! A trace in Jaeger's own JSON, written from OTLP.

use std::{collections::HashMap, fmt};

use opentelemetry_proto::tonic::{
    common::v1::{InstrumentationScope, KeyValue},
    trace::v1::{ResourceSpans, Span, span::Event},
};
use prost::Message as _;
use serde::{Serialize, Serializer, ser::SerializeMap as _, ser::SerializeStruct as _};

use super::{
    reference::References,
    tag::{LogJson, SpanTags, Tag},
};
use crate::{
    model::{Trace, WARNINGS_ATTRIBUTE, service_name},
    query::adjuster::warning,
};

const SERVICE_NAME: &str = "service.name";

/// A trace id as Jaeger shows it: 16 digits where the upper half is zero, else 32.
pub(super) struct TraceIdJson<'a>(pub(super) &'a [u8]);

impl fmt::Display for TraceIdJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.0 {
            [] => &[0; 8],
            [0, 0, 0, 0, 0, 0, 0, 0, low @ ..] if low.len() == 8 => low,
            id => id,
        };
        digits.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for TraceIdJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            id if id.len() == 16 && id[..8] != [0; 8] => super::super::json::Hex(id).serialize(serializer),
            _ => serializer.collect_str(self),
        }
    }
}

/// A span id; one that is missing is shown as zero.
pub(super) struct SpanIdJson<'a>(pub(super) &'a [u8]);

impl Serialize for SpanIdJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let id: &[u8] = if self.0.is_empty() { &[0; 8] } else { self.0 };
        super::super::json::Hex(id).serialize(serializer)
    }
}

pub(super) struct TraceJson<'a>(pub(super) &'a Trace);

impl Serialize for TraceJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(source) = self;
        let processes = Processes::of(&source.resource_spans);
        let mut trace = serializer.serialize_struct("Trace", 4)?;
        trace.serialize_field("traceID", &TraceIdJson(&source.id.0))?;
        trace.serialize_field("spans", &Spans { resources: &source.resource_spans, processes: &processes })?;
        trace.serialize_field("processes", &processes)?;
        trace.serialize_field("warnings", &source.warning.as_ref().map(std::slice::from_ref))?;
        trace.end()
    }
}

/// The distinct resources of a trace: `p1`, `p2` and so on.
struct Processes<'a> {
    distinct: Vec<&'a ResourceSpans>,
    /// For each resource of the trace, which of the distinct ones it is.
    index: Vec<usize>,
}

impl<'a> Processes<'a> {
    fn of(resources: &'a [ResourceSpans]) -> Self {
        let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut distinct = Vec::new();
        let mut index = Vec::with_capacity(resources.len());
        for resource_spans in resources {
            if resource_spans.scope_spans.iter().all(|scope| scope.spans.is_empty()) {
                index.push(0);
                continue;
            }
            let encoded = resource_spans.resource.as_ref().map(|r| r.encode_to_vec()).unwrap_or_default();
            let at = *known.entry(encoded).or_insert_with(|| {
                distinct.push(resource_spans);
                distinct.len()
            });
            index.push(at);
        }
        Self { distinct, index }
    }
}

/// The name of the nth process.
struct ProcessId(usize);

impl Serialize for ProcessId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("p{}", self.0))
    }
}

impl Serialize for Processes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut processes = serializer.serialize_map(Some(self.distinct.len()))?;
        for (at, resource) in self.distinct.iter().enumerate() {
            processes.serialize_entry(&ProcessId(at + 1), &Process(resource))?;
        }
        processes.end()
    }
}

struct Process<'a>(&'a ResourceSpans);

impl Serialize for Process<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut process = serializer.serialize_struct("Process", 2)?;
        process.serialize_field("serviceName", service_name(self.0))?;
        process.serialize_field("tags", &ProcessTags(self.0))?;
        process.end()
    }
}

struct ProcessTags<'a>(&'a ResourceSpans);

impl Serialize for ProcessTags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(process_tags(self.0))
    }
}

pub(in crate::api) fn process_tags(process: &ResourceSpans) -> impl Iterator<Item = Tag<'_>> {
    let attributes = process.resource.iter().flat_map(|resource| &resource.attributes);
    attributes.filter(|a| a.key != SERVICE_NAME).map(Tag::from)
}

struct Spans<'a> {
    resources: &'a [ResourceSpans],
    processes: &'a Processes<'a>,
}

impl Serialize for Spans<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let spans = self.resources.iter().zip(&self.processes.index).flat_map(|(resource, process)| {
            resource.scope_spans.iter().flat_map(move |scope| {
                scope.spans.iter().map(|span| SpanJson { span, scope: scope.scope.as_ref(), process: *process })
            })
        });
        serializer.collect_seq(spans)
    }
}

struct SpanJson<'a> {
    span: &'a Span,
    scope: Option<&'a InstrumentationScope>,
    process: usize,
}

impl Serialize for SpanJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let source = self.span;
        let (start, end) = (source.start_time_unix_nano, source.end_time_unix_nano);
        let mut span = serializer.serialize_struct("Span", 10)?;
        span.serialize_field("traceID", &TraceIdJson(&source.trace_id))?;
        span.serialize_field("spanID", &SpanIdJson(&source.span_id))?;
        span.serialize_field("operationName", &source.name)?;
        span.serialize_field("references", &References(source))?;
        span.serialize_field("startTime", &(start / 1_000))?;
        span.serialize_field("duration", &(end.saturating_sub(start) / 1_000))?;
        span.serialize_field("tags", &SpanTags(self.scope, source))?;
        span.serialize_field("logs", &Logs(&source.events))?;
        span.serialize_field("processID", &ProcessId(self.process))?;
        span.serialize_field("warnings", &Warnings(&source.attributes))?;
        span.end()
    }
}

struct Logs<'a>(&'a [Event]);

impl Serialize for Logs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(LogJson))
    }
}

/// The texts of the attribute in which warnings travel, or `null`.
struct Warnings<'a>(&'a [KeyValue]);

impl Serialize for Warnings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.iter().find(|a| a.key == WARNINGS_ATTRIBUTE) {
            Some(attribute) => serializer.collect_seq(warning::texts(attribute)),
            None => serializer.serialize_none(),
        }
    }
}
