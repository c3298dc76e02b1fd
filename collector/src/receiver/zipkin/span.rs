//! Zipkin's span model → OTLP's. The names of what Zipkin holds in fields of their own are those that the OpenTelemetry
//! collector gives it.
//!
//! | Zipkin | OTLP |
//! |---|---|
//! | `localEndpoint.serviceName` | resource `service.name` |
//! | address and port of `localEndpoint`, `remoteEndpoint` | attributes `net.host.ip`, `net.host.port`, `net.peer.ip`, `net.peer.port` |
//! | `remoteEndpoint.serviceName` | attribute `peer.service` |
//! | annotation | event |
//! | tag `error`, whatever its value | status code `ERROR`, the value as description unless it is `true` |
//! | `debug` | attribute `jaeger.debug` |
//! | other tags | as of Jaeger's spans (`receiver/jaeger/span.rs`) |

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{
    model::{BatchWriter, EventWriter, ResourceWriter, SpanId, TraceId, Value},
    receiver::jaeger::{Microseconds, SpanTranslation},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) service: String,
    pub(super) ipv4: Option<Ipv4Addr>,
    pub(super) ipv6: Option<Ipv6Addr>,
    pub(super) port: u16,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TagValue {
    Text(String),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
}

/// A span of any version of Zipkin's.
#[derive(Clone, Debug, Default)]
pub(super) struct ZipkinSpan {
    pub(super) trace_id: TraceId,
    pub(super) parent_id: SpanId,
    pub(super) id: SpanId,
    pub(super) kind: Option<Kind>,
    pub(super) name: String,
    pub(super) timestamp: Microseconds,
    pub(super) duration: Microseconds,
    pub(super) local: Endpoint,
    pub(super) remote: Endpoint,
    pub(super) annotations: Vec<(Microseconds, String)>,
    pub(super) tags: Vec<(String, TagValue)>,
    pub(super) is_debug: bool,
}

impl TagValue {
    fn as_value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Int(number) => Value::Int(*number),
            Self::Double(number) => Value::Double(*number),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

impl ZipkinSpan {
    pub(super) fn write(&self, is_debug: bool, batch: &mut BatchWriter) {
        let mut translation = SpanTranslation::default();
        let span = &mut translation.span;
        (span.trace_id, span.span_id, span.parent_span_id) = (self.trace_id, self.id, self.parent_id);
        span.name.clone_from(&self.name);
        span.kind = self.kind.map_or(0, |kind| kind as u64);
        span.start_ns = self.start().nanoseconds();
        translation.duration_ns = self.duration.nanoseconds();
        if is_debug || self.is_debug {
            translation.debug();
        }
        for (key, value) in &self.tags {
            match (key.as_str(), value) {
                ("error", TagValue::Text(text)) => translation.error(if text == "true" { "" } else { text }),
                (key, value) => translation.tag(key, value.as_value()),
            }
        }
        self.local.attributes("net.host.ip", "net.host.port", &mut translation);
        if !self.remote.service.is_empty() {
            translation.span.attribute("peer.service", Value::Text(&self.remote.service));
        }
        self.remote.attributes("net.peer.ip", "net.peer.port", &mut translation);
        for (time, text) in &self.annotations {
            let mut event = EventWriter::default();
            (event.time_ns, event.name) = (time.nanoseconds(), text.clone());
            translation.span.event(&event);
        }
        let mut resource = ResourceWriter::default();
        if !self.local.service.is_empty() {
            resource.attribute("service.name", Value::Text(&self.local.service));
        }
        batch.push(&resource, &translation.finish());
    }

    /// A span that does not say when it began has begun with its first annotation, or now.
    fn start(&self) -> Microseconds {
        if self.timestamp.0 > 0 {
            return self.timestamp;
        }
        let first = self.annotations.iter().map(|(time, _)| time.0).filter(|time| *time > 0).min();
        Microseconds(first.unwrap_or_else(|| jiff::Timestamp::now().as_microsecond()))
    }
}

impl Endpoint {
    fn attributes(&self, ip: &str, port: &str, translation: &mut SpanTranslation) {
        let address = self.ipv4.map(|ip| ip.to_string()).or_else(|| self.ipv6.map(|ip| ip.to_string()));
        if let Some(address) = address {
            translation.span.attribute(ip, Value::Text(&address));
        }
        if self.port != 0 {
            translation.span.attribute(port, Value::Int(self.port.into()));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
