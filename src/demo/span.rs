//! A small writer of made-up traces: spans that nest, with ids from a seeded generator.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link, SpanKind},
        status::StatusCode,
    },
};

/// SplitMix64: small, and the same traces for the same seed.
#[derive(Clone, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// True once in `n` times.
    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A duration around `typical_ms`, in nanoseconds, with now and then a slow one.
    pub(super) fn around_ms(&mut self, typical_ms: u64) -> u64 {
        let typical_ns = typical_ms * 1_000_000;
        let slow = if self.one_in(40) { 4 } else { 1 };
        slow * (typical_ns / 2 + self.below(typical_ns.max(2)))
    }
}

/// One trace in the making.
pub(super) struct TraceWriter {
    trace_id: Vec<u8>,
    spans: BTreeMap<&'static str, Vec<Span>>,
}

/// A span in the making; it is in the trace once it ended.
pub(super) struct OpenSpan {
    service: &'static str,
    span: Span,
}

impl TraceWriter {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut trace_id = random.next().to_be_bytes().to_vec();
        trace_id.extend((random.next() | 1).to_be_bytes());
        Self { trace_id, spans: BTreeMap::new() }
    }

    pub(super) fn start(
        &self,
        random: &mut Random,
        parent: Option<&OpenSpan>,
        service: &'static str,
        name: &str,
        kind: SpanKind,
        at_ns: u64,
    ) -> OpenSpan {
        let span = Span {
            trace_id: self.trace_id.clone(),
            span_id: (random.next() | 1).to_be_bytes().to_vec(),
            parent_span_id: parent.map(|parent| parent.span.span_id.clone()).unwrap_or_default(),
            name: name.into(),
            kind: kind as i32,
            start_time_unix_nano: at_ns,
            flags: 1,
            ..Default::default()
        };
        OpenSpan { service, span }
    }

    pub(super) fn end(&mut self, mut open: OpenSpan, at_ns: u64) {
        open.span.end_time_unix_nano = at_ns;
        self.spans.entry(open.service).or_default().push(open.span);
    }

    /// The whole trace, a resource for each service.
    pub(super) fn finish(self, version: &str) -> ExportTraceServiceRequest {
        let resource_spans = self.spans.into_iter().map(|(service, spans)| ResourceSpans {
            resource: Some(Resource {
                attributes: vec![
                    text("service.name", service),
                    text("service.namespace", "demo-shop"),
                    text("service.version", version),
                    text("service.instance.id", &format!("{service}-1")),
                    text("deployment.environment.name", "demo"),
                    text("telemetry.sdk.language", "rust"),
                ],
                ..Default::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "jqs.demo".into(),
                    version: version.into(),
                    ..Default::default()
                }),
                spans,
                ..Default::default()
            }],
            ..Default::default()
        });
        ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
    }
}

impl OpenSpan {
    pub(super) fn set(&mut self, key: &str, value: impl Into<DemoValue>) -> &mut Self {
        self.span.attributes.push(attribute(key, value.into().0));
        self
    }

    pub(super) fn event(&mut self, at_ns: u64, name: &str, attributes: &[(&str, &str)]) {
        let attributes = attributes.iter().map(|(key, value)| text(key, value)).collect();
        self.span.events.push(Event { time_unix_nano: at_ns, name: name.into(), attributes, ..Default::default() });
    }

    pub(super) fn link(&mut self, to: &LinkTarget, relation: &str) {
        self.span.links.push(Link {
            trace_id: to.trace_id.clone(),
            span_id: to.span_id.clone(),
            attributes: vec![text("link.relation", relation)],
            flags: 1,
            ..Default::default()
        });
    }

    pub(super) fn fail(&mut self, at_ns: u64, kind: &str, message: &str) {
        self.span.status = Some(Status { code: StatusCode::Error as i32, message: message.into() });
        self.set("error.type", kind);
        self.event(at_ns, "exception", &[("exception.type", kind), ("exception.message", message)]);
    }

    pub(super) fn target(&self) -> LinkTarget {
        LinkTarget { trace_id: self.span.trace_id.clone(), span_id: self.span.span_id.clone() }
    }
}

/// What a later trace links to.
#[derive(Clone, Debug)]
pub(super) struct LinkTarget {
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
}

pub(super) struct DemoValue(Value);

impl From<&str> for DemoValue {
    fn from(value: &str) -> Self {
        Self(Value::StringValue(value.into()))
    }
}

impl From<i64> for DemoValue {
    fn from(value: i64) -> Self {
        Self(Value::IntValue(value))
    }
}

impl From<f64> for DemoValue {
    fn from(value: f64) -> Self {
        Self(Value::DoubleValue(value))
    }
}

impl From<bool> for DemoValue {
    fn from(value: bool) -> Self {
        Self(Value::BoolValue(value))
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}
