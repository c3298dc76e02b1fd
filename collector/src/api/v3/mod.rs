//! The API under `/api/v3` (`jaeger.api_v3.QueryService` over HTTP). Traces are OTLP's own JSON, times are RFC 3339.

mod failure;
mod otlp;
mod search;
mod summary;

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use serde::Serialize;

use self::{failure::Failure, otlp::ResourceSpansJson, summary::SummaryJson};
use super::{ApiState, params, params::Params, reply};
use crate::{model::Trace, storage::SpanKind};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/services", get(services))
        .route("/operations", get(operations))
        .route("/trace-summaries", get(summaries))
        .route("/traces", get(search_traces))
        .route("/traces/{trace_id}", get(trace))
}

#[derive(Serialize)]
struct ServicesJson {
    services: Vec<String>,
}

async fn services(State(api): State<ApiState>) -> Result<Response, Failure> {
    let services = api.query.services().await?;
    Ok(reply::json(&ServicesJson { services }, false))
}

#[derive(Serialize)]
struct OperationsJson<'a> {
    operations: Vec<OperationJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationJson<'a> {
    name: &'a str,
    span_kind: &'static str,
}

async fn operations(State(api): State<ApiState>, params: Params) -> Result<Response, Failure> {
    let service = params.first("service").unwrap_or_default();
    let (_, kind) = search::either(&params, "spanKind", "span_kind");
    let found = match kind.map(str::parse::<SpanKind>) {
        // No span has a kind that does not exist.
        Some(Err(())) => Vec::new(),
        kind => api.query.operations(service, kind.and_then(Result::ok)).await?,
    };
    let operations =
        found.iter().map(|found| OperationJson { name: &found.name, span_kind: found.kind.as_str() }).collect();
    Ok(reply::json(&OperationsJson { operations }, false))
}

#[derive(Serialize)]
struct SummariesJson<'a> {
    summaries: Vec<SummaryJson<'a>>,
}

async fn summaries(State(api): State<ApiState>, params: Params) -> Result<Response, Failure> {
    let (query, _) = search::parse(&params).map_err(Failure::bad_request)?;
    let found = api.query.find_summaries(&query).await?;
    Ok(reply::json_in_background(found, |found, body| {
        let summaries = found.iter().map(SummaryJson::from).collect();
        reply::write_json(body, &SummariesJson { summaries }, false)
    })
    .await)
}

async fn search_traces(State(api): State<ApiState>, params: Params) -> Result<Response, Failure> {
    let (query, raw) = search::parse(&params).map_err(Failure::bad_request)?;
    traces_reply(api.query.find_traces(&query, raw).await?).await
}

async fn trace(State(api): State<ApiState>, Path(id): Path<String>, params: Params) -> Result<Response, Failure> {
    let id = params::trace_id(&id)
        .map_err(|error| Failure::bad_request(search::malformed("trace_id", error.to_string())))?;
    let range = search::range(&params).map_err(Failure::bad_request)?;
    let raw = search::flag(&params, "rawTraces", "raw_traces").map_err(Failure::bad_request)?;
    traces_reply(api.query.trace(id, range, raw).await?.into_iter().collect()).await
}

#[derive(Serialize)]
struct TracesJson<'a> {
    result: ResultJson<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultJson<'a> {
    resource_spans: Vec<ResourceSpansJson<'a>>,
}

async fn traces_reply(traces: Vec<Trace>) -> Result<Response, Failure> {
    if traces.is_empty() {
        return Err(Failure::no_traces());
    }
    Ok(reply::json_in_background(traces, |traces, body| {
        let resource_spans = traces.iter().flat_map(|trace| &trace.resource_spans).map(ResourceSpansJson).collect();
        reply::write_json(body, &TracesJson { result: ResultJson { resource_spans } }, false)
    })
    .await)
}
