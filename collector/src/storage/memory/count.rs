//! Counts the calls between services, when somebody asks, of what came since.

use std::collections::HashSet;

use super::{
    links::{Links, links},
    log::{Log, guards},
    row::Row,
    segment::Segment,
};
use crate::model::TraceId;

impl Log {
    /// Counts the calls of traces with rows that are not counted yet, of `rows_max` rows at most. Returns whether there were any.
    pub(super) fn count_calls(&self, rows_max: u32) -> bool {
        // Held throughout, so that nothing is evicted.
        let list = self.list.read();
        for place in list.iter() {
            let (ids, until): (HashSet<TraceId>, u32) = {
                let segment = place.segment.read();
                let until = segment.len().min(segment.counted + rows_max);
                let rows = (segment.counted..until).map(|at| segment.row(at)).filter(|row| !row.is_gone());
                (rows.map(|row| row.trace().id).collect(), until)
            };
            let mut calls = self.calls.lock();
            if until == place.segment.read().counted {
                continue;
            }
            let rows_of = |id: &TraceId, apply: &mut dyn FnMut(Links)| {
                let guards = guards(&list, self.directory.slots(*id));
                let rows: Vec<_> = guards.iter().flat_map(|segment| counted(segment, *id)).collect();
                apply(links(&rows));
            };
            ids.iter().for_each(|id| rows_of(id, &mut |links| calls.subtract(links)));
            place.segment.write().counted = until;
            ids.iter().for_each(|id| rows_of(id, &mut |links| calls.add(links)));
            return true;
        }
        false
    }
}

/// The rows of a trace that are in the counts of calls.
pub(super) fn counted(segment: &Segment, id: TraceId) -> Vec<Row<'_>> {
    let mut rows = segment.rows_of(id);
    rows.retain(|row| row.at < segment.counted);
    rows
}
