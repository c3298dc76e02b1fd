//! Jaeger's document → OTLP.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span,
        span::{Event, Link, SpanKind},
        status::StatusCode,
    },
};
use prost::Message as _;

use super::{
    CHILD_OF, DOT_REPLACEMENT, ERROR, EVENT_NAME, FOLLOWS_FROM, KIND, Log, NANOS_PER_MICRO, Process, REFERENCE_TYPE,
    Reference, SCOPE_NAME, SCOPE_VERSION, STATUS_CODE, STATUS_DESCRIPTION, SpanDocument, TRACE_STATE, Tag, TagValue,
};
use crate::model::{MISSING_SERVICE_NAME, TraceId};

/// A span with what it belongs to.
pub(in crate::storage::opensearch) struct Placed {
    pub(in crate::storage::opensearch) trace_id: TraceId,
    pub(in crate::storage::opensearch) resource: Resource,
    pub(in crate::storage::opensearch) resource_schema_url: String,
    pub(in crate::storage::opensearch) scope: InstrumentationScope,
    pub(in crate::storage::opensearch) scope_schema_url: String,
    pub(in crate::storage::opensearch) span: Span,
}

/// Puts spans of the same resource and scope together, in the order in which they first appear.
pub(in crate::storage::opensearch) fn assemble(spans: impl IntoIterator<Item = Placed>) -> Vec<ResourceSpans> {
    let mut resources: Vec<ResourceSpans> = Vec::new();
    let mut known = Positions::new();
    let mut known_scopes: Vec<Positions> = Vec::new();
    for placed in spans {
        let key = (placed.resource.encode_to_vec(), placed.resource_schema_url.clone());
        let at = *known.entry(key).or_insert_with(|| {
            resources.push(ResourceSpans {
                resource: Some(placed.resource),
                schema_url: placed.resource_schema_url,
                ..Default::default()
            });
            known_scopes.push(Positions::new());
            resources.len() - 1
        });
        let scope_spans = &mut resources[at].scope_spans;
        let key = (placed.scope.encode_to_vec(), placed.scope_schema_url.clone());
        let at = *known_scopes[at].entry(key).or_insert_with(|| {
            scope_spans.push(ScopeSpans {
                scope: Some(placed.scope),
                schema_url: placed.scope_schema_url,
                ..Default::default()
            });
            scope_spans.len() - 1
        });
        scope_spans[at].spans.push(placed.span);
    }
    resources
}

/// Where in a list the resource or scope stands that has this encoding and schema URL.
type Positions = HashMap<(Vec<u8>, String), usize>;

impl SpanDocument<'_> {
    /// `None` when the ids are no ids.
    pub(in crate::storage::opensearch) fn into_otlp(mut self) -> Option<Placed> {
        let trace_id: TraceId = self.trace_id.parse().ok()?;
        let extra = self.otlp.take();
        let ours = extra.is_some();
        let extra = extra.unwrap_or_default();
        let parent = self.parent();
        let mut scope = InstrumentationScope {
            attributes: self.scope_tags.into_iter().map(Tag::into_attribute).collect(),
            dropped_attributes_count: extra.scope_dropped_attributes,
            ..Default::default()
        };
        let start = (self.start_time.wrapping_mul(NANOS_PER_MICRO)).wrapping_add(extra.start_nanos);
        let mut span = Span {
            trace_id: trace_id.0.to_vec(),
            span_id: padded::<8>(&self.span_id)?,
            parent_span_id: parent.as_deref().map_or(Some(Vec::new()), padded::<8>)?,
            flags: self.flags,
            name: self.operation_name.into_owned(),
            start_time_unix_nano: start,
            end_time_unix_nano: start
                .wrapping_add(self.duration.wrapping_mul(NANOS_PER_MICRO))
                .wrapping_add_signed(extra.end_nanos),
            dropped_attributes_count: extra.dropped_attributes,
            dropped_events_count: extra.dropped_events,
            dropped_links_count: extra.dropped_links,
            events: self.logs.into_iter().map(|log| log.into_event(ours)).collect(),
            links: links(self.references, parent.as_deref(), ours)?,
            ..Default::default()
        };
        let elevated = self.tag.into_iter().map(Tag::elevated);
        for (index, tag) in self.tags.into_iter().chain(elevated).enumerate() {
            let attribute = tag.into_attribute();
            if index < extra.attributes || !take_field(&mut span, &mut scope, &attribute) {
                span.attributes.push(attribute);
            }
        }
        let (resource, resource_schema_url) = self.process.into_resource();
        let scope_schema_url = extra.scope_schema_url.into_owned();
        Some(Placed { trace_id, resource, resource_schema_url, scope, scope_schema_url, span })
    }

    /// Jaeger before 2.20 kept the parent among the references alone.
    fn parent(&self) -> Option<String> {
        if !self.parent_span_id.is_empty() {
            return Some(self.parent_span_id.to_string());
        }
        let own = || self.references.iter().filter(|reference| reference.trace_id == self.trace_id);
        own()
            .find(|reference| reference.ref_type == CHILD_OF)
            .or_else(|| own().find(|reference| reference.ref_type == FOLLOWS_FROM))
            .filter(|_| self.otlp.is_none())
            .map(|reference| reference.span_id.to_string())
    }
}

/// Puts a tag's value into the field that it stands for; `false` if it stands for none.
fn take_field(span: &mut Span, scope: &mut InstrumentationScope, attribute: &KeyValue) -> bool {
    let value = attribute.value.as_ref().and_then(|any| any.value.as_ref());
    let status = |span: &mut Span, code| span.status.get_or_insert_default().set_code(code);
    match (attribute.key.as_str(), value) {
        (ERROR, Some(Value::BoolValue(true))) => status(span, StatusCode::Error),
        (key, Some(Value::StringValue(text))) => match key {
            KIND => match kind(text) {
                Some(kind) => span.set_kind(kind),
                None => return false,
            },
            STATUS_CODE if text.eq_ignore_ascii_case("error") => status(span, StatusCode::Error),
            // The tag `error` has the last word, wherever it stands.
            STATUS_CODE if text.eq_ignore_ascii_case("ok") => {
                if span.status.as_ref().is_none_or(|status| status.code() != StatusCode::Error) {
                    status(span, StatusCode::Ok);
                }
            }
            STATUS_DESCRIPTION => span.status.get_or_insert_default().message = text.clone(),
            TRACE_STATE => span.trace_state = text.clone(),
            SCOPE_NAME => scope.name = text.clone(),
            SCOPE_VERSION => scope.version = text.clone(),
            _ => return false,
        },
        _ => return false,
    }
    true
}

fn kind(text: &str) -> Option<SpanKind> {
    Some(match text {
        "internal" => SpanKind::Internal,
        "server" => SpanKind::Server,
        "client" => SpanKind::Client,
        "producer" => SpanKind::Producer,
        "consumer" => SpanKind::Consumer,
        _ => return None,
    })
}

impl Process<'_> {
    fn into_resource(self) -> (Resource, String) {
        let named = !self.service_name.is_empty() && self.service_name != MISSING_SERVICE_NAME;
        let (service_at, dropped, schema_url) = match self.otlp {
            Some(extra) => (extra.service_at, extra.dropped_attributes, extra.schema_url.into_owned()),
            None => (named.then_some(0), 0, String::new()),
        };
        let elevated = self.tag.into_iter().map(Tag::elevated);
        let mut attributes: Vec<_> = self.tags.into_iter().chain(elevated).map(Tag::into_attribute).collect();
        if let Some(at) = service_at {
            let name = string_attribute("service.name", self.service_name);
            attributes.insert(at.min(attributes.len()), name);
        }
        (Resource { attributes, dropped_attributes_count: dropped, ..Default::default() }, schema_url)
    }
}

impl Log<'_> {
    fn into_event(self, ours: bool) -> Event {
        let mut attributes: Vec<_> = self.fields.into_iter().map(Tag::into_attribute).collect();
        let name = match self.name {
            Some(name) => name.into_owned(),
            None => take_event_name(&mut attributes, ours),
        };
        Event {
            time_unix_nano: self.timestamp.wrapping_mul(NANOS_PER_MICRO).wrapping_add(self.nanos),
            name,
            attributes,
            dropped_attributes_count: self.dropped_attributes,
        }
    }
}

fn take_event_name(attributes: &mut Vec<KeyValue>, ours: bool) -> String {
    let is_name = |attribute: &KeyValue| attribute.key == EVENT_NAME;
    let at = if ours {
        attributes.first().filter(|first| is_name(first)).map(|_| 0)
    } else {
        attributes.iter().position(is_name)
    };
    let text = at.and_then(|at| match attributes[at].value.as_mut()?.value.as_mut()? {
        Value::StringValue(text) => Some((at, std::mem::take(text))),
        _ => None,
    });
    text.map_or_else(String::new, |(at, text)| {
        attributes.remove(at);
        text
    })
}

fn links(references: Vec<Reference<'_>>, parent: Option<&str>, ours: bool) -> Option<Vec<Link>> {
    if ours {
        let parents = usize::from(parent.is_some());
        return references.into_iter().skip(parents).map(|reference| reference.into_link(ours)).collect();
    }
    let is_parent = |reference: &Reference<'_>| reference.ref_type == CHILD_OF && Some(&*reference.span_id) == parent;
    references
        .into_iter()
        .filter(|reference| !is_parent(reference))
        .map(|reference| reference.into_link(ours))
        .collect()
}

impl Reference<'_> {
    fn into_link(self, ours: bool) -> Option<Link> {
        let mut attributes: Vec<_> = self.tags.into_iter().map(Tag::into_attribute).collect();
        if !ours {
            let kind = if self.ref_type == CHILD_OF { "child_of" } else { "follows_from" };
            attributes.push(string_attribute(REFERENCE_TYPE, kind.into()));
        }
        let id = |text: &str, padded: Option<Vec<u8>>| if ours { hex::decode(text).ok() } else { padded };
        Some(Link {
            trace_id: id(&self.trace_id, padded::<16>(&self.trace_id))?,
            span_id: id(&self.span_id, padded::<8>(&self.span_id))?,
            trace_state: self.trace_state.into_owned(),
            attributes,
            dropped_attributes_count: self.dropped_attributes,
            flags: self.flags,
        })
    }
}

impl Tag<'_> {
    /// A tag that Jaeger was told to store as a field, so that its type is the value's own.
    fn elevated((key, value): (String, Box<serde_json::value::RawValue>)) -> Self {
        let kind = match value.get().as_bytes() {
            [b't' | b'f', ..] => "bool",
            [b'"', ..] => "string",
            _ if value.get().parse::<i64>().is_ok() => "int64",
            _ => "float64",
        };
        Tag {
            key: key.replace(DOT_REPLACEMENT, ".").into(),
            kind: kind.into(),
            value: TagValue::Raw(value),
            otlp: None,
        }
    }

    fn into_attribute(self) -> KeyValue {
        let exact = self.otlp.as_deref().and_then(|text| AnyValue::decode(&*BASE64_STANDARD.decode(text).ok()?).ok());
        let value = exact.unwrap_or_else(|| AnyValue { value: Some(typed(&self.kind, self.value.into_text())) });
        // An attribute without a value is written as one with an empty one.
        let value = Some(value).filter(|any| any.value.is_some());
        KeyValue { key: self.key.into_owned(), value, ..Default::default() }
    }
}

impl TagValue<'_> {
    /// A string's content, or a number as it stands in the document.
    fn into_text(self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Text(text) => text.into_owned(),
            Self::Raw(raw) if raw.get().starts_with('"') => serde_json::from_str(raw.get()).unwrap_or_default(),
            Self::Raw(raw) if raw.get() == "null" => String::new(),
            Self::Raw(raw) => raw.get().to_owned(),
        }
    }
}

/// The value of Jaeger's type `kind`; a text that is none stays a text.
fn typed(kind: &str, text: String) -> Value {
    let value = match kind {
        "bool" => text.parse().ok().map(Value::BoolValue),
        "int64" => integer(&text).map(Value::IntValue),
        "float64" => text.parse().ok().map(Value::DoubleValue),
        "binary" => hex::decode(&text).ok().map(Value::BytesValue),
        _ => None,
    };
    value.unwrap_or(Value::StringValue(text))
}

/// Jaeger's older writers passed integers through floating point.
fn integer(text: &str) -> Option<i64> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<f64>().ok().filter(|value| value.fract() == 0.0).map(|value| value as i64))
}

/// The bytes of an id, which old versions wrote without leading zeros.
fn padded<const N: usize>(text: &str) -> Option<Vec<u8>> {
    let width = 2 * N;
    if text.len() > width || !text.is_ascii() {
        return None;
    }
    hex::decode(format!("{text:0>width$}")).ok()
}

fn string_attribute(key: &str, text: Cow<'_, str>) -> KeyValue {
    let value = AnyValue { value: Some(Value::StringValue(text.into_owned())) };
    KeyValue { key: key.into(), value: Some(value), ..Default::default() }
}
