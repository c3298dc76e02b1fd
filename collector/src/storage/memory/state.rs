//! The stored traces and their indexes, under one lock.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque, hash_map::Entry},
    ops::RangeInclusive,
    sync::Arc,
};

use super::{
    MemoryUsage, NANOS_PER_SECOND,
    chunk::{Chunk, Context},
    links::{Link, Pair},
};
use crate::{
    model::TraceId,
    storage::{Dependency, Operation, SpanKind, StorageError},
};

/// What a trace, a chunk, a context, an index entry and an operation take beside their bytes: the structs, the table entries and
/// the allocator's rounding.
const TRACE_OVERHEAD_BYTES: usize = 192;
const CHUNK_OVERHEAD_BYTES: usize = 96;
const CONTEXT_OVERHEAD_BYTES: usize = 128;
const POSTING_OVERHEAD_BYTES: usize = 64;
const OPERATION_OVERHEAD_BYTES: usize = 96;
/// The same for what a trace tells of calls, and its share of what is counted of all.
const LINK_BYTES: usize = 96;

/// How far the eviction queue may outgrow the number of traces before it is cleaned of what was written again since.
const QUEUE_SLACK: usize = 1024;

#[derive(Default)]
pub(super) struct State {
    traces: HashMap<TraceId, StoredTrace>,
    services: HashMap<Arc<str>, ServiceIndex>,
    /// How many stored chunks share each context.
    contexts: HashMap<Arc<Context>, usize>,
    /// Traces by last write, the oldest first; an entry whose number is not the trace's own is out of date.
    queue: VecDeque<(u64, TraceId)>,
    writes: u64,
    /// Calls by pair of services and minute, of all traces that are not among the next.
    calls: HashMap<Pair, BTreeMap<u64, u64>>,
    /// Traces that have changed since their calls were counted.
    uncounted: HashSet<TraceId>,
    usage: MemoryUsage,
}

#[derive(Default)]
struct StoredTrace {
    chunks: Vec<Chunk>,
    /// Where the service indexes name this trace.
    postings: Vec<(Arc<str>, u64)>,
    last_write: u64,
    bytes: usize,
    links: Vec<Link>,
}

#[derive(Default)]
struct ServiceIndex {
    /// How many stored spans each operation has, by kind.
    operations: HashMap<Box<str>, [u32; 5]>,
    /// The seconds in which a span of the service starts, and its trace.
    seconds: BTreeSet<(u64, TraceId)>,
}

/// Traces that made room; whoever gets them drops them outside the lock.
pub(super) struct Evicted(#[allow(dead_code, reason = "held only to be dropped")] Vec<Vec<Chunk>>);

impl State {
    pub(super) fn insert(&mut self, chunks: Vec<Chunk>, bytes_max: usize) -> Result<Evicted, StorageError> {
        self.refuse_too_large(&chunks, bytes_max)?;
        self.writes += 1;
        for chunk in chunks {
            self.insert_chunk(chunk);
        }
        let mut evicted = Vec::new();
        while self.usage.bytes > bytes_max
            && let Some((write, id)) = self.queue.pop_front()
        {
            if self.traces.get(&id).is_some_and(|trace| trace.last_write == write) {
                evicted.extend(self.remove(id));
                self.usage.evicted_traces += 1;
            }
        }
        if self.queue.len() > 2 * self.traces.len() + QUEUE_SLACK {
            let traces = &self.traces;
            self.queue.retain(|(write, id)| traces.get(id).is_some_and(|trace| trace.last_write == *write));
        }
        Ok(Evicted(evicted))
    }

    /// A trace that cannot be held whole is refused: taking it would only evict it again, after its spans were acknowledged.
    fn refuse_too_large(&self, chunks: &[Chunk], bytes_max: usize) -> Result<(), StorageError> {
        let total: usize = chunks.iter().map(|chunk| TRACE_OVERHEAD_BYTES + chunk_bytes(chunk)).sum();
        if total > bytes_max {
            return Err(StorageError::Rejected(format!(
                "the batch takes {total} bytes and the memory storage holds {bytes_max}; send smaller batches or raise the limit"
            )));
        }
        for run in chunks.chunk_by(|left, right| left.trace_id == right.trace_id) {
            let held = self.traces.get(&run[0].trace_id).map_or(0, |trace| trace.bytes);
            let added: usize = run.iter().map(chunk_bytes).sum();
            if held + added > bytes_max {
                let id = run[0].trace_id;
                return Err(StorageError::Rejected(format!(
                    "trace {id} would take {} bytes and the memory storage holds {bytes_max}; raise the limit",
                    held + added
                )));
            }
        }
        Ok(())
    }

    fn insert_chunk(&mut self, mut chunk: Chunk) {
        let mut bytes = CHUNK_OVERHEAD_BYTES + chunk.encoded.len();
        match self.contexts.entry(chunk.context.clone()) {
            Entry::Occupied(mut known) => {
                *known.get_mut() += 1;
                chunk.context = known.key().clone();
            }
            Entry::Vacant(new) => {
                self.usage.bytes += context_bytes(&chunk.context);
                new.insert(1);
            }
        }
        let trace = self.traces.entry(chunk.trace_id).or_insert_with(|| {
            self.usage.traces += 1;
            bytes += TRACE_OVERHEAD_BYTES;
            StoredTrace::default()
        });
        if trace.last_write != self.writes {
            trace.last_write = self.writes;
            self.queue.push_back((self.writes, chunk.trace_id));
            self.uncounted.insert(chunk.trace_id);
        }
        let service = &chunk.context.service;
        let index = self.services.entry(service.clone()).or_default();
        let mut last_second = None;
        for span in chunk.spans() {
            let second = span.start_ns / NANOS_PER_SECOND;
            if last_second != Some(second) && index.seconds.insert((second, chunk.trace_id)) {
                trace.postings.push((service.clone(), second));
                bytes += POSTING_OVERHEAD_BYTES;
            }
            last_second = Some(second);
            match index.operations.get_mut(span.name) {
                Some(counts) => counts[span.kind as usize] += 1,
                None => {
                    self.usage.bytes += OPERATION_OVERHEAD_BYTES + span.name.len();
                    let mut counts = [0; 5];
                    counts[span.kind as usize] = 1;
                    index.operations.insert(span.name.into(), counts);
                }
            }
        }
        self.usage.spans += chunk.spans as usize;
        self.usage.bytes += bytes;
        trace.bytes += bytes;
        trace.chunks.push(chunk);
    }

    fn remove(&mut self, id: TraceId) -> Option<Vec<Chunk>> {
        self.uncounted.remove(&id);
        let mut trace = self.traces.remove(&id)?;
        self.discount(&mut trace);
        self.usage.traces -= 1;
        self.usage.bytes -= trace.bytes;
        for chunk in &trace.chunks {
            self.usage.spans -= chunk.spans as usize;
            if let Some(index) = self.services.get_mut(&chunk.context.service) {
                self.usage.bytes -= forget_operations(index, chunk);
            }
        }
        for (service, second) in &trace.postings {
            if let Some(index) = self.services.get_mut(service) {
                index.seconds.remove(&(*second, id));
                if index.seconds.is_empty() {
                    self.services.remove(service);
                }
            }
        }
        for chunk in &trace.chunks {
            if let Entry::Occupied(mut context) = self.contexts.entry(chunk.context.clone()) {
                *context.get_mut() -= 1;
                if *context.get() == 0 {
                    self.usage.bytes -= context_bytes(&chunk.context);
                    context.remove();
                }
            }
        }
        Some(trace.chunks)
    }

    /// Some of the traces whose calls are to be counted, with when they were last written.
    pub(super) fn take_uncounted(&mut self, max: usize) -> Vec<(TraceId, u64, Vec<Chunk>)> {
        let ids: Vec<TraceId> = self.uncounted.iter().take(max).copied().collect();
        ids.into_iter()
            .filter_map(|id| {
                self.uncounted.remove(&id);
                let trace = self.traces.get(&id)?;
                Some((id, trace.last_write, trace.chunks.clone()))
            })
            .collect()
    }

    /// Takes what was found of each trace, unless it has been written again since.
    pub(super) fn count_all(&mut self, counted: Vec<(TraceId, u64, Vec<Link>)>) {
        for (id, last_write, links) in counted {
            let Some(mut trace) = self.traces.remove(&id) else { continue };
            if trace.last_write == last_write {
                self.discount(&mut trace);
                self.count(&mut trace, links);
            }
            self.traces.insert(id, trace);
        }
    }

    fn count(&mut self, trace: &mut StoredTrace, links: Vec<Link>) {
        for link in &links {
            let minutes = self.calls.entry(link.pair.clone()).or_default();
            *minutes.entry(link.minute).or_default() += u64::from(link.calls);
        }
        let bytes = links.len() * LINK_BYTES;
        trace.bytes += bytes;
        self.usage.bytes += bytes;
        trace.links = links;
    }

    fn discount(&mut self, trace: &mut StoredTrace) {
        let bytes = trace.links.len() * LINK_BYTES;
        trace.bytes -= bytes;
        self.usage.bytes -= bytes;
        for link in trace.links.drain(..) {
            let Some(minutes) = self.calls.get_mut(&link.pair) else { continue };
            if let Some(calls) = minutes.get_mut(&link.minute) {
                *calls -= u64::from(link.calls);
                if *calls == 0 {
                    minutes.remove(&link.minute);
                }
            }
            if minutes.is_empty() {
                self.calls.remove(&link.pair);
            }
        }
    }

    pub(super) fn dependencies(&self, minutes: RangeInclusive<u64>) -> Vec<Dependency> {
        let mut found: Vec<_> = self
            .calls
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

    pub(super) fn usage(&self) -> MemoryUsage {
        self.usage
    }

    pub(super) fn chunks(&self, id: TraceId) -> Vec<Chunk> {
        self.traces.get(&id).map(|trace| trace.chunks.clone()).unwrap_or_default()
    }

    pub(super) fn services(&self) -> Vec<String> {
        let mut services: Vec<_> = self.services.keys().map(|service| service.to_string()).collect();
        services.sort_unstable();
        services
    }

    pub(super) fn operations(&self, service: &str, kind: Option<SpanKind>) -> Vec<Operation> {
        let kinds = [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
        let mut operations: Vec<_> = self
            .services
            .get(service)
            .into_iter()
            .flat_map(|index| &index.operations)
            .flat_map(|(name, counts)| {
                kinds.into_iter().filter(|kind| counts[*kind as usize] > 0).map(|kind| (name.to_string(), kind))
            })
            .filter(|(_, found)| kind.is_none_or(|kind| kind == *found))
            .map(|(name, kind)| Operation { name, kind })
            .collect();
        operations.sort_unstable();
        operations
    }

    /// The traces with a span of the service that starts in the newest second at or before `until` and not before `from`.
    pub(super) fn newest_second(&self, service: Option<&str>, from: u64, until: u64) -> Option<(u64, Vec<TraceId>)> {
        let indexes: Vec<_> = match service {
            Some(service) => self.services.get(service).into_iter().collect(),
            None => self.services.values().collect(),
        };
        let range = (from, TraceId([0; 16]))..=(until, TraceId([0xff; 16]));
        let second = indexes
            .iter()
            .filter_map(|index| index.seconds.range(range.clone()).next_back())
            .map(|(second, _)| *second)
            .max()?;
        let within = (second, TraceId([0; 16]))..=(second, TraceId([0xff; 16]));
        let mut ids: Vec<_> =
            indexes.iter().flat_map(|index| index.seconds.range(within.clone())).map(|(_, id)| *id).collect();
        if indexes.len() > 1 {
            ids.sort_unstable();
            ids.dedup();
        }
        Some((second, ids))
    }
}

fn chunk_bytes(chunk: &Chunk) -> usize {
    CHUNK_OVERHEAD_BYTES + chunk.encoded.len()
}

fn context_bytes(context: &Context) -> usize {
    CONTEXT_OVERHEAD_BYTES + context.resource.len() + context.scope.len() + context.service.len()
}

/// Counts the chunk's spans out of their operations and returns how many bytes that freed.
fn forget_operations(index: &mut ServiceIndex, chunk: &Chunk) -> usize {
    let mut freed = 0;
    for span in chunk.spans() {
        let Some(counts) = index.operations.get_mut(span.name) else { continue };
        counts[span.kind as usize] -= 1;
        if *counts == [0; 5] {
            index.operations.remove(span.name);
            freed += OPERATION_OVERHEAD_BYTES + span.name.len();
        }
    }
    freed
}
