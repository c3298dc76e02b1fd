//! Finds traces, the newest first, second by second, so that a search stops as soon as it has enough.

use std::collections::HashSet;

use parking_lot::RwLock;

use super::{Chunk, NANOS_PER_SECOND, state::State};
use crate::{
    model::{SpanView, TraceId, messages, resource_has_attribute, scope_has_attribute},
    storage::{TimeRange, TraceQuery},
};

/// How many traces are looked at before other requests get a turn.
const TRACES_PER_TURN: usize = 256;

pub(super) async fn find(state: &RwLock<State>, query: &TraceQuery) -> Vec<TraceId> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let from = query.start.from_ns / NANOS_PER_SECOND;
    let mut until = query.start.to_ns / NANOS_PER_SECOND;
    while found.len() < query.limit && from <= until {
        let newest = state.read().newest_second(query.service.as_deref(), from, until);
        let Some((second, ids)) = newest else { break };
        let window = TimeRange {
            from_ns: query.start.from_ns.max(second * NANOS_PER_SECOND),
            to_ns: query.start.to_ns.min((second * NANOS_PER_SECOND).saturating_add(NANOS_PER_SECOND - 1)),
        };
        let mut matches = Vec::new();
        for turn in ids.chunks(TRACES_PER_TURN) {
            // Clones are cheap (shared chunks), and the lock is not held while spans are read.
            let traces: Vec<_> = {
                let state = state.read();
                turn.iter().map(|id| (*id, state.chunks(*id))).collect()
            };
            matches.extend(
                traces
                    .iter()
                    .filter(|(id, _)| !seen.contains(id))
                    .filter_map(|(id, chunks)| Some((newest_match(chunks, query, window)?, *id))),
            );
            tokio::task::yield_now().await;
        }
        matches.sort_unstable_by(|left, right| right.cmp(left));
        seen.extend(matches.iter().map(|(_, id)| *id));
        found.extend(matches.into_iter().map(|(_, id)| id));
        match second.checked_sub(1) {
            Some(earlier) => until = earlier,
            None => break,
        }
    }
    found.truncate(query.limit);
    found
}

/// When the latest span that meets the whole query within `window` starts.
fn newest_match(chunks: &[Chunk], query: &TraceQuery, window: TimeRange) -> Option<u64> {
    chunks
        .iter()
        .filter(|chunk| query.service.as_deref().is_none_or(|service| *service == *chunk.context.service))
        .flat_map(|chunk| chunk.spans().map(move |span| (chunk, span)))
        .filter(|(chunk, span)| {
            (window.from_ns..=window.to_ns).contains(&span.start_ns)
                && query.operation.as_deref().is_none_or(|operation| operation == span.name)
                && query.duration_min_ns.is_none_or(|min| span.duration_ns() >= min)
                && query.duration_max_ns.is_none_or(|max| span.duration_ns() <= max)
                && query.tags.iter().all(|(key, value)| has_tag(chunk, span, key, value))
        })
        .map(|(_, span)| span.start_ns)
        .max()
}

fn has_tag(chunk: &Chunk, span: &SpanView<'_>, key: &str, value: &str) -> bool {
    let from_fields = match key {
        "error" => value == if span.status().0 == STATUS_ERROR { "true" } else { "false" },
        "span.kind" => value.eq_ignore_ascii_case(span.kind.as_str()),
        "otel.status_code" => match span.status().0 {
            STATUS_OK => value.eq_ignore_ascii_case("ok"),
            STATUS_ERROR => value.eq_ignore_ascii_case("error"),
            _ => false,
        },
        "otel.status_description" => value == span.status().1 && !value.is_empty(),
        _ => false,
    };
    from_fields
        || span.has_attribute(key, value)
        || messages(&chunk.context.resource, 1).any(|resource| resource_has_attribute(resource, key, value))
        || messages(&chunk.context.scope, 1).any(|scope| scope_has_attribute(scope, key, value))
}

const STATUS_OK: u64 = 1;
const STATUS_ERROR: u64 = 2;
