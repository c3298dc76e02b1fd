//! From settings to a storage that is ready to use.

use std::sync::Arc;

use super::{TraceReader, TraceWriter, memory::MemoryStorage};
use crate::settings::{Settings, StorageKind};

/// An opened storage: the two halves of the contract, and what only some backends have.
#[derive(Clone)]
pub struct Storage {
    pub writer: Arc<dyn TraceWriter>,
    pub reader: Arc<dyn TraceReader>,
    /// The memory backend itself, whose usage is a metric.
    pub memory: Option<Arc<MemoryStorage>>,
}

pub fn open(settings: &Settings) -> Storage {
    match settings.args.storage {
        StorageKind::Memory => {
            let memory = Arc::new(MemoryStorage::new(settings.args.memory_max_bytes.as_u64() as usize));
            Storage { writer: memory.clone(), reader: memory.clone(), memory: Some(memory) }
        }
    }
}
