//! Writes spans that came by another protocol straight into the encoded OTLP request that a batch is made of. Nothing is built
//! as an object first, so that a request never takes many times its own size.

use std::collections::HashMap;

use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use super::{SpanId, TraceId};

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Text(&'a str),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(&'a [u8]),
}

/// Which message the attributes belong to: the number of its field `attributes`.
#[derive(Clone, Copy, Debug)]
enum Owner {
    Resource = 1,
    Event = 3,
    Link = 4,
    Span = 9,
}

/// An encoded `Resource`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceWriter(Vec<u8>);

#[derive(Clone, Debug, Default)]
pub struct EventWriter {
    pub time_ns: u64,
    pub name: String,
    attributes: Vec<u8>,
}

/// A span whose fields come in any order.
#[derive(Clone, Debug, Default)]
pub struct SpanWriter {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub parent_span_id: SpanId,
    pub name: String,
    /// OTLP's number of the kind.
    pub kind: u64,
    pub start_ns: u64,
    pub end_ns: u64,
    /// OTLP's number of the code.
    pub status_code: u64,
    pub status_message: String,
    pub trace_state: String,
    pub flags: u32,
    pub scope_name: String,
    pub scope_version: String,
    attributes: Vec<u8>,
    events: Vec<u8>,
    links: Vec<u8>,
}

/// Collects spans into one request, those of the same resource and scope together.
#[derive(Debug, Default)]
pub struct BatchWriter {
    groups: Vec<Group>,
    index: HashMap<Key, usize>,
    last: Option<usize>,
    bytes: usize,
    rejected: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    resource: ResourceWriter,
    scope_name: String,
    scope_version: String,
}

#[derive(Debug)]
struct Group {
    key: Key,
    /// The field `spans` of a `ScopeSpans`, as often as there are spans.
    spans: Vec<u8>,
}

impl ResourceWriter {
    pub fn attribute(&mut self, key: &str, value: Value<'_>) {
        put_attribute(Owner::Resource, key, value, &mut self.0);
    }
}

impl EventWriter {
    pub fn attribute(&mut self, key: &str, value: Value<'_>) {
        put_attribute(Owner::Event, key, value, &mut self.attributes);
    }
}

impl SpanWriter {
    pub fn attribute(&mut self, key: &str, value: Value<'_>) {
        put_attribute(Owner::Span, key, value, &mut self.attributes);
    }

    /// An attribute whose value is a list of texts.
    pub fn list(&mut self, key: &str, texts: &[&str]) {
        let mut items = Vec::new();
        for text in texts {
            let mut item = Vec::new();
            put_value(Value::Text(text), &mut item);
            put_message(1, &item, &mut items);
        }
        let (mut value, mut attribute) = (Vec::new(), Vec::new());
        put_message(5, &items, &mut value);
        put_text(1, key, &mut attribute);
        put_message(2, &value, &mut attribute);
        put_message(Owner::Span as u32, &attribute, &mut self.attributes);
    }

    pub fn event(&mut self, event: &EventWriter) {
        let mut encoded = Vec::with_capacity(event.attributes.len() + event.name.len() + 16);
        put_fixed64(1, event.time_ns, &mut encoded);
        put_text(2, &event.name, &mut encoded);
        encoded.extend_from_slice(&event.attributes);
        put_message(11, &encoded, &mut self.events);
    }

    /// A link with one attribute, which says what it is for.
    pub fn link(&mut self, trace_id: TraceId, span_id: SpanId, key: &str, value: &str) {
        let mut encoded = Vec::with_capacity(64);
        put_message(1, &trace_id.0, &mut encoded);
        put_message(2, &span_id.0, &mut encoded);
        put_attribute(Owner::Link, key, Value::Text(value), &mut encoded);
        put_message(13, &encoded, &mut self.links);
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_message(1, &self.trace_id.0, out);
        put_message(2, &self.span_id.0, out);
        put_text(3, &self.trace_state, out);
        if !self.parent_span_id.is_zero() {
            put_message(4, &self.parent_span_id.0, out);
        }
        put_text(5, &self.name, out);
        put_varint(6, self.kind, out);
        put_fixed64(7, self.start_ns, out);
        put_fixed64(8, self.end_ns, out);
        out.extend_from_slice(&self.attributes);
        out.extend_from_slice(&self.events);
        out.extend_from_slice(&self.links);
        if self.status_code != 0 || !self.status_message.is_empty() {
            let mut status = Vec::new();
            put_text(2, &self.status_message, &mut status);
            put_varint(3, self.status_code, &mut status);
            put_message(15, &status, out);
        }
        if self.flags != 0 {
            encode_key(16, WireType::ThirtyTwoBit, out);
            out.extend_from_slice(&self.flags.to_le_bytes());
        }
    }
}

impl BatchWriter {
    /// A span without a trace or span id is only counted: empty messages must not become long ones.
    pub fn push(&mut self, resource: &ResourceWriter, span: &SpanWriter) {
        if span.trace_id.is_zero() || span.span_id.is_zero() {
            self.rejected += 1;
            return;
        }
        let fits = |key: &Key| {
            (&key.scope_name, &key.scope_version, &key.resource) == (&span.scope_name, &span.scope_version, resource)
        };
        let at = match self.last.filter(|at| fits(&self.groups[*at].key)) {
            Some(at) => at,
            None => self.group(Key {
                resource: resource.clone(),
                scope_name: span.scope_name.clone(),
                scope_version: span.scope_version.clone(),
            }),
        };
        self.last = Some(at);
        let mut encoded = Vec::with_capacity(span.attributes.len() + span.events.len() + span.links.len() + 128);
        span.encode(&mut encoded);
        self.bytes += encoded.len();
        put_message(2, &encoded, &mut self.groups[at].spans);
    }

    /// How many spans had no valid id.
    pub fn rejected(&self) -> usize {
        self.rejected
    }

    /// What the spans take, encoded.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn group(&mut self, key: Key) -> usize {
        if let Some(at) = self.index.get(&key) {
            return *at;
        }
        self.index.insert(key.clone(), self.groups.len());
        self.groups.push(Group { key, spans: Vec::new() });
        self.groups.len() - 1
    }

    /// An encoded `ExportTraceServiceRequest`.
    pub fn finish(self) -> Bytes {
        let len = self.groups.iter().map(|group| group.spans.len() + group.key.resource.0.len() + 64).sum();
        let mut request = Vec::with_capacity(len);
        for Group { key, spans } in self.groups {
            let mut scope = Vec::new();
            put_text(1, &key.scope_name, &mut scope);
            put_text(2, &key.scope_version, &mut scope);
            let mut scope_spans = Vec::with_capacity(spans.len() + scope.len() + 8);
            if !scope.is_empty() {
                put_message(1, &scope, &mut scope_spans);
            }
            scope_spans.extend_from_slice(&spans);
            drop(spans);
            let mut resource_spans = Vec::with_capacity(scope_spans.len() + key.resource.0.len() + 16);
            put_message(1, &key.resource.0, &mut resource_spans);
            put_message(2, &scope_spans, &mut resource_spans);
            put_message(1, &resource_spans, &mut request);
        }
        request.into()
    }
}

fn put_attribute(owner: Owner, key: &str, value: Value<'_>, out: &mut Vec<u8>) {
    let value_len = value_len(value);
    let key_len = if key.is_empty() { 0 } else { field_len(key.len()) };
    encode_key(owner as u32, WireType::LengthDelimited, out);
    encode_varint((key_len + field_len(value_len)) as u64, out);
    put_text(1, key, out);
    encode_key(2, WireType::LengthDelimited, out);
    encode_varint(value_len as u64, out);
    put_value(value, out);
}

fn value_len(value: Value<'_>) -> usize {
    match value {
        Value::Text(text) => field_len(text.len()),
        Value::Bytes(bytes) => field_len(bytes.len()),
        Value::Bool(_) => 2,
        Value::Int(number) => 1 + encoded_len_varint(number as u64),
        Value::Double(_) => 9,
    }
}

/// The fields of an `AnyValue`: written even where they are empty, for that is a value too.
fn put_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => put_message(1, text.as_bytes(), out),
        Value::Bytes(bytes) => put_message(7, bytes, out),
        Value::Bool(truth) => {
            encode_key(2, WireType::Varint, out);
            encode_varint(truth.into(), out);
        }
        Value::Int(number) => {
            encode_key(3, WireType::Varint, out);
            encode_varint(number as u64, out);
        }
        Value::Double(number) => {
            encode_key(4, WireType::SixtyFourBit, out);
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// The length of a field with a number below 16 and so many bytes.
fn field_len(bytes: usize) -> usize {
    1 + encoded_len_varint(bytes as u64) + bytes
}

fn put_message(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_text(number: u32, text: &str, out: &mut Vec<u8>) {
    if !text.is_empty() {
        put_message(number, text.as_bytes(), out);
    }
}

fn put_varint(number: u32, value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        encode_key(number, WireType::Varint, out);
        encode_varint(value, out);
    }
}

fn put_fixed64(number: u32, value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        encode_key(number, WireType::SixtyFourBit, out);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{
        collector::trace::v1::ExportTraceServiceRequest,
        common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value},
        resource::v1::Resource,
        trace::v1::{
            ResourceSpans, ScopeSpans, Span, Status,
            span::{Event, Link},
        },
    };
    use prost::Message as _;

    use super::*;

    fn attribute(key: &str, value: any_value::Value) -> KeyValue {
        KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
    }

    fn written(scope: &str, id: u8) -> SpanWriter {
        let mut span = SpanWriter {
            trace_id: TraceId([id; 16]),
            span_id: SpanId([id; 8]),
            parent_span_id: SpanId([9; 8]),
            name: "pay".into(),
            kind: 3,
            start_ns: 5,
            end_ns: 7,
            status_code: 2,
            status_message: "late".into(),
            trace_state: "a=b".into(),
            flags: 1,
            scope_name: scope.into(),
            scope_version: "1".into(),
            ..SpanWriter::default()
        };
        for (key, value) in [
            ("text", Value::Text("")),
            ("no", Value::Bool(false)),
            ("int", Value::Int(-1)),
            ("double", Value::Double(0.5)),
            ("bytes", Value::Bytes(&[0, 255])),
        ] {
            span.attribute(key, value);
        }
        span.list("list", &["one", ""]);
        let mut event = EventWriter { time_ns: 6, name: "retry".into(), ..EventWriter::default() };
        event.attribute("", Value::Int(300));
        span.event(&event);
        span.link(TraceId([7; 16]), SpanId([8; 8]), "opentracing.ref_type", "follows_from");
        span
    }

    fn expected(id: u8) -> Span {
        use any_value::Value as Any;
        let text = |text: &str| AnyValue { value: Some(Any::StringValue(text.into())) };
        Span {
            trace_id: vec![id; 16],
            span_id: vec![id; 8],
            parent_span_id: vec![9; 8],
            name: "pay".into(),
            kind: 3,
            start_time_unix_nano: 5,
            end_time_unix_nano: 7,
            trace_state: "a=b".into(),
            flags: 1,
            status: Some(Status { message: "late".into(), code: 2 }),
            attributes: vec![
                attribute("text", Any::StringValue(String::new())),
                attribute("no", Any::BoolValue(false)),
                attribute("int", Any::IntValue(-1)),
                attribute("double", Any::DoubleValue(0.5)),
                attribute("bytes", Any::BytesValue(vec![0, 255])),
                attribute("list", Any::ArrayValue(ArrayValue { values: vec![text("one"), text("")] })),
            ],
            events: vec![Event {
                time_unix_nano: 6,
                name: "retry".into(),
                attributes: vec![attribute("", Any::IntValue(300))],
                ..Default::default()
            }],
            links: vec![Link {
                trace_id: vec![7; 16],
                span_id: vec![8; 8],
                attributes: vec![attribute("opentracing.ref_type", Any::StringValue("follows_from".into()))],
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    #[test]
    fn what_is_written_is_what_prost_reads() {
        let mut resource = ResourceWriter::default();
        resource.attribute("service.name", Value::Text("cart"));
        let mut batch = BatchWriter::default();
        batch.push(&resource, &written("one", 1));
        batch.push(&resource, &written("two", 2));
        batch.push(&resource, &written("one", 3));
        batch.push(&ResourceWriter::default(), &SpanWriter { scope_name: String::new(), ..written("", 4) });
        batch.push(&ResourceWriter::default(), &SpanWriter::default());
        assert_eq!(batch.rejected(), 1);
        let request = ExportTraceServiceRequest::decode(batch.finish()).expect("a request");
        let resource = Resource {
            attributes: vec![attribute("service.name", any_value::Value::StringValue("cart".into()))],
            ..Default::default()
        };
        let spans = |scope: &str, spans| ResourceSpans {
            resource: Some(resource.clone()),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope { name: scope.into(), version: "1".into(), ..Default::default() }),
                spans,
                ..Default::default()
            }],
            ..Default::default()
        };
        assert_eq!(request.resource_spans[0], spans("one", vec![expected(1), expected(3)]));
        assert_eq!(request.resource_spans[1], spans("two", vec![expected(2)]));
        let bare = &request.resource_spans[2];
        assert_eq!(bare.resource, Some(Resource::default()));
        assert_eq!(bare.scope_spans[0].scope.as_ref().map(|scope| scope.name.as_str()), Some(""));
    }
}
