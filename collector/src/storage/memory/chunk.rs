//! A run of spans of one trace, one resource and one scope.

use std::sync::Arc;

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use prost::{
    Message as _,
    encoding::{WireType, encode_key, encode_varint, encoded_len_varint},
};

use crate::model::{ContextRef, SpanBatch, SpanView, Trace, TraceId, messages};

/// The number of the field `spans` in `ScopeSpans`.
const SPANS_FIELD: u32 = 2;
/// The same key, encoded.
const SPANS_KEY: u8 = (SPANS_FIELD << 3) as u8 | WireType::LengthDelimited as u8;

/// Who sent a run of spans, encoded and ready to stand before them.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Context {
    pub(super) service: Arc<str>,
    /// A `ResourceSpans` without its `scope_spans`.
    pub(super) resource: Box<[u8]>,
    /// A `ScopeSpans` without its `spans`.
    pub(super) scope: Box<[u8]>,
}

#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) trace_id: TraceId,
    pub(super) context: Arc<Context>,
    /// The field `spans` of a `ScopeSpans`, as often as there are spans.
    pub(super) encoded: Arc<[u8]>,
    pub(super) spans: u32,
}

impl Chunk {
    pub(super) fn spans(&self) -> impl Iterator<Item = SpanView<'_>> {
        messages(&self.encoded, SPANS_FIELD).map(SpanView::new)
    }
}

/// Splits a batch by trace, resource and scope. Spans keep their order.
pub(super) fn split(batch: &SpanBatch) -> Vec<Chunk> {
    let contexts: Vec<_> = batch.contexts().iter().map(|context| Arc::new(encode_context(batch, context))).collect();
    let mut order: Vec<_> =
        batch.spans().iter().enumerate().map(|(at, span)| (span.trace_id, span.context, at as u32)).collect();
    order.sort_unstable();
    order
        .chunk_by(|left, right| (left.0, left.1) == (right.0, right.1))
        .map(|run| {
            let (trace_id, context, _) = run[0];
            let spans = run.iter().map(|(_, _, at)| batch.bytes(&batch.spans()[*at as usize].encoded));
            let len = spans.clone().map(|span| 1 + encoded_len_varint(span.len() as u64) + span.len()).sum();
            let mut encoded = Vec::with_capacity(len);
            for span in spans {
                encoded.push(SPANS_KEY);
                encode_varint(span.len() as u64, &mut encoded);
                encoded.extend_from_slice(span);
            }
            let context = contexts[context as usize].clone();
            Chunk { trace_id, context, encoded: encoded.into(), spans: run.len() as u32 }
        })
        .collect()
}

fn encode_context(batch: &SpanBatch, context: &ContextRef) -> Context {
    let encode = |fields: [(u32, &std::ops::Range<u32>); 2]| {
        let mut encoded = Vec::new();
        for (number, range) in fields.into_iter().filter(|(_, range)| !range.is_empty()) {
            let bytes = batch.bytes(range);
            encode_key(number, WireType::LengthDelimited, &mut encoded);
            encode_varint(bytes.len() as u64, &mut encoded);
            encoded.extend_from_slice(bytes);
        }
        encoded.into_boxed_slice()
    };
    Context {
        service: batch.service(context).into(),
        resource: encode([(1, &context.resource), (3, &context.resource_schema_url)]),
        scope: encode([(1, &context.scope), (3, &context.scope_schema_url)]),
    }
}

/// The whole trace, each resource and each scope of it once.
pub(super) fn assemble(id: TraceId, chunks: &[Chunk]) -> Trace {
    let mut groups: Vec<(&Context, Vec<&Chunk>)> = Vec::new();
    for chunk in chunks {
        match groups.iter_mut().find(|(context, _)| **context == *chunk.context) {
            Some((_, group)) => group.push(chunk),
            None => groups.push((&chunk.context, vec![chunk])),
        }
    }
    let mut resource_spans: Vec<(&[u8], ResourceSpans)> = Vec::new();
    for (context, group) in groups {
        // Checked when they were received, so that decoding cannot fail; a default is still better than a panic.
        let mut scope = ScopeSpans::decode(&*context.scope).unwrap_or_default();
        for chunk in group {
            let _ = scope.merge(&*chunk.encoded);
        }
        let at = resource_spans.iter().position(|(encoded, _)| **encoded == *context.resource).unwrap_or_else(|| {
            resource_spans.push((&context.resource, ResourceSpans::decode(&*context.resource).unwrap_or_default()));
            resource_spans.len() - 1
        });
        resource_spans[at].1.scope_spans.push(scope);
    }
    Trace { id, resource_spans: resource_spans.into_iter().map(|(_, spans)| spans).collect(), warning: None }
}
