//! Which service calls which, as the spans of a trace tell.
//!
//! - A span whose parent is a span of another service is a call.
//! - Where client and server share one span id (Zipkin), that is the call, and what is below it is the server's.
//! - A client or producer span without children that names a `peer.service` calls that.
//!
//! A span that was sent twice counts once, and no service calls itself.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::chunk::Chunk;
use crate::{
    model::{SpanId, SpanView},
    storage::SpanKind,
};

/// Calls are counted by the minute in which the called span starts.
pub(super) const NANOS_PER_MINUTE: u64 = 60_000_000_000;
const PEER_SERVICE: &str = "peer.service";

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pair {
    pub(super) parent: Arc<str>,
    pub(super) child: Arc<str>,
}

/// Calls of one trace in one minute.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) pair: Pair,
    pub(super) minute: u64,
    pub(super) calls: u32,
}

struct Known<'a> {
    service: &'a Arc<str>,
    span: SpanView<'a>,
}

impl Known<'_> {
    fn is_caller(&self) -> bool {
        matches!(self.span.kind, SpanKind::Client | SpanKind::Producer)
    }

    fn is_called(&self) -> bool {
        matches!(self.span.kind, SpanKind::Server | SpanKind::Consumer)
    }
}

pub(super) fn links(chunks: &[Chunk]) -> Vec<Link> {
    let mut seen = HashSet::new();
    let mut by_id: HashMap<SpanId, Vec<Known<'_>>> = HashMap::new();
    let mut parents = HashSet::new();
    for chunk in chunks {
        let service = &chunk.context.service;
        for span in chunk.spans().filter(|span| seen.insert((span.span_id, span.kind, service))) {
            parents.insert(span.parent_span_id);
            by_id.entry(span.span_id).or_default().push(Known { service, span });
        }
    }
    let mut counts: HashMap<(Pair, u64), u32> = HashMap::new();
    let mut count = |parent: &Arc<str>, child: &Arc<str>, start_ns: u64| {
        if parent != child {
            let pair = Pair { parent: parent.clone(), child: child.clone() };
            *counts.entry((pair, start_ns / NANOS_PER_MINUTE)).or_default() += 1;
        }
    };
    for spans in by_id.values() {
        let caller = spans.iter().find(|known| known.is_caller());
        for known in spans {
            let shares = caller.filter(|_| known.is_called());
            let parent = shares.or_else(|| parent_of(known, &by_id));
            if let Some(parent) = parent {
                count(parent.service, known.service, known.span.start_ns);
            }
            let is_leaf = known.is_caller() && spans.len() == 1 && !parents.contains(&known.span.span_id);
            if let Some(peer) = known.span.text_attribute(PEER_SERVICE).filter(|peer| is_leaf && !peer.is_empty()) {
                count(known.service, &peer.into(), known.span.start_ns);
            }
        }
    }
    counts.into_iter().map(|((pair, minute), calls)| Link { pair, minute, calls }).collect()
}

/// Of several spans with the id of the parent, the server's.
fn parent_of<'a>(known: &Known<'_>, by_id: &'a HashMap<SpanId, Vec<Known<'a>>>) -> Option<&'a Known<'a>> {
    if known.span.parent_span_id == known.span.span_id {
        return None;
    }
    let spans = by_id.get(&known.span.parent_span_id)?;
    spans.iter().find(|parent| parent.is_called()).or(spans.first())
}
