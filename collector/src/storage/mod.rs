//! The storage contract: one set of traits for every backend, and what each backend can do beyond the least.

pub mod memory;
mod open;
pub mod opensearch;

use async_trait::async_trait;

pub use open::{Storage, open};

use crate::model::{SpanBatch, Trace, TraceId, TraceSummary, summarize};

/// Why a backend could not do what it was asked. The one closed error kind that the receivers and the APIs map to HTTP and gRPC codes.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The backend cannot take it now; the same call may succeed later. Clients are told to retry.
    #[error("storage is busy: {0}")]
    Busy(String),
    /// The backend cannot be reached or is broken. Clients are told to retry.
    #[error("storage is unavailable: {0}")]
    Unavailable(String, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// This input will never be taken. Clients are told not to retry.
    #[error("storage refused the spans: {0}")]
    Rejected(String),
    /// The question makes no sense to this backend.
    #[error("bad query: {0}")]
    InvalidQuery(String),
}

/// What a backend can do beyond the least. Every field's zero value is the least capable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Searches without a service are answered.
    pub search_without_service: bool,
    /// Spans survive a restart.
    pub durable: bool,
    /// Traces can be copied to an archive.
    pub archive: bool,
}

/// Takes batches of spans.
#[async_trait]
pub trait TraceWriter: Send + Sync {
    /// MUST return `Ok` only when every span of the batch is held as durably as this backend promises: the sender is told
    /// that its spans are safe and forgets them. MUST be safe to call again with the same batch after an error.
    async fn write(&self, batch: SpanBatch) -> Result<(), StorageError>;
}

/// Answers questions about stored spans.
#[async_trait]
pub trait TraceReader: Send + Sync {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// MUST return every stored span of the trace, each as it was written; `None` when there is none. `range` is a hint: spans
    /// outside it MAY be left out.
    async fn trace(&self, id: TraceId, range: Option<TimeRange>) -> Result<Option<Trace>, StorageError>;

    /// MUST return the `limit` newest whole traces, newest first, in which a single span meets every condition of the query.
    async fn find_traces(&self, query: &TraceQuery) -> Result<Vec<Trace>, StorageError>;

    /// As [`find_traces`](Self::find_traces), but only the summaries.
    async fn find_summaries(&self, query: &TraceQuery) -> Result<Vec<TraceSummary>, StorageError> {
        Ok(self.find_traces(query).await?.iter().map(summarize).collect())
    }

    /// MUST return every service with a stored span, sorted, each once.
    async fn services(&self) -> Result<Vec<String>, StorageError>;

    /// MUST return each (name, kind) of the service once, sorted; only those of `kind` where it is given.
    async fn operations(&self, service: &str, kind: Option<SpanKind>) -> Result<Vec<Operation>, StorageError>;

    /// MUST return how often each service called each other one within the range, sorted, each pair once and none of a service
    /// with itself. The ends of the range MAY be rounded to what the backend counts by.
    async fn dependencies(&self, range: TimeRange) -> Result<Vec<Dependency>, StorageError>;
}

/// Calls of one service by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    pub parent: String,
    pub child: String,
    pub calls: u64,
}

/// Times in nanoseconds since the Unix epoch, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    pub from_ns: u64,
    pub to_ns: u64,
}

/// The most traces that one search returns (`limit` above it is refused by the APIs).
pub const DEFAULT_SEARCH_LIMIT_MAX: usize = 10_000;

/// One span of a trace must meet all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceQuery {
    /// `None`: any service.
    pub service: Option<String>,
    pub operation: Option<String>,
    /// Key and value of a span attribute, resource attribute, scope attribute or event attribute; values as Jaeger prints
    /// them (`true`, `42`, `1.5`). The keys `error` (`true` when the status is an error), `span.kind` and
    /// `otel.status_code` / `otel.status_description`, `otel.scope.name` / `otel.scope.version` look at the span's own fields.
    pub tags: Vec<(String, String)>,
    /// The span's start.
    pub start: TimeRange,
    pub duration_min_ns: Option<u64>,
    pub duration_max_ns: Option<u64>,
    pub limit: usize,
}

/// The kinds that Jaeger's APIs name. Unspecified counts as [`SpanKind::Internal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanKind {
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation {
    pub name: String,
    pub kind: SpanKind,
}

impl SpanKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }

    /// From OTLP's number; anything unknown counts as internal, as in Jaeger.
    pub fn from_otlp(number: i32) -> Self {
        match number {
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Internal,
        }
    }
}

impl std::str::FromStr for SpanKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer]
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
            .ok_or(())
    }
}
