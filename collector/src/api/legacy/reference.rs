//! A span's parent and its links, as references.

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::Link},
};
use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::{
    tag::Tag,
    trace::{SpanIdJson, TraceIdJson},
};

const KIND_ATTRIBUTE: &str = "opentracing.ref_type";
const CHILD_OF: &str = "CHILD_OF";
const FOLLOWS_FROM: &str = "FOLLOWS_FROM";

pub(in crate::api) struct References<'a>(pub(in crate::api) &'a Span);

impl Serialize for References<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.all())
    }
}

impl<'a> References<'a> {
    pub(in crate::api) fn all(&self) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        let span = self.0;
        let mut parent = span.parent_span_id.iter().any(|byte| *byte != 0).then_some(Reference {
            kind: CHILD_OF,
            trace_id: &span.trace_id,
            span_id: &span.parent_span_id,
            link: None,
        });
        let mut links = Vec::with_capacity(span.links.len());
        for link in &span.links {
            let reference =
                Reference { kind: kind(link), trace_id: &link.trace_id, span_id: &link.span_id, link: Some(link) };
            match &mut parent {
                // A link to the parent says what kind of parent it is.
                Some(known) if known.leads_where(&reference) => *known = reference,
                _ => links.push(reference),
            }
        }
        parent.into_iter().chain(links)
    }
}

pub(in crate::api) struct Reference<'a> {
    kind: &'static str,
    pub(in crate::api) trace_id: &'a [u8],
    pub(in crate::api) span_id: &'a [u8],
    link: Option<&'a Link>,
}

impl Reference<'_> {
    pub(in crate::api) fn is_child_of(&self) -> bool {
        self.kind == CHILD_OF
    }

    fn leads_where(&self, other: &Self) -> bool {
        self.trace_id == other.trace_id && self.span_id == other.span_id
    }
}

impl Serialize for Reference<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tags: Vec<Tag<'_>> = self.link.map(tags).unwrap_or_default();
        let mut reference = serializer.serialize_struct("Reference", 3 + usize::from(!tags.is_empty()))?;
        reference.serialize_field("refType", self.kind)?;
        reference.serialize_field("traceID", &TraceIdJson(self.trace_id))?;
        reference.serialize_field("spanID", &SpanIdJson(self.span_id))?;
        // Jaeger has no place for what a link carries: a field that its clients do not know, and only where there is something.
        if !tags.is_empty() {
            reference.serialize_field("tags", &tags)?;
        }
        reference.end()
    }
}

fn tags(link: &Link) -> Vec<Tag<'_>> {
    let state = Some(link.trace_state.as_str()).filter(|state| !state.is_empty());
    let attributes = link.attributes.iter().filter(|a| a.key != KIND_ATTRIBUTE).map(Tag::from);
    attributes.chain(state.map(|state| Tag::text("w3c.tracestate", state))).collect()
}

fn kind(link: &Link) -> &'static str {
    let is_child = |attribute: &&KeyValue| {
        let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
        attribute.key == KIND_ATTRIBUTE && matches!(value, Some(Value::StringValue(text)) if text == "child_of")
    };
    if link.attributes.iter().find(is_child).is_some() { CHILD_OF } else { FOLLOWS_FROM }
}
