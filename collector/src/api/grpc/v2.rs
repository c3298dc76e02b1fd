//! `jaeger.api_v2.QueryService`, which came before `api_v3`: the same questions, and spans of Jaeger's own model.

use axum::Router;
use prost::Message;
use prost_types::Timestamp;
use tonic::Status;

use super::{
    super::ApiState,
    chunks::DEFAULT_CHUNK_BYTES_MAX,
    messages::{Dependency, FindRequest, GetDependenciesRequest, GetOperationsRequest, Operation},
    model::{self, Span},
    v3::{self, Answer, failure, method},
};
use crate::{model::TraceId, query::QueryService};

pub(super) const NAME: &str = "jaeger.api_v2.QueryService";

#[derive(Clone, PartialEq, Message)]
struct GetTraceRequest {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    start_time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    end_time: Option<Timestamp>,
    #[prost(bool, tag = "4")]
    raw_traces: bool,
}

#[derive(Clone, PartialEq, Message)]
struct SpansResponseChunk {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct ArchiveTraceResponse {}

#[derive(Clone, PartialEq, Message)]
struct GetOperationsResponse {
    /// What clients read before there were kinds.
    #[prost(string, repeated, tag = "1")]
    operation_names: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    operations: Vec<Operation>,
}

#[derive(Clone, PartialEq, Message)]
struct GetDependenciesResponse {
    #[prost(message, repeated, tag = "1")]
    dependencies: Vec<Dependency>,
}

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/jaeger.api_v2.QueryService/GetTrace", method(trace))
        .route("/jaeger.api_v2.QueryService/ArchiveTrace", method(archive))
        .route("/jaeger.api_v2.QueryService/FindTraces", method(find_traces))
        .route("/jaeger.api_v2.QueryService/GetServices", method(v3::services))
        .route("/jaeger.api_v2.QueryService/GetOperations", method(operations))
        .route("/jaeger.api_v2.QueryService/GetDependencies", method(dependencies))
}

async fn trace(query: QueryService, request: GetTraceRequest) -> Answer<impl Iterator<Item = SpansResponseChunk>> {
    let id = trace_id(&request.trace_id)?;
    let range = v3::range(request.start_time, request.end_time);
    let found = query.trace(id, range, request.raw_traces).await.map_err(failure)?;
    found.map(|trace| Chunks(model::spans(trace).peekable())).ok_or_else(|| Status::not_found("trace not found"))
}

/// An id of 16 bytes, or of the lower 8.
fn trace_id(bytes: &[u8]) -> Answer<TraceId> {
    let mut id = [0; 16];
    if !matches!(bytes.len(), 8 | 16) {
        return Err(Status::invalid_argument(format!("trace_id has {} bytes; it must have 16 or 8", bytes.len())));
    }
    id[16 - bytes.len()..].copy_from_slice(bytes);
    Ok(TraceId(id))
}

async fn archive(_: QueryService, _: GetTraceRequest) -> Answer<[ArchiveTraceResponse; 1]> {
    Err(Status::unimplemented("there is no archive storage"))
}

async fn find_traces(query: QueryService, request: FindRequest) -> Answer<impl Iterator<Item = SpansResponseChunk>> {
    let (parameters, raw) = v3::parameters(request)?;
    let traces = query.find_traces(&parameters, raw).await.map_err(failure)?;
    Ok(traces.into_iter().flat_map(|trace| Chunks(model::spans(trace).peekable())))
}

async fn operations(query: QueryService, request: GetOperationsRequest) -> Answer<[GetOperationsResponse; 1]> {
    let operations = v3::find_operations(query, request).await?;
    let mut operation_names: Vec<_> = operations.iter().map(|operation| operation.name.clone()).collect();
    operation_names.dedup();
    Ok([GetOperationsResponse { operation_names, operations }])
}

async fn dependencies(query: QueryService, request: GetDependenciesRequest) -> Answer<[GetDependenciesResponse; 1]> {
    Ok([GetDependenciesResponse { dependencies: v3::find_dependencies(query, request).await? }])
}

/// Spans in messages that clients take.
struct Chunks<I: Iterator<Item = Span>>(std::iter::Peekable<I>);

impl<I: Iterator<Item = Span>> Iterator for Chunks<I> {
    type Item = SpansResponseChunk;

    fn next(&mut self) -> Option<SpansResponseChunk> {
        let mut spans = Vec::new();
        let mut bytes = 0;
        while let Some(span) = self.0.peek() {
            bytes += span.encoded_len();
            if bytes > DEFAULT_CHUNK_BYTES_MAX && !spans.is_empty() {
                break;
            }
            spans.extend(self.0.next());
        }
        (!spans.is_empty()).then_some(SpansResponseChunk { spans })
    }
}
