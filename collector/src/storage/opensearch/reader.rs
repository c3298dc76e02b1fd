//! Searches and what becomes of their answers.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use http::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    OpenSearchSettings,
    answer::{Answer, Answers},
    client::{Client, ClientError},
    document::{Placed, SpanDocument, assemble},
    query,
    schema::IndexNames,
};
use crate::{
    model::{Trace, TraceId, TraceSummary, summarize},
    storage::{Dependency, Operation, SpanKind, StorageError, TimeRange, TraceQuery},
};

/// The most documents that OpenSearch gives at once (`index.max_result_window`), and names in one page.
const DEFAULT_PAGE_DOCUMENTS_MAX: usize = 10_000;
/// Pages shrink to no less than this when their answer is too large.
const DEFAULT_PAGE_DOCUMENTS_MIN: usize = 10;
/// How many traces are fetched by one search.
const DEFAULT_TRACES_PER_SEARCH: usize = 100;
/// How many pages of names are read.
const DEFAULT_NAME_PAGES_MAX: usize = 100;
/// What a summary needs of a span.
const SUMMARY_FIELDS: &[&str] = &[
    "traceID",
    "spanID",
    "parentSpanID",
    "references",
    "operationName",
    "startTime",
    "duration",
    "tags",
    "tag",
    "otlp",
    "process.serviceName",
];

pub(super) struct Reader {
    client: Arc<Client>,
    names: IndexNames,
    trace_duration_max_ns: u64,
    trace_spans_max: usize,
}

impl Reader {
    pub(super) fn new(client: Arc<Client>, settings: &OpenSearchSettings) -> Self {
        Self {
            client,
            names: IndexNames::new(&settings.index_prefix),
            trace_duration_max_ns: u64::try_from(settings.trace_duration_max.as_nanos()).unwrap_or(u64::MAX),
            trace_spans_max: settings.trace_spans_max,
        }
    }

    pub(super) async fn services(&self) -> Result<Vec<String>, StorageError> {
        let keys = self.all_names(|after| query::services(DEFAULT_PAGE_DOCUMENTS_MAX, after)).await?;
        Ok(keys.iter().filter_map(|key| Some(key["service"].as_str()?.to_owned())).collect())
    }

    pub(super) async fn operations(
        &self,
        service: &str,
        kind: Option<SpanKind>,
    ) -> Result<Vec<Operation>, StorageError> {
        let keys = self.all_names(|after| query::operations(service, DEFAULT_PAGE_DOCUMENTS_MAX, after)).await?;
        let pair = |key: &Value| {
            let known = key["kind"].as_str().and_then(|kind| kind.parse::<SpanKind>().ok());
            Some((key["operation"].as_str()?.to_owned(), known))
        };
        let pairs: Vec<_> = keys.iter().filter_map(pair).collect();
        let known: HashSet<&str> =
            pairs.iter().filter(|(_, kind)| kind.is_some()).map(|(name, _)| name.as_str()).collect();
        let operation = |(name, found): &(String, Option<SpanKind>)| match found {
            Some(found) => {
                kind.is_none_or(|kind| kind == *found).then(|| Operation { name: name.clone(), kind: *found })
            }
            // Jaeger's documents name no kind, and Jaeger answers with them whatever the kind that is asked for.
            None if known.contains(name.as_str()) => None,
            None => Some(Operation { name: name.clone(), kind: kind.unwrap_or(SpanKind::Internal) }),
        };
        let operations: BTreeSet<_> = pairs.iter().filter_map(operation).collect();
        Ok(operations.into_iter().collect())
    }

    pub(super) async fn trace(&self, id: TraceId, range: Option<TimeRange>) -> Result<Option<Trace>, StorageError> {
        let indices = self.names.spans(range.map(|range| self.widened(range)));
        Ok(self.fetch(&[id], &indices, None).await?.remove(&id))
    }

    pub(super) async fn find_traces(&self, query: &TraceQuery) -> Result<Vec<Trace>, StorageError> {
        self.find(query, None, |trace| trace).await
    }

    pub(super) async fn find_summaries(&self, query: &TraceQuery) -> Result<Vec<TraceSummary>, StorageError> {
        self.find(query, Some(SUMMARY_FIELDS), |trace| summarize(&trace)).await
    }

    /// What Jaeger's job has counted, in its documents. A job that ran twice for one time has written twice: of what it says
    /// of a pair then, the larger counts, and not the sum.
    pub(super) async fn dependencies(&self, range: TimeRange) -> Result<Vec<Dependency>, StorageError> {
        let search = query::dependencies(range, DEFAULT_PAGE_DOCUMENTS_MAX);
        let answer: Answer<DependenciesDocument> = self.search(&self.names.all_dependencies(), search).await?;
        let mut counted: HashMap<(String, String), HashMap<String, u64>> = HashMap::new();
        for document in answer.into_documents() {
            let time = document.timestamp.to_string();
            for DependencyDocument { parent, child, call_count } in document.dependencies {
                if parent != child {
                    let calls = counted.entry((parent, child)).or_default().entry(time.clone()).or_default();
                    *calls = call_count.max(*calls);
                }
            }
        }
        let mut found: Vec<_> = counted
            .into_iter()
            .map(|((parent, child), calls)| Dependency { parent, child, calls: calls.values().sum() })
            .collect();
        found.sort_unstable();
        Ok(found)
    }

    async fn find<T>(
        &self,
        query: &TraceQuery,
        fields: Option<&[&str]>,
        show: impl Fn(Trace) -> T,
    ) -> Result<Vec<T>, StorageError> {
        let ids = self.find_ids(query).await?;
        let indices = self.names.spans(Some(self.widened(query.start)));
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(DEFAULT_TRACES_PER_SEARCH) {
            let mut traces = self.fetch(ids, &indices, fields).await?;
            found.extend(ids.iter().filter_map(|id| traces.remove(id)).map(&show));
        }
        Ok(found)
    }

    async fn find_ids(&self, query: &TraceQuery) -> Result<Vec<TraceId>, StorageError> {
        if query.start.from_ns > query.start.to_ns {
            return Err(StorageError::InvalidQuery("the search ends before it starts".into()));
        }
        if query.limit == 0 {
            return Ok(Vec::new());
        }
        let indices = self.names.spans(Some(query.start));
        let mut answer: Answer = self.search(&indices, query::trace_ids(query)).await?;
        let buckets = answer.aggregation(query::TRACE_IDS).buckets;
        let mut seen = HashSet::new();
        let ids = buckets.iter().filter_map(|bucket| bucket.key.as_str()?.parse().ok());
        Ok(ids.filter(|id| seen.insert(*id)).collect())
    }

    /// A trace may begin before the range and end after it.
    fn widened(&self, range: TimeRange) -> TimeRange {
        TimeRange {
            from_ns: range.from_ns.saturating_sub(self.trace_duration_max_ns),
            to_ns: range.to_ns.saturating_add(self.trace_duration_max_ns),
        }
    }

    /// All names of an aggregation, page by page.
    async fn all_names(&self, search: impl Fn(Option<&Value>) -> Value) -> Result<Vec<Value>, StorageError> {
        let indices = self.names.all_services();
        let mut names = Vec::new();
        let mut after = None;
        for _ in 0..DEFAULT_NAME_PAGES_MAX {
            let mut answer: Answer = self.search(&indices, search(after.as_ref())).await?;
            let page = answer.aggregation(query::NAMES);
            names.extend(page.buckets.into_iter().map(|bucket| bucket.key));
            after = page.after_key;
            if after.is_none() {
                break;
            }
        }
        Ok(names)
    }

    /// The traces of these ids, each whole unless it is longer than the limit.
    async fn fetch(
        &self,
        ids: &[TraceId],
        indices: &[String],
        fields: Option<&[&str]>,
    ) -> Result<HashMap<TraceId, Trace>, StorageError> {
        let mut collected = Collected { traces: HashMap::new(), spans_max: self.trace_spans_max };
        let mut size = DEFAULT_PAGE_DOCUMENTS_MAX;
        let mut after: Option<Vec<Value>> = None;
        loop {
            let body = query::spans(ids, size, after.as_deref(), fields);
            let answer: Answer = match self.search(indices, body).await {
                Err(ClientError::AnswerTooLarge(_)) if size > DEFAULT_PAGE_DOCUMENTS_MIN => {
                    size = (size / 4).max(DEFAULT_PAGE_DOCUMENTS_MIN);
                    continue;
                }
                other => other?,
            };
            let (documents, next) = answer.into_page(size);
            documents.filter_map(SpanDocument::into_otlp).for_each(|placed| collected.add(placed));
            after = next.map(|next| collected.past_cut_trace(next));
            if after.is_none() {
                return Ok(collected.finish());
            }
        }
    }

    /// One search. By `_msearch`, because there the indices are named in the body, which may be long, and not in the URL.
    async fn search<D: DeserializeOwned + Send + 'static>(
        &self,
        indices: &[String],
        body: Value,
    ) -> Result<Answer<D>, ClientError> {
        let header = json!({"index": indices, "ignore_unavailable": true, "allow_no_indices": true});
        let lines = format!("{header}\n{body}\n");
        let answers: Answers<D> =
            self.client.send(Method::POST, "_msearch", "application/x-ndjson", lines.into()).await?;
        answers.single()
    }
}

/// A document of `jaeger-dependencies-*`.
#[derive(Deserialize)]
struct DependenciesDocument {
    timestamp: Value,
    #[serde(default)]
    dependencies: Vec<DependencyDocument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DependencyDocument {
    parent: String,
    child: String,
    call_count: u64,
}

/// Spans by trace, and whether the trace was cut.
struct Collected {
    traces: HashMap<TraceId, (Vec<Placed>, bool)>,
    spans_max: usize,
}

impl Collected {
    fn add(&mut self, placed: Placed) {
        let (spans, cut) = self.traces.entry(placed.trace_id).or_default();
        if spans.len() < self.spans_max {
            spans.push(placed);
        } else {
            *cut = true;
        }
    }

    /// Sort values at the end of the trace at `after`, if no more of it is wanted.
    fn past_cut_trace(&self, mut after: Vec<Value>) -> Vec<Value> {
        let id: Option<TraceId> = after.first().and_then(|id| id.as_str()?.parse().ok());
        let cut = id.and_then(|id| self.traces.get(&id)).is_some_and(|(_, cut)| *cut);
        if let (true, Some(start)) = (cut, after.get_mut(1)) {
            *start = json!(i64::MAX);
        }
        after
    }

    fn finish(self) -> HashMap<TraceId, Trace> {
        let finished = |(id, (spans, cut)): (TraceId, (Vec<Placed>, bool))| {
            let warning = cut.then(|| format!("the trace has more than {} spans; the first are shown", self.spans_max));
            (id, Trace { id, resource_spans: assemble(spans), warning })
        };
        self.traces.into_iter().map(finished).collect()
    }
}
