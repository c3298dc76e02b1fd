//! The one place through which every API reads traces.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use metrics::{counter, histogram};

use super::adjuster::{self, DEFAULT_CLOCK_SKEW_MAX_SECONDS, warning};
use crate::{
    model::{Trace, TraceId, TraceSummary},
    storage::{
        Capabilities, DEFAULT_SEARCH_LIMIT_MAX, Dependency, Operation, SpanKind, StorageError, TimeRange, TraceQuery,
        TraceReader,
    },
};

/// Spans of one trace beyond these are left out of an answer, with a warning.
pub const DEFAULT_TRACE_SPANS_MAX: usize = 500_000;

#[derive(Clone, Copy, Debug)]
pub struct QueryOptions {
    /// By how much a span may be moved to correct clock skew; zero leaves every span where it is.
    pub clock_skew_max: Duration,
    /// The most spans of one trace in an answer.
    pub trace_spans_max: usize,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self {
            clock_skew_max: Duration::from_secs(DEFAULT_CLOCK_SKEW_MAX_SECONDS),
            trace_spans_max: DEFAULT_TRACE_SPANS_MAX,
        }
    }
}

/// Answers questions over any storage. Traces come adjusted (see [`adjuster`]), or as they were stored when `raw` is asked for.
#[derive(Clone)]
pub struct QueryService {
    reader: Arc<dyn TraceReader>,
    options: QueryOptions,
}

impl QueryService {
    pub fn new(reader: Arc<dyn TraceReader>, options: QueryOptions) -> Self {
        Self { reader, options }
    }

    pub fn options(&self) -> QueryOptions {
        self.options
    }

    pub fn capabilities(&self) -> Capabilities {
        self.reader.capabilities()
    }

    pub async fn services(&self) -> Result<Vec<String>, StorageError> {
        measured("get_services", self.reader.services()).await
    }

    pub async fn operations(&self, service: &str, kind: Option<SpanKind>) -> Result<Vec<Operation>, StorageError> {
        measured("get_operations", self.reader.operations(service, kind)).await
    }

    pub async fn dependencies(&self, range: TimeRange) -> Result<Vec<Dependency>, StorageError> {
        if range.from_ns > range.to_ns {
            return Ok(Vec::new());
        }
        measured("get_dependencies", self.reader.dependencies(range)).await
    }

    pub async fn trace(&self, id: TraceId, range: Option<TimeRange>, raw: bool) -> Result<Option<Trace>, StorageError> {
        let found =
            measured("get_trace", self.reader.trace(id, range)).await?.filter(|trace| trace.spans().next().is_some());
        Ok(self.prepare(found.into_iter().collect(), raw).await?.pop())
    }

    pub async fn find_traces(&self, query: &TraceQuery, raw: bool) -> Result<Vec<Trace>, StorageError> {
        self.check(query)?;
        if query.start.from_ns > query.start.to_ns {
            return Ok(Vec::new());
        }
        self.prepare(measured("find_traces", self.reader.find_traces(query)).await?, raw).await
    }

    pub async fn find_summaries(&self, query: &TraceQuery) -> Result<Vec<TraceSummary>, StorageError> {
        self.check(query)?;
        if query.start.from_ns > query.start.to_ns {
            return Ok(Vec::new());
        }
        measured("find_trace_summaries", self.reader.find_summaries(query)).await
    }

    fn check(&self, query: &TraceQuery) -> Result<(), StorageError> {
        if !(1..=DEFAULT_SEARCH_LIMIT_MAX).contains(&query.limit) {
            let message = format!("the limit of traces must be from 1 to {DEFAULT_SEARCH_LIMIT_MAX}");
            return Err(StorageError::InvalidQuery(message));
        }
        if query.service.is_none() && !self.reader.capabilities().search_without_service {
            return Err(StorageError::InvalidQuery("this storage needs the name of a service to search".into()));
        }
        Ok(())
    }

    /// Cuts and adjusts traces, away from the threads that serve connections.
    async fn prepare(&self, mut traces: Vec<Trace>, raw: bool) -> Result<Vec<Trace>, StorageError> {
        let options = self.options;
        let prepared = tokio::task::spawn_blocking(move || {
            for trace in &mut traces {
                truncate(trace, options.trace_spans_max);
                if !raw {
                    adjuster::adjust(&mut trace.resource_spans, options.clock_skew_max);
                }
                mark(trace);
            }
            traces
        });
        prepared.await.map_err(|error| {
            StorageError::Unavailable("the trace could not be put in order".into(), Some(Box::new(error)))
        })
    }
}

/// Counts a question to the storage and how long it took, under the names that Jaeger has for them.
async fn measured<T>(
    operation: &'static str,
    asked: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    let began = Instant::now();
    let answer = asked.await;
    let result = if answer.is_ok() { "ok" } else { "err" };
    counter!("jaeger_storage_requests_total", "operation" => operation, "result" => result).increment(1);
    histogram!("jaeger_storage_latency_seconds", "operation" => operation, "result" => result).record(began.elapsed());
    answer
}

fn truncate(trace: &mut Trace, spans_max: usize) {
    let mut left = spans_max;
    let mut cut = false;
    for scope in trace.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans) {
        cut |= scope.spans.len() > left;
        scope.spans.truncate(left);
        left -= scope.spans.len();
    }
    if cut {
        trace.warning = Some(format!("the trace has more than {spans_max} spans; only the first are shown"));
    }
}

/// Shows the trace's own warning on its first span too: OTLP has no place for it.
fn mark(trace: &mut Trace) {
    let spans = trace.resource_spans.iter_mut().flat_map(|r| &mut r.scope_spans).flat_map(|s| &mut s.spans);
    if let (Some(text), Some(span)) = (&trace.warning, spans.into_iter().next()) {
        warning::add(span, text.as_str());
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

    use super::*;

    #[test]
    fn a_trace_that_is_too_long_is_cut_and_says_so() {
        let scope = |spans: usize| ScopeSpans { spans: vec![Span::default(); spans], ..Default::default() };
        let long = Trace {
            resource_spans: vec![ResourceSpans { scope_spans: vec![scope(2), scope(3)], ..Default::default() }],
            ..Default::default()
        };
        let mut whole = long.clone();
        truncate(&mut whole, 5);
        assert_eq!(whole, long);
        let mut cut = long.clone();
        truncate(&mut cut, 3);
        mark(&mut cut);
        assert_eq!(cut.spans().count(), 3);
        let text = "the trace has more than 3 spans; only the first are shown";
        assert_eq!(cut.warning.as_deref(), Some(text));
        let (_, first) = cut.spans().next().expect("a span");
        assert_eq!(warning::texts(&first.attributes[0]).collect::<Vec<_>>(), [text]);
    }
}
