//! Who sent a run of spans, and traces put together from runs.

use std::sync::Arc;

use hashbrown::HashMap;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::{
    Message as _,
    encoding::{WireType, encode_key, encode_varint},
};

use super::row::{KnownAttributes, Row};
use crate::model::{ContextRef, SpanBatch, Trace, TraceId};

/// What a context takes beside its bytes: the structs, the table entries and the allocator's rounding.
const CONTEXT_OVERHEAD_BYTES: usize = 160;

/// One resource and one instrumentation scope, encoded and ready to stand before spans.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Context {
    pub(super) service: Arc<str>,
    /// A `ResourceSpans` without its `scope_spans`.
    pub(super) resource: Box<[u8]>,
    /// A `ScopeSpans` without its `spans`.
    pub(super) scope: Box<[u8]>,
}

impl Context {
    pub(super) fn new(batch: &SpanBatch, context: &ContextRef) -> Self {
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
        Self {
            service: batch.service(context).into(),
            resource: encode([(1, &context.resource), (3, &context.resource_schema_url)]),
            scope: encode([(1, &context.scope), (3, &context.scope_schema_url)]),
        }
    }

    pub(super) fn allocated(&self) -> usize {
        CONTEXT_OVERHEAD_BYTES + self.resource.len() + self.scope.len() + self.service.len()
    }
}

/// A trace that is put together, each resource and each scope of it once.
#[derive(Default)]
pub(super) struct Assembly {
    scopes: Vec<(Arc<Context>, Vec<Span>)>,
}

impl Assembly {
    /// Takes rows of one segment.
    pub(super) fn add(&mut self, rows: &[Row<'_>]) {
        let mut places: HashMap<u32, usize> = HashMap::new();
        let mut known = KnownAttributes::default();
        for row in rows {
            let place = *places.entry(row.context_number()).or_insert_with(|| {
                let context = &row.context().context;
                self.scopes.iter().position(|(known, _)| known == context).unwrap_or_else(|| {
                    self.scopes.push((context.clone(), Vec::new()));
                    self.scopes.len() - 1
                })
            });
            self.scopes[place].1.push(row.decode(&mut known));
        }
    }

    pub(super) fn finish(self, id: TraceId) -> Option<Trace> {
        let mut resource_spans: Vec<(Arc<Context>, ResourceSpans)> = Vec::new();
        for (context, spans) in self.scopes {
            let scope = ScopeSpans { spans, ..ScopeSpans::decode(&*context.scope).unwrap_or_default() };
            let known = resource_spans.iter_mut().find(|(known, _)| known.resource == context.resource);
            if let Some((_, resource)) = known {
                resource.scope_spans.push(scope);
                continue;
            }
            let resource = ResourceSpans::decode(&*context.resource).unwrap_or_default();
            resource_spans.push((context, ResourceSpans { scope_spans: vec![scope], ..resource }));
        }
        let resource_spans: Vec<_> = resource_spans.into_iter().map(|(_, spans)| spans).collect();
        (!resource_spans.is_empty()).then_some(Trace { id, resource_spans, warning: None })
    }
}
