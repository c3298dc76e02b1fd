//! How the oldest segment makes room.

use std::sync::atomic::Ordering;

use super::{
    count::counted,
    directory::Slots,
    links::links,
    log::{Log, Place, guards},
    segment::Segment,
};
use crate::model::TraceId;

/// The share of a segment's spans that is given up with it, at least.
const GIVEN_UP_SHARE: usize = 16;

impl Log {
    /// Gives up the oldest segment that is not open; `false` where there is none.
    pub(super) fn evict(&self) -> bool {
        let mut list = self.list.write();
        let Some(at) = list.iter().position(|place| !place.is_open) else { return false };
        let oldest = list.remove(at);
        let segment = oldest.segment.write();
        let mut gone = Vec::new();
        let mut kept = Vec::new();
        for trace in segment.traces() {
            match self.directory.leave(oldest.slot, trace.id) {
                0 => gone.push(trace.id),
                slots => kept.push((trace.rows as usize, trace.id, slots)),
            }
        }
        // What moves on must leave room: the largest traces go whole.
        kept.sort_unstable();
        let mut room = segment.spans - segment.spans.div_ceil(GIVEN_UP_SHARE);
        let moving =
            kept.iter().take_while(|(rows, ..)| room.checked_sub(*rows).map(|left| room = left).is_some()).count();
        let whole = kept.split_off(moving);
        let mut calls = self.calls.lock();
        if !calls.is_empty() {
            for id in &gone {
                calls.subtract(links(&counted(&segment, *id)));
            }
            for (place, (_, id, slots)) in kept.iter().chain(&whole).enumerate() {
                let others = guards(&list, *slots);
                let left: Vec<_> = others.iter().flat_map(|segment| counted(segment, *id)).collect();
                let all: Vec<_> = counted(&segment, *id).into_iter().chain(left.iter().copied()).collect();
                calls.subtract(links(&all));
                if place < moving {
                    calls.add(links(&left));
                }
            }
        }
        drop(calls);
        for (_, id, slots) in &whole {
            self.directory.forget(*id);
            for place in list.iter().filter(|place| slots >> place.slot & 1 == 1) {
                place.segment.write().remove(*id);
            }
        }
        self.move_on(&segment, &list, &kept);
        let evicted = gone.iter().chain(whole.iter().map(|(_, id, _)| id));
        let mut large = self.large.lock();
        for id in evicted.clone() {
            large.remove(id);
        }
        self.large_traces.store(large.len(), Ordering::Relaxed);
        self.evicted_traces.fetch_add(evicted.count() as u64, Ordering::Relaxed);
        self.bytes.fetch_sub(segment.allocated(), Ordering::Relaxed);
        true
    }

    /// Copies the rows of traces to the oldest of the other segments that hold them.
    fn move_on(&self, from: &Segment, list: &[Place], traces: &[(usize, TraceId, Slots)]) {
        for place in list {
            let is_first = |slots: Slots| {
                list.iter().find(|other| slots >> other.slot & 1 == 1).is_some_and(|first| first.slot == place.slot)
            };
            let mut here = traces.iter().filter(|(_, _, slots)| is_first(*slots)).peekable();
            if here.peek().is_none() {
                continue;
            }
            let mut segment = place.segment.write();
            let before = segment.allocated();
            let mut encoded = Vec::new();
            for (_, id, _) in here {
                for row in from.rows_of(*id) {
                    encoded.clear();
                    row.encode(&mut encoded);
                    let context = segment.context(&row.context().context);
                    segment.push(*id, context, &encoded);
                }
            }
            if !place.is_open {
                segment.shrink();
            }
            let after = segment.allocated();
            self.bytes.fetch_add(after, Ordering::Relaxed);
            self.bytes.fetch_sub(before, Ordering::Relaxed);
        }
    }
}
