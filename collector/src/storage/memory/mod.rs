//! Traces in memory, capped in bytes: the least recently written trace goes first.
//!
//! A trace is kept as the encoded spans it came as, grouped by trace, resource and scope, in exactly sized chunks.

mod chunk;
mod links;
mod search;
mod state;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use parking_lot::RwLock;

use self::{chunk::Chunk, state::State};
use super::{
    Capabilities, Dependency, Operation, SpanKind, StorageError, TimeRange, TraceQuery, TraceReader, TraceWriter,
};
use crate::model::{SpanBatch, Trace, TraceId};

/// How much the stored traces may take.
pub const DEFAULT_MEMORY_BYTES_MAX: usize = 512 << 20;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
/// How many traces are looked at for their calls before other requests get a turn.
const TRACES_COUNTED_PER_TURN: usize = 256;

pub struct MemoryStorage {
    state: RwLock<State>,
    bytes_max: usize,
    /// Who counts calls: others wait, and find them counted.
    counting: tokio::sync::Mutex<()>,
}

/// What the store holds, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUsage {
    pub traces: usize,
    pub spans: usize,
    pub bytes: usize,
    /// Traces that made room for newer ones since the start.
    pub evicted_traces: u64,
}

impl MemoryStorage {
    pub fn new(bytes_max: usize) -> Self {
        Self { state: RwLock::default(), bytes_max, counting: tokio::sync::Mutex::default() }
    }

    pub fn usage(&self) -> MemoryUsage {
        self.state.read().usage()
    }
}

#[async_trait]
impl TraceWriter for MemoryStorage {
    async fn write(&self, batch: SpanBatch) -> Result<(), StorageError> {
        let chunks = chunk::split(&batch);
        drop(batch);
        let evicted = self.state.write().insert(chunks, self.bytes_max)?;
        // Freed here, outside the lock.
        drop(evicted);
        Ok(())
    }
}

#[async_trait]
impl TraceReader for MemoryStorage {
    fn capabilities(&self) -> Capabilities {
        Capabilities { search_without_service: true, ..Capabilities::default() }
    }

    async fn trace(&self, id: TraceId, _range: Option<TimeRange>) -> Result<Option<Trace>, StorageError> {
        let chunks = self.state.read().chunks(id);
        Ok((!chunks.is_empty()).then(|| chunk::assemble(id, &chunks)))
    }

    async fn find_traces(&self, query: &TraceQuery) -> Result<Vec<Trace>, StorageError> {
        let found = search::find(&self.state, query).await;
        let mut traces = Vec::with_capacity(found.len());
        for id in found {
            let chunks = self.state.read().chunks(id);
            if !chunks.is_empty() {
                traces.push(chunk::assemble(id, &chunks));
            }
            tokio::task::consume_budget().await;
        }
        Ok(traces)
    }

    async fn services(&self) -> Result<Vec<String>, StorageError> {
        Ok(self.state.read().services())
    }

    async fn operations(&self, service: &str, kind: Option<SpanKind>) -> Result<Vec<Operation>, StorageError> {
        Ok(self.state.read().operations(service, kind))
    }

    /// By whole minutes.
    async fn dependencies(&self, range: TimeRange) -> Result<Vec<Dependency>, StorageError> {
        let turn = self.counting.lock().await;
        loop {
            let uncounted = self.state.write().take_uncounted(TRACES_COUNTED_PER_TURN);
            if uncounted.is_empty() {
                break;
            }
            let counted: Vec<_> =
                uncounted.iter().map(|(id, written, chunks)| (*id, *written, links::links(chunks))).collect();
            self.state.write().count_all(counted);
            tokio::task::yield_now().await;
        }
        drop(turn);
        let minutes = range.from_ns / links::NANOS_PER_MINUTE..=range.to_ns / links::NANOS_PER_MINUTE;
        Ok(self.state.read().dependencies(minutes))
    }
}
