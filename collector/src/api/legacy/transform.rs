//! `POST /api/transform`: spans in OTLP's JSON, as the older API would show them. Nothing is stored.

use std::{collections::HashSet, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::StatusCode,
    response::Response,
};

use super::{ApiState, Params, envelope::Failure, is_pretty, traces_reply};
use crate::{
    model::SpanBatch,
    query::QueryService,
    receiver::otlp_json,
    storage::{TraceWriter as _, memory::MemoryStorage},
};

/// What is shown is several times as long.
pub const DEFAULT_TRANSFORM_BYTES_MAX: usize = 20 << 20;
/// What a byte of JSON may take as a span in memory, with everything around it.
const STORED_PER_BYTE: usize = 64;

pub(super) async fn transform(State(api): State<ApiState>, params: Params, body: Body) -> Result<Response, Failure> {
    let too_large = format!("the body has more than {DEFAULT_TRANSFORM_BYTES_MAX} bytes, or broke off");
    let body = to_bytes(body, DEFAULT_TRANSFORM_BYTES_MAX)
        .await
        .map_err(|_| Failure::new(StatusCode::PAYLOAD_TOO_LARGE, too_large))?;
    let request =
        otlp_json::decode(&body).map_err(|error| Failure::bad_request(format!("cannot read the spans: {error}")))?;
    let batch = SpanBatch::from_request(&request).map_err(|error| Failure::bad_request(error.to_string()))?;
    let mut seen = HashSet::new();
    let ids: Vec<_> = batch.spans().iter().map(|span| span.trace_id).filter(|id| seen.insert(*id)).collect();
    let storage = Arc::new(MemoryStorage::new((1 << 20) + STORED_PER_BYTE * body.len()));
    drop((body, request));
    storage.write(batch).await?;
    let query = QueryService::new(storage, api.query.options());
    let mut traces = Vec::with_capacity(ids.len());
    for id in ids {
        traces.extend(query.trace(id, None, false).await?);
    }
    Ok(traces_reply(traces, None, is_pretty(&params)).await)
}
