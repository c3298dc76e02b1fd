//! Traces in memory, capped in bytes: the least recently written trace goes first.
//!
//! Spans are kept in a log of segments, as columns and as the numbers of attributes that were seen before.

mod attributes;
mod context;
mod count;
mod dictionary;
mod directory;
mod evict;
mod filter;
mod links;
mod log;
#[cfg(test)]
mod random_tests;
mod row;
mod search;
mod segment;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use async_trait::async_trait;

use self::log::Log;
use super::{
    Capabilities, Dependency, Operation, SpanKind, StorageError, TimeRange, TraceQuery, TraceReader, TraceWriter,
};
use crate::model::{SpanBatch, Trace, TraceId};

/// How much the stored traces may take.
pub const DEFAULT_MEMORY_BYTES_MAX: usize = 512 << 20;

/// How many spans are looked at for calls before other requests get a turn.
const ROWS_COUNTED_PER_TURN: u32 = 4_096;

pub struct MemoryStorage {
    log: Log,
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
        Self { log: Log::new(bytes_max), counting: tokio::sync::Mutex::default() }
    }

    pub fn usage(&self) -> MemoryUsage {
        self.log.usage()
    }
}

#[async_trait]
impl TraceWriter for MemoryStorage {
    async fn write(&self, batch: SpanBatch) -> Result<(), StorageError> {
        self.log.write(&batch)
    }
}

#[async_trait]
impl TraceReader for MemoryStorage {
    fn capabilities(&self) -> Capabilities {
        Capabilities { search_without_service: true, ..Capabilities::default() }
    }

    async fn trace(&self, id: TraceId, _range: Option<TimeRange>) -> Result<Option<Trace>, StorageError> {
        Ok(self.log.trace(id))
    }

    async fn find_traces(&self, query: &TraceQuery) -> Result<Vec<Trace>, StorageError> {
        let found = search::find(&self.log, query).await;
        let mut traces = Vec::with_capacity(found.len());
        for id in found {
            traces.extend(self.log.trace(id));
            tokio::task::consume_budget().await;
        }
        Ok(traces)
    }

    async fn services(&self) -> Result<Vec<String>, StorageError> {
        let mut services = BTreeSet::new();
        for segment in self.log.segments() {
            let segment = segment.read();
            let live = segment.services().iter().filter(|service| service.spans > 0);
            for service in live {
                if !services.contains(&*service.name) {
                    services.insert(service.name.to_string());
                }
            }
        }
        Ok(services.into_iter().collect())
    }

    async fn operations(&self, service: &str, kind: Option<SpanKind>) -> Result<Vec<Operation>, StorageError> {
        let mut operations = BTreeSet::new();
        for segment in self.log.segments() {
            let segment = segment.read();
            let Some(service) = segment.services().iter().position(|known| *known.name == *service) else { continue };
            let live = segment.operations().iter().filter(|operation| {
                operation.service as usize == service
                    && operation.spans > 0
                    && kind.is_none_or(|kind| kind == operation.kind)
            });
            operations.extend(live.map(|operation| (segment.name(operation).to_string(), operation.kind)));
        }
        Ok(operations.into_iter().map(|(name, kind)| Operation { name, kind }).collect())
    }

    /// By whole minutes.
    async fn dependencies(&self, range: TimeRange) -> Result<Vec<Dependency>, StorageError> {
        let turn = self.counting.lock().await;
        while self.log.count_calls(ROWS_COUNTED_PER_TURN) {
            tokio::task::yield_now().await;
        }
        drop(turn);
        let minutes = range.from_ns / links::NANOS_PER_MINUTE..=range.to_ns / links::NANOS_PER_MINUTE;
        Ok(self.log.calls.lock().within(minutes))
    }
}
