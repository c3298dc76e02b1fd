//! Which segments hold spans of a trace.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use crate::model::TraceId;

const PARTS: usize = 16;
/// How many segments there can be: one bit for each.
pub(super) const SLOTS_MAX: usize = u64::BITS as usize;

/// Numbers of segments, as bits.
pub(super) type Slots = u64;

pub(super) struct Directory {
    parts: [Mutex<HashMap<TraceId, Slots>>; PARTS],
    hasher: DefaultHashBuilder,
}

impl Directory {
    pub(super) fn new(hasher: DefaultHashBuilder) -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::new(HashMap::with_hasher(hasher.clone()))), hasher }
    }

    fn part(&self, id: TraceId) -> &Mutex<HashMap<TraceId, Slots>> {
        // The table takes the lowest and the highest bits.
        &self.parts[(self.hasher.hash_one(id) >> 32) as usize % PARTS]
    }

    pub(super) fn add(&self, slot: usize, ids: &[TraceId]) {
        for id in ids {
            *self.part(*id).lock().entry(*id).or_default() |= 1 << slot;
        }
    }

    pub(super) fn slots(&self, id: TraceId) -> Slots {
        self.part(id).lock().get(&id).copied().unwrap_or_default()
    }

    /// Takes a segment out, and returns those that are left; a trace without any is forgotten.
    pub(super) fn leave(&self, slot: usize, id: TraceId) -> Slots {
        let mut part = self.part(id).lock();
        let Some(slots) = part.get_mut(&id) else { return 0 };
        *slots &= !(1 << slot);
        let left = *slots;
        if left == 0 {
            part.remove(&id);
        }
        left
    }

    pub(super) fn forget(&self, id: TraceId) {
        self.part(id).lock().remove(&id);
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.lock().len()).sum()
    }

    pub(super) fn allocated(&self) -> usize {
        self.parts.iter().map(|part| part.lock().allocation_size()).sum()
    }
}
