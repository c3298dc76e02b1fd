//! `GET /api/dependencies`: which service calls which. Times are milliseconds.

use axum::{extract::State, response::Response};
use serde::Serialize;

use super::{
    ApiState, Params,
    envelope::{Envelope, Failure},
    is_pretty, now_ns, params, reply,
};
use crate::storage::TimeRange;

/// How far back is looked where the client does not say.
pub const DEFAULT_DEPENDENCIES_LOOKBACK_MILLISECONDS: u64 = 24 * 3_600_000;
const NANOS_PER_MILLISECOND: u64 = 1_000_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DependencyJson<'a> {
    parent: &'a str,
    child: &'a str,
    call_count: u64,
}

pub(super) async fn dependencies(State(api): State<ApiState>, params: Params) -> Result<Response, Failure> {
    let range = range(&params).map_err(Failure::bad_request)?;
    let service = params.first("service");
    let found = api.query.dependencies(range).await?;
    let data: Vec<_> = found
        .iter()
        .filter(|found| service.is_none_or(|service| found.parent == service || found.child == service))
        .map(|found| DependencyJson { parent: &found.parent, child: &found.child, call_count: found.calls })
        .collect();
    Ok(reply::json(&Envelope::list(&data), is_pretty(&params)))
}

fn range(params: &Params) -> Result<TimeRange, String> {
    let end_ns = milliseconds(params, "endTs")?.map_or_else(now_ns, |end| end.saturating_mul(NANOS_PER_MILLISECOND));
    let lookback = milliseconds(params, "lookback")?.unwrap_or(DEFAULT_DEPENDENCIES_LOOKBACK_MILLISECONDS);
    Ok(TimeRange { from_ns: end_ns.saturating_sub(lookback.saturating_mul(NANOS_PER_MILLISECOND)), to_ns: end_ns })
}

fn milliseconds(params: &Params, name: &str) -> Result<Option<u64>, String> {
    let Some(text) = params.first(name) else { return Ok(None) };
    params::integer(text).map(Some).map_err(|cause| format!("unable to parse param '{name}': {cause}"))
}
