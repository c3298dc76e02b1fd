//! From settings to a storage that is ready to use.

use std::sync::Arc;

use super::{StorageError, TraceReader, TraceWriter, memory::MemoryStorage, opensearch::OpenSearchStorage};
use crate::settings::{Settings, StorageKind};

/// An opened storage: the two halves of the contract, and what only some backends have.
#[derive(Clone)]
pub struct Storage {
    pub writer: Arc<dyn TraceWriter>,
    pub reader: Arc<dyn TraceReader>,
    /// The memory backend itself, whose usage is a metric.
    pub memory: Option<Arc<MemoryStorage>>,
}

/// Opens the backend that the settings name. A server that is starting is waited for.
pub async fn open(settings: &Settings) -> Result<Storage, StorageError> {
    match settings.args.storage {
        StorageKind::Memory => {
            let memory = Arc::new(MemoryStorage::new(settings.args.memory_max_bytes.as_u64() as usize));
            Ok(Storage { writer: memory.clone(), reader: memory.clone(), memory: Some(memory) })
        }
        StorageKind::Opensearch => {
            let storage = Arc::new(OpenSearchStorage::connect(settings.opensearch()).await?);
            Ok(Storage { writer: storage.clone(), reader: storage, memory: None })
        }
    }
}
