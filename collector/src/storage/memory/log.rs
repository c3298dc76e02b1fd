//! The log of segments: where spans go, where they are, and which make room.
//!
//! Spans are written to an open segment, of which there are several so that writers do not wait for each other. A full segment is
//! packed and takes nothing more. When the store is full, the oldest segment goes, and with it the traces that were not written
//! since; what it holds of other traces moves on to the next segment that holds them, so that traces stay whole.
//!
//! Locks are taken in this order: an open segment's place, the list of segments, a segment, the rest.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard};

use super::{
    MemoryUsage,
    context::{Assembly, Context},
    directory::{Directory, SLOTS_MAX, Slots},
    links::{Calls, Links, links},
    segment::{Row, Segment},
};
use crate::{
    model::{SpanBatch, Trace, TraceId},
    storage::StorageError,
};

/// Into how many segments the store is divided when it is full. There are [`SLOTS_MAX`] at most, and some are not full.
const SEGMENTS: usize = 48;
const SEGMENT_BYTES_MIN: usize = 4 << 10;
/// How many segments are open at once, at most, and how large the store is for each.
const OPEN_MAX: usize = 8;
const BYTES_PER_OPEN: usize = 4 << 20;
/// The largest batch, as a share of the store.
const BATCH_SHARE: usize = 2;
/// The largest trace, as a share of the store: more of it is refused.
const TRACE_SHARE: usize = 8;
/// Traces that are this share of a segment are watched.
const LARGE_SHARE: usize = 4;
/// The share of a segment's spans that is given up with it, at least.
const GIVEN_UP_SHARE: usize = 16;
/// What a span takes at least.
const ROW_BYTES: usize = 64;

pub(super) struct Log {
    hasher: DefaultHashBuilder,
    bytes_max: usize,
    segment_bytes: usize,
    open: Box<[Mutex<Option<Place>>]>,
    next_open: AtomicUsize,
    /// By age, the oldest first.
    pub(super) list: RwLock<Vec<Place>>,
    directory: Directory,
    bytes: AtomicUsize,
    evicted_traces: AtomicU64,
    /// Large traces, and how many bytes of them are in packed segments.
    large: Mutex<HashMap<TraceId, usize>>,
    large_traces: AtomicUsize,
    pub(super) calls: Mutex<Calls>,
}

#[derive(Clone)]
pub(super) struct Place {
    slot: usize,
    is_open: bool,
    pub(super) segment: Arc<RwLock<Segment>>,
}

impl Log {
    pub(super) fn new(bytes_max: usize) -> Self {
        let hasher = DefaultHashBuilder::default();
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let open = cpus.min(OPEN_MAX).min(bytes_max / BYTES_PER_OPEN).max(1);
        Self {
            bytes_max,
            segment_bytes: (bytes_max / SEGMENTS).max(SEGMENT_BYTES_MIN),
            open: (0..open).map(|_| Mutex::default()).collect(),
            next_open: AtomicUsize::default(),
            list: RwLock::default(),
            directory: Directory::new(hasher.clone()),
            bytes: AtomicUsize::default(),
            evicted_traces: AtomicU64::default(),
            large: Mutex::default(),
            large_traces: AtomicUsize::default(),
            calls: Mutex::default(),
            hasher,
        }
    }

    pub(super) fn write(&self, batch: &SpanBatch) -> Result<(), StorageError> {
        self.refuse_too_large(batch)?;
        let contexts: Vec<_> = batch.contexts().iter().map(|context| Arc::new(Context::new(batch, context))).collect();
        let mut open = self.lock_open();
        let place = open.get_or_insert_with(|| self.begin());
        let is_full = {
            let mut segment = place.segment.write();
            let before = segment.allocated();
            let contexts: Vec<_> = contexts.iter().map(|context| segment.context(context)).collect();
            let mut added = Vec::new();
            for span in batch.spans() {
                if segment.push(span.trace_id, contexts[span.context as usize], batch.bytes(&span.encoded)) {
                    added.push(span.trace_id);
                }
            }
            self.directory.add(place.slot, &added);
            let after = segment.allocated();
            self.bytes.fetch_add(after - before, Ordering::Relaxed);
            after >= self.segment_bytes
        };
        if is_full {
            self.pack(&mut open);
        }
        drop(open);
        self.make_room();
        Ok(())
    }

    /// A batch that cannot be held is refused, and so is what comes of a trace that cannot: taking it would only push it out
    /// again, or all others, after its spans were acknowledged.
    fn refuse_too_large(&self, batch: &SpanBatch) -> Result<(), StorageError> {
        let most = self.bytes_max / BATCH_SHARE;
        let bytes = batch.body().len() + ROW_BYTES * batch.spans().len();
        if bytes > most {
            return Err(StorageError::Rejected(format!(
                "the batch takes {bytes} bytes and the memory storage takes {most} at once; send smaller batches or raise its limit"
            )));
        }
        if self.large_traces.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        let most = self.bytes_max / TRACE_SHARE;
        let large = self.large.lock();
        let found =
            batch.spans().iter().find_map(|span| large.get_key_value(&span.trace_id).filter(|(_, held)| **held > most));
        match found {
            Some((id, held)) => Err(StorageError::Rejected(format!(
                "trace {id} takes {held} bytes and the memory storage holds {most} of one; raise its limit"
            ))),
            None => Ok(()),
        }
    }

    /// An open segment's place that nobody writes to, or else the next one.
    fn lock_open(&self) -> MutexGuard<'_, Option<Place>> {
        let first = self.next_open.fetch_add(1, Ordering::Relaxed);
        let at = |offset: usize| &self.open[first.wrapping_add(offset) % self.open.len()];
        (0..self.open.len()).find_map(|offset| at(offset).try_lock()).unwrap_or_else(|| at(0).lock())
    }

    fn begin(&self) -> Place {
        loop {
            let mut list = self.list.write();
            let used: Slots = list.iter().fold(0, |slots, place| slots | 1 << place.slot);
            let slot = (!used).trailing_zeros() as usize;
            if slot < SLOTS_MAX {
                let segment = Segment::new(self.hasher.clone(), self.segment_bytes);
                self.bytes.fetch_add(segment.allocated(), Ordering::Relaxed);
                let place = Place { slot, is_open: true, segment: Arc::new(RwLock::new(segment)) };
                list.push(place.clone());
                return place;
            }
            drop(list);
            self.evict();
        }
    }

    /// Closes an open segment.
    fn pack(&self, open: &mut Option<Place>) {
        let Some(place) = open.take() else { return };
        let mut segment = place.segment.write();
        let before = segment.allocated();
        segment.shrink();
        let after = segment.allocated();
        self.bytes.fetch_sub(before - after, Ordering::Relaxed);
        {
            let mut large = self.large.lock();
            for trace in segment.traces().filter(|trace| trace.rows as usize >= segment.spans / LARGE_SHARE) {
                *large.entry(trace.id).or_default() += after / segment.spans.max(1) * trace.rows as usize;
            }
            self.large_traces.store(large.len(), Ordering::Relaxed);
        }
        drop(segment);
        let mut list = self.list.write();
        list.iter_mut().filter(|listed| listed.slot == place.slot).for_each(|listed| listed.is_open = false);
    }

    fn make_room(&self) {
        while self.bytes() > self.bytes_max {
            if self.evict() {
                continue;
            }
            // Nothing but open segments: one of them must do.
            let Some(mut open) = self.open.iter().map(|open| open.lock()).find(|open| open.is_some()) else { break };
            self.pack(&mut open);
        }
    }

    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed) + self.directory.allocated()
    }

    /// Gives up the oldest segment that is not open; `false` where there is none.
    fn evict(&self) -> bool {
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

    pub(super) fn trace(&self, id: TraceId) -> Option<Trace> {
        let slots = self.directory.slots(id);
        let mut assembly = Assembly::default();
        for place in self.list.read().iter().filter(|place| slots >> place.slot & 1 == 1) {
            assembly.add(&place.segment.read().rows_of(id));
        }
        assembly.finish(id)
    }

    /// The segments as they are now, the oldest first.
    pub(super) fn segments(&self) -> Vec<Arc<RwLock<Segment>>> {
        self.list.read().iter().map(|place| place.segment.clone()).collect()
    }

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

    pub(super) fn usage(&self) -> MemoryUsage {
        MemoryUsage {
            traces: self.directory.len(),
            spans: self.list.read().iter().map(|place| place.segment.read().spans).sum(),
            bytes: self.bytes(),
            evicted_traces: self.evicted_traces.load(Ordering::Relaxed),
        }
    }
}

fn guards(list: &[Place], slots: Slots) -> Vec<RwLockReadGuard<'_, Segment>> {
    list.iter().filter(|place| slots >> place.slot & 1 == 1).map(|place| place.segment.read()).collect()
}

/// The rows of a trace that are in the counts of calls.
fn counted(segment: &Segment, id: TraceId) -> Vec<Row<'_>> {
    let mut rows = segment.rows_of(id);
    rows.retain(|row| row.at < segment.counted);
    rows
}
