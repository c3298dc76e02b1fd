//! OpenSearch, in Jaeger's own indices: what Jaeger wrote is read, and what is written here Jaeger reads.

mod answer;
mod auth;
mod bulk;
mod client;
mod document;
mod query;
mod reader;
mod retention;
mod schema;
mod writer;

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;

pub use auth::{Auth, DEFAULT_SIGNING_SERVICE};
pub use bulk::DEFAULT_ATTEMPTS_MAX;
use client::Client;
use reader::Reader;
use retention::Retention;
use schema::IndexNames;
use writer::Writer;

use super::{
    Capabilities, Dependency, Operation, SpanKind, StorageError, TimeRange, TraceQuery, TraceReader, TraceWriter,
};
use crate::model::{SpanBatch, Trace, TraceId, TraceSummary};

pub const DEFAULT_SERVER: &str = "http://127.0.0.1:9200";
pub const DEFAULT_SHARDS: u32 = 5;
pub const DEFAULT_REPLICAS: u32 = 1;
/// The smallest Amazon OpenSearch Service domains take requests of 10 MiB.
pub const DEFAULT_BULK_BYTES_MAX: usize = 5_000_000;
pub const DEFAULT_BULK_REQUESTS_MAX: usize = 4;
/// Encoded documents that wait for a bulk request or are in one.
pub const DEFAULT_WAITING_BYTES_MAX: usize = 64 * 1_024 * 1_024;
pub const DEFAULT_ANSWER_BYTES_MAX: usize = 128 * 1_024 * 1_024;
pub const DEFAULT_TRACE_SPANS_MAX: usize = 200_000;
/// How far before and after the time of a search its traces reach.
pub const DEFAULT_TRACE_DURATION_MAX: Duration = Duration::from_secs(24 * 3_600);
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
pub const DEFAULT_WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a cluster may take to come up.
pub const DEFAULT_START_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub struct OpenSearchSettings {
    /// Tried in turn.
    pub servers: Vec<String>,
    pub auth: Auth,
    /// Set before the names of all indices, with a dash.
    pub index_prefix: String,
    /// Nothing is written, index templates included: for credentials that may only read.
    pub read_only: bool,
    /// Daily indices are deleted when their whole day is older; `None` keeps them.
    pub retention_days: Option<u32>,
    pub shards: u32,
    pub replicas: u32,
    pub bulk_bytes_max: usize,
    pub bulk_requests_max: usize,
    pub waiting_bytes_max: usize,
    pub answer_bytes_max: usize,
    pub trace_spans_max: usize,
    pub trace_duration_max: Duration,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    pub write_timeout: Duration,
    pub start_timeout: Duration,
}

impl Default for OpenSearchSettings {
    fn default() -> Self {
        Self {
            servers: vec![DEFAULT_SERVER.into()],
            auth: Auth::None,
            index_prefix: String::new(),
            read_only: false,
            retention_days: None,
            shards: DEFAULT_SHARDS,
            replicas: DEFAULT_REPLICAS,
            bulk_bytes_max: DEFAULT_BULK_BYTES_MAX,
            bulk_requests_max: DEFAULT_BULK_REQUESTS_MAX,
            waiting_bytes_max: DEFAULT_WAITING_BYTES_MAX,
            answer_bytes_max: DEFAULT_ANSWER_BYTES_MAX,
            trace_spans_max: DEFAULT_TRACE_SPANS_MAX,
            trace_duration_max: DEFAULT_TRACE_DURATION_MAX,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            request_timeout: DEFAULT_REQUEST_TIMEOUT,
            write_timeout: DEFAULT_WRITE_TIMEOUT,
            start_timeout: DEFAULT_START_TIMEOUT,
        }
    }
}

pub struct OpenSearchStorage {
    reader: Reader,
    writer: Writer,
    _retention: Option<Retention>,
}

impl OpenSearchStorage {
    /// Waits for the cluster, within `start_timeout`, puts the index templates and begins to delete what is too old. A read-only
    /// storage does none of it.
    pub async fn connect(settings: OpenSearchSettings) -> Result<Self, StorageError> {
        let client = Arc::new(Client::new(&settings).await?);
        if !settings.read_only {
            schema::put_templates(&client, &settings).await?;
        }
        let names = IndexNames::new(&settings.index_prefix);
        let retention_days = settings.retention_days.filter(|_| !settings.read_only);
        let retention = retention_days.map(|days| Retention::start(client.clone(), names, days));
        let reader = Reader::new(client.clone(), &settings);
        Ok(Self { reader, writer: Writer::new(client, &settings), _retention: retention })
    }
}

/// Names the daily indices whose whole day is more than `days` days old.
pub async fn expired_indices(settings: &OpenSearchSettings, days: u32) -> Result<Vec<String>, StorageError> {
    let names = IndexNames::new(&settings.index_prefix);
    Ok(retention::expired(&Client::new(settings).await?, &names, days).await?)
}

/// Deletes them, once, and names what it has deleted: for whoever runs no collector with a retention.
pub async fn delete_expired_indices(settings: &OpenSearchSettings, days: u32) -> Result<Vec<String>, StorageError> {
    let names = IndexNames::new(&settings.index_prefix);
    Ok(retention::delete_expired(&Client::new(settings).await?, &names, days).await?)
}

#[async_trait]
impl TraceWriter for OpenSearchStorage {
    async fn write(&self, batch: SpanBatch) -> Result<(), StorageError> {
        self.writer.write(batch).await
    }
}

#[async_trait]
impl TraceReader for OpenSearchStorage {
    fn capabilities(&self) -> Capabilities {
        Capabilities { search_without_service: true, durable: true, archive: false }
    }

    async fn trace(&self, id: TraceId, range: Option<TimeRange>) -> Result<Option<Trace>, StorageError> {
        self.reader.trace(id, range).await
    }

    async fn find_traces(&self, query: &TraceQuery) -> Result<Vec<Trace>, StorageError> {
        self.reader.find_traces(query).await
    }

    async fn find_summaries(&self, query: &TraceQuery) -> Result<Vec<TraceSummary>, StorageError> {
        self.reader.find_summaries(query).await
    }

    async fn services(&self) -> Result<Vec<String>, StorageError> {
        self.reader.services().await
    }

    async fn operations(&self, service: &str, kind: Option<SpanKind>) -> Result<Vec<Operation>, StorageError> {
        self.reader.operations(service, kind).await
    }

    async fn dependencies(&self, range: TimeRange) -> Result<Vec<Dependency>, StorageError> {
        self.reader.dependencies(range).await
    }
}

/// Between half of the pause and the whole, so that many senders do not come back at the same moment.
fn jitter(pause: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) as f64 / u64::MAX as f64;
    pause.mul_f64(0.5 + random / 2.0)
}
