//! `jaeger.api_v3.QueryService`: the same questions as under `/api/v3`. Traces are OTLP.

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::{MethodRouter, post},
};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use prost_types::{Duration, Timestamp};
use tonic::Status;

use super::{
    super::{ApiState, DEFAULT_SEARCH_LIMIT, error, params},
    call, chunks,
    messages::{
        DependenciesResponse, Dependency, FindRequest, FindTraceSummariesResponse, GetDependenciesRequest,
        GetOperationsRequest, GetOperationsResponse, GetServicesRequest, GetServicesResponse, GetTraceRequest,
        Operation, ServiceSummary, TraceQueryParameters, TraceSummary,
    },
};
use crate::{
    model,
    query::QueryService,
    storage::{SpanKind, StorageError, TimeRange, TraceQuery},
};

pub(super) const NAME: &str = "jaeger.api_v3.QueryService";

const NANOS_PER_SECOND: u64 = 1_000_000_000;

pub(super) type Answer<T> = Result<T, Status>;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/jaeger.api_v3.QueryService/GetTrace", method(trace))
        .route("/jaeger.api_v3.QueryService/FindTraces", method(find_traces))
        .route("/jaeger.api_v3.QueryService/FindTraceSummaries", method(find_summaries))
        .route("/jaeger.api_v3.QueryService/GetServices", method(services))
        .route("/jaeger.api_v3.QueryService/GetOperations", method(operations))
        .route("/jaeger.api_v3.QueryService/GetDependencies", method(dependencies))
}

pub(super) fn method<Q, A, I, F>(
    handler: impl Fn(QueryService, Q) -> F + Copy + Send + Sync + 'static,
) -> MethodRouter<ApiState>
where
    Q: Message + Default + 'static,
    A: Message + 'static,
    I: IntoIterator<Item = A, IntoIter: Send + 'static> + Send + 'static,
    F: Future<Output = Answer<I>> + Send + 'static,
{
    post(async move |State(api): State<ApiState>, request: Request| -> Response {
        call::answer(request, move |question| handler(api.query, question)).await
    })
}

async fn trace(query: QueryService, request: GetTraceRequest) -> Answer<impl Iterator<Item = TracesData>> {
    let id = params::trace_id(&request.trace_id)
        .map_err(|error| Status::invalid_argument(format!("malformed trace_id: {error}")))?;
    let range = range(request.start_time, request.end_time);
    let found = query.trace(id, range, request.raw_traces).await.map_err(failure)?;
    found.map(chunks::of).ok_or_else(|| Status::not_found("trace not found"))
}

/// The time within which a trace is known to lie, where the client says.
pub(super) fn range(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<TimeRange> {
    let given = start.is_some() || end.is_some();
    given.then(|| TimeRange { from_ns: start.map_or(0, instant), to_ns: end.map_or(u64::MAX, instant) })
}

async fn find_traces(query: QueryService, request: FindRequest) -> Answer<impl Iterator<Item = TracesData>> {
    let (parameters, raw) = parameters(request)?;
    let traces = query.find_traces(&parameters, raw).await.map_err(failure)?;
    // One after the other: what the client does not read is not taken apart.
    Ok(traces.into_iter().flat_map(chunks::of))
}

async fn find_summaries(query: QueryService, request: FindRequest) -> Answer<[FindTraceSummariesResponse; 1]> {
    let (parameters, _) = parameters(request)?;
    let found = query.find_summaries(&parameters).await.map_err(failure)?;
    Ok([FindTraceSummariesResponse { summaries: found.into_iter().map(TraceSummary::from).collect() }])
}

pub(super) async fn services(query: QueryService, _: GetServicesRequest) -> Answer<[GetServicesResponse; 1]> {
    Ok([GetServicesResponse { services: query.services().await.map_err(failure)? }])
}

async fn operations(query: QueryService, request: GetOperationsRequest) -> Answer<[GetOperationsResponse; 1]> {
    Ok([GetOperationsResponse { operations: find_operations(query, request).await? }])
}

pub(super) async fn find_operations(query: QueryService, request: GetOperationsRequest) -> Answer<Vec<Operation>> {
    let kind = Some(request.span_kind.as_str()).filter(|kind| !kind.is_empty()).map(str::parse::<SpanKind>);
    let found = match kind {
        // No span has a kind that does not exist.
        Some(Err(())) => Vec::new(),
        kind => query.operations(&request.service, kind.and_then(Result::ok)).await.map_err(failure)?,
    };
    Ok(found.into_iter().map(|one| Operation { name: one.name, span_kind: one.kind.as_str().into() }).collect())
}

async fn dependencies(query: QueryService, request: GetDependenciesRequest) -> Answer<[DependenciesResponse; 1]> {
    Ok([DependenciesResponse { dependencies: find_dependencies(query, request).await? }])
}

pub(super) async fn find_dependencies(query: QueryService, request: GetDependenciesRequest) -> Answer<Vec<Dependency>> {
    let (Some(start), Some(end)) = (request.start_time, request.end_time) else {
        return Err(Status::invalid_argument("start_time and end_time are required"));
    };
    let range = TimeRange { from_ns: instant(start), to_ns: instant(end) };
    let found = query.dependencies(range).await.map_err(failure)?;
    let dependencies =
        found.into_iter().map(|one| Dependency { parent: one.parent, child: one.child, call_count: one.calls });
    Ok(dependencies.collect())
}

/// The query, and whether the traces are wanted as they were stored.
pub(super) fn parameters(request: FindRequest) -> Answer<(TraceQuery, bool)> {
    let query: TraceQueryParameters =
        request.query.ok_or_else(|| Status::invalid_argument("the request has no `query`"))?;
    let (Some(min), Some(max)) = (query.start_time_min, query.start_time_max) else {
        return Err(Status::invalid_argument("start_time_min and start_time_max are required"));
    };
    let start = TimeRange { from_ns: instant(min), to_ns: instant(max) };
    if start.from_ns >= start.to_ns {
        return Err(Status::invalid_argument("start_time_min must be before start_time_max"));
    }
    let limit = match query.search_depth {
        0 => DEFAULT_SEARCH_LIMIT,
        // The query service refuses zero, which stands for every number that is too small.
        depth => usize::try_from(depth).unwrap_or(0),
    };
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let bound = |duration: Option<Duration>| duration.map(nanoseconds).filter(|nanos| *nanos > 0);
    let mut tags: Vec<_> = query.attributes.into_iter().collect();
    tags.sort_unstable();
    Ok((
        TraceQuery {
            service: given(query.service_name),
            operation: given(query.operation_name),
            tags,
            start,
            duration_min_ns: bound(query.duration_min),
            duration_max_ns: bound(query.duration_max),
            limit,
        },
        query.raw_traces,
    ))
}

impl From<model::TraceSummary> for TraceSummary {
    fn from(summary: model::TraceSummary) -> Self {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let services = summary.services.into_iter().map(|service| ServiceSummary {
            name: service.name,
            span_count: count(service.spans),
            error_span_count: count(service.errors),
        });
        Self {
            trace_id: hex::encode(summary.id.0),
            root_service_name: summary.root_service,
            root_operation_name: summary.root_operation,
            min_start_time_unix_nano: summary.start_ns,
            max_end_time_unix_nano: summary.end_ns,
            span_count: count(summary.spans),
            error_span_count: count(summary.errors),
            orphan_span_count: count(summary.orphans),
            services: services.collect(),
        }
    }
}

/// Nanoseconds since 1970; times before it count as 1970.
fn instant(time: Timestamp) -> u64 {
    nanoseconds(Duration { seconds: time.seconds, nanos: time.nanos })
}

/// What is negative counts as zero.
fn nanoseconds(duration: Duration) -> u64 {
    let seconds = u64::try_from(duration.seconds).unwrap_or_default();
    seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(u64::try_from(duration.nanos).unwrap_or_default())
}

pub(super) fn failure(failure: StorageError) -> Status {
    error::log(&failure);
    error::grpc_status(&failure)
}
