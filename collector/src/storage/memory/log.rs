//! The log of segments: where spans go, where they are, and which make room.
//!
//! Spans are written to an open segment, of which there are several so that writers do not wait for each other. A full segment is
//! packed and takes nothing more. When the store is full, the oldest segment goes, and with it the traces that were not written
//! since; what it holds of other traces moves on to the next segment that holds them, so that traces stay whole.
//!
//! Locks are taken in this order: an open segment's place, the list of segments, a segment, the rest.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard};

use super::{
    MemoryUsage,
    context::{Assembly, Context},
    directory::{Directory, SLOTS_MAX, Slots},
    links::Calls,
    segment::Segment,
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
/// What a span takes at most beside its own bytes, in all columns and tables, while they grow.
const SPAN_OVERHEAD_BYTES: usize = 256;

pub(super) struct Log {
    hasher: DefaultHashBuilder,
    bytes_max: usize,
    segment_bytes: usize,
    open: Box<[Mutex<Option<Place>>]>,
    next_open: AtomicUsize,
    /// By age, the oldest first.
    pub(super) list: RwLock<Vec<Place>>,
    pub(super) directory: Directory,
    pub(super) bytes: AtomicUsize,
    pub(super) evicted_traces: AtomicU64,
    /// Large traces, and how many bytes of them are in packed segments.
    pub(super) large: Mutex<HashMap<TraceId, usize>>,
    pub(super) large_traces: AtomicUsize,
    pub(super) calls: Mutex<Calls>,
}

#[derive(Clone)]
pub(super) struct Place {
    pub(super) slot: usize,
    pub(super) is_open: bool,
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
        let bytes = batch.body().len() + SPAN_OVERHEAD_BYTES * batch.spans().len();
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

    pub(super) fn usage(&self) -> MemoryUsage {
        MemoryUsage {
            traces: self.directory.len(),
            spans: self.list.read().iter().map(|place| place.segment.read().spans).sum(),
            bytes: self.bytes(),
            evicted_traces: self.evicted_traces.load(Ordering::Relaxed),
        }
    }
}

/// The segments of these numbers, to be read.
pub(super) fn guards(list: &[Place], slots: Slots) -> Vec<RwLockReadGuard<'_, Segment>> {
    list.iter().filter(|place| slots >> place.slot & 1 == 1).map(|place| place.segment.read()).collect()
}
