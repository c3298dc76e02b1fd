//! Which service calls which, as the spans of a trace tell.
//!
//! - A span whose parent is a span of another service is a call.
//! - Where client and server share one span id (Zipkin), that is the call, and what is below it is the server's.
//! - A client or producer span without children that names a `peer.service` calls that.
//!
//! A span that was sent twice counts once, and no service calls itself.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::RangeInclusive,
    sync::Arc,
};

use super::row::Row;
use crate::{
    model::{SpanId, SpanView},
    storage::{Dependency, SpanKind},
};

/// Calls are counted by the minute in which the called span starts.
pub(super) const NANOS_PER_MINUTE: u64 = 60_000_000_000;
const PEER_SERVICE: &str = "peer.service";

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pair {
    parent: Arc<str>,
    child: Arc<str>,
}

/// Calls of one trace by pair of services and minute.
pub(super) type Links = HashMap<(Pair, u64), u64>;

/// Calls of all traces.
#[derive(Default)]
pub(super) struct Calls(HashMap<Pair, BTreeMap<u64, u64>>);

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, links: Links) {
        for ((pair, minute), calls) in links {
            *self.0.entry(pair).or_default().entry(minute).or_default() += calls;
        }
    }

    /// Takes back what was added.
    pub(super) fn subtract(&mut self, links: Links) {
        for ((pair, minute), calls) in links {
            let Some(minutes) = self.0.get_mut(&pair) else { continue };
            if let Some(known) = minutes.get_mut(&minute) {
                *known = known.saturating_sub(calls);
                if *known == 0 {
                    minutes.remove(&minute);
                }
            }
            if minutes.is_empty() {
                self.0.remove(&pair);
            }
        }
    }

    pub(super) fn within(&self, minutes: RangeInclusive<u64>) -> Vec<Dependency> {
        let mut found: Vec<_> = self
            .0
            .iter()
            .map(|(pair, calls)| Dependency {
                parent: pair.parent.to_string(),
                child: pair.child.to_string(),
                calls: calls.range(minutes.clone()).map(|(_, calls)| calls).sum(),
            })
            .filter(|dependency| dependency.calls > 0)
            .collect();
        found.sort_unstable();
        found
    }
}

fn is_caller(row: &Row<'_>) -> bool {
    matches!(row.kind(), SpanKind::Client | SpanKind::Producer)
}

fn is_called(row: &Row<'_>) -> bool {
    matches!(row.kind(), SpanKind::Server | SpanKind::Consumer)
}

/// The calls of one trace.
pub(super) fn links(rows: &[Row<'_>]) -> Links {
    let mut seen = HashSet::new();
    let mut by_id: HashMap<SpanId, Vec<Row<'_>>> = HashMap::new();
    let mut parents = HashSet::new();
    for row in rows.iter().filter(|row| seen.insert((row.span_id(), row.kind(), row.service()))) {
        parents.insert(row.parent());
        by_id.entry(row.span_id()).or_default().push(*row);
    }
    let mut counts = Links::new();
    let mut count = |parent: &Arc<str>, child: &Arc<str>, start_ns: u64| {
        if parent != child {
            let pair = Pair { parent: parent.clone(), child: child.clone() };
            *counts.entry((pair, start_ns / NANOS_PER_MINUTE)).or_default() += 1;
        }
    };
    for spans in by_id.values() {
        let caller = spans.iter().find(|row| is_caller(row));
        for row in spans {
            let shares = caller.filter(|_| is_called(row));
            if let Some(parent) = shares.or_else(|| parent_of(row, &by_id)) {
                count(parent.service(), row.service(), row.start_ns());
            }
            let is_leaf = is_caller(row) && spans.len() == 1 && !parents.contains(&row.span_id());
            if is_leaf {
                let mut encoded = Vec::new();
                row.encode(&mut encoded);
                if let Some(peer) = SpanView::new(&encoded).text_attribute(PEER_SERVICE).filter(|peer| !peer.is_empty())
                {
                    count(row.service(), &peer.into(), row.start_ns());
                }
            }
        }
    }
    counts
}

/// Of several spans with the id of the parent, the server's.
fn parent_of<'a>(row: &Row<'_>, by_id: &'a HashMap<SpanId, Vec<Row<'a>>>) -> Option<&'a Row<'a>> {
    if row.parent() == row.span_id() {
        return None;
    }
    let spans = by_id.get(&row.parent())?;
    spans.iter().find(|parent| is_called(parent)).or(spans.first())
}
