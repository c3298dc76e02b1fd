//! The API under `/api` that Jaeger's older UIs, Grafana and scripts speak. Times are microseconds.

mod dependencies;
mod envelope;
pub(super) mod reference;
mod search;
pub(super) mod tag;
pub(super) mod trace;
mod transform;

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use serde::Serialize;

use self::{
    envelope::{Entry, Envelope, Failure},
    search::Search,
    trace::{TraceIdJson, TraceJson},
};
use super::{ApiState, params, params::Params, reply};
use crate::{model::Trace, storage::SpanKind};

pub use dependencies::DEFAULT_DEPENDENCIES_LOOKBACK_MILLISECONDS;
pub use search::DEFAULT_SEARCH_LOOKBACK_SECONDS;
pub use transform::DEFAULT_TRANSFORM_BYTES_MAX;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/services", get(services))
        .route("/operations", get(operations))
        .route("/services/{service}/operations", get(operation_names))
        .route("/dependencies", get(dependencies::dependencies))
        .route("/transform", post(transform::transform))
        .route("/metrics/{*what}", get(metrics))
        .route("/traces", get(search_traces))
        .route("/traces/{trace_id}", get(trace))
}

async fn services(State(api): State<ApiState>, params: Params) -> Result<Response, Failure> {
    let services = api.query.services().await?;
    Ok(reply::json(&Envelope::list(&services), is_pretty(&params)))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationJson<'a> {
    name: &'a str,
    span_kind: &'static str,
}

async fn operations(State(api): State<ApiState>, params: Params) -> Result<Response, Failure> {
    let service = params.first("service").ok_or_else(|| Failure::bad_request(search::SERVICE_REQUIRED))?;
    let kind = params.first("spanKind").map(str::parse::<SpanKind>);
    let found = match kind {
        // No span has a kind that does not exist.
        Some(Err(())) => Vec::new(),
        kind => api.query.operations(service, kind.and_then(Result::ok)).await?,
    };
    let data: Vec<_> =
        found.iter().map(|found| OperationJson { name: &found.name, span_kind: found.kind.as_str() }).collect();
    Ok(reply::json(&Envelope::list(&data), is_pretty(&params)))
}

async fn operation_names(
    State(api): State<ApiState>,
    Path(service): Path<String>,
    params: Params,
) -> Result<Response, Failure> {
    let mut names: Vec<String> =
        api.query.operations(&service, None).await?.into_iter().map(|found| found.name).collect();
    names.sort_unstable();
    names.dedup();
    Ok(reply::json(&Envelope::list(&names), is_pretty(&params)))
}

/// There is no storage of metrics yet; Jaeger's page knows this answer.
async fn metrics() -> Failure {
    let text = "trace metrics are currently disabled - no metrics backend configured";
    Failure::new(StatusCode::NOT_IMPLEMENTED, text)
}

async fn search_traces(State(api): State<ApiState>, params: Params) -> Result<Response, Failure> {
    let Search { query, ids, range, raw } = search::parse(&params, now_ns()).map_err(Failure::bad_request)?;
    let pretty = is_pretty(&params);
    if ids.is_empty() {
        let traces = api.query.find_traces(&query, raw).await?;
        return Ok(traces_reply(traces, None, pretty).await);
    }
    let (mut traces, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match api.query.trace(id, range, raw).await? {
            Some(trace) => traces.push(trace),
            None => missing.push(Entry::missing_trace(TraceIdJson(&id.0).to_string())),
        }
    }
    let errors = Some(missing).filter(|missing| !missing.is_empty());
    Ok(traces_reply(traces, errors, pretty).await)
}

async fn trace(State(api): State<ApiState>, Path(id): Path<String>, params: Params) -> Result<Response, Failure> {
    let id = params::trace_id(&id).map_err(|error| Failure::bad_request(error.to_string()))?;
    let range = search::range(&params).map_err(Failure::bad_request)?;
    let raw = search::flag(&params, "raw").map_err(Failure::bad_request)?;
    match api.query.trace(id, range, raw).await? {
        Some(trace) => Ok(traces_reply(vec![trace], None, is_pretty(&params)).await),
        None => Err(Failure::new(StatusCode::NOT_FOUND, envelope::TRACE_NOT_FOUND)),
    }
}

async fn traces_reply(traces: Vec<Trace>, errors: Option<Vec<Entry>>, pretty: bool) -> Response {
    reply::json_in_background(traces, move |traces, body| {
        let data: Vec<_> = traces.iter().map(TraceJson).collect();
        reply::write_json(body, &Envelope::of(&data).with(errors), pretty)
    })
    .await
}

fn is_pretty(params: &Params) -> bool {
    params.first("prettyPrint").is_some_and(|value| value != "false")
}

pub(super) fn now_ns() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}
