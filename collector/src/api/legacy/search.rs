//! The parameters of a search.

use std::collections::BTreeMap;

use super::super::{
    DEFAULT_SEARCH_LIMIT,
    params::{self, Params},
};
use crate::{
    model::TraceId,
    query::parse_duration,
    storage::{TimeRange, TraceQuery},
};

/// How far back a search looks that does not say.
pub const DEFAULT_SEARCH_LOOKBACK_SECONDS: u64 = 48 * 60 * 60;

pub(super) const SERVICE_REQUIRED: &str = "parameter 'service' is required";

pub(super) struct Search {
    pub(super) query: TraceQuery,
    /// Where any are given, these traces are wanted and the query is not asked.
    pub(super) ids: Vec<TraceId>,
    pub(super) range: Option<TimeRange>,
    pub(super) raw: bool,
}

pub(super) fn parse(params: &Params, now_ns: u64) -> Result<Search, String> {
    let start = time(params, "start")?;
    let end = time(params, "end")?;
    let tags = tags(params)?;
    let limit = match params.first("limit") {
        Some(text) => params::integer::<i64>(text).map_err(|cause| unreadable("limit", cause))?,
        None => DEFAULT_SEARCH_LIMIT as i64,
    };
    let duration_min_ns = duration(params, "minDuration")?;
    let duration_max_ns = duration(params, "maxDuration")?;
    let ids = ids(params)?;
    let raw = flag(params, "raw")?;
    let service = params.first("service").map(str::to_owned);
    if ids.is_empty() && service.is_none() {
        return Err(SERVICE_REQUIRED.into());
    }
    if let (Some(min), Some(max)) = (duration_min_ns, duration_max_ns)
        && max < min
    {
        return Err("'maxDuration' should be greater than 'minDuration'".into());
    }
    let lookback_ns = DEFAULT_SEARCH_LOOKBACK_SECONDS * 1_000_000_000;
    let query = TraceQuery {
        service,
        operation: params.first("operation").map(str::to_owned),
        tags: tags.into_iter().collect(),
        start: TimeRange { from_ns: start.unwrap_or(now_ns.saturating_sub(lookback_ns)), to_ns: end.unwrap_or(now_ns) },
        duration_min_ns,
        duration_max_ns,
        // The query service refuses zero, which stands for every number that is too small.
        limit: usize::try_from(limit).unwrap_or(0),
    };
    Ok(Search { query, ids, range: range(params)?, raw })
}

/// The time within which a trace is known to lie, where the client says.
pub(super) fn range(params: &Params) -> Result<Option<TimeRange>, String> {
    let (start, end) = (time(params, "start")?, time(params, "end")?);
    let given = start.is_some() || end.is_some();
    Ok(given.then(|| TimeRange { from_ns: start.unwrap_or(0), to_ns: end.unwrap_or(u64::MAX) }))
}

pub(super) fn flag(params: &Params, name: &str) -> Result<bool, String> {
    params.first(name).map_or(Ok(false), |text| params::boolean(text).map_err(|cause| unreadable(name, cause)))
}

/// Microseconds since 1970, as nanoseconds; times before it count as 1970.
fn time(params: &Params, name: &str) -> Result<Option<u64>, String> {
    let Some(text) = params.first(name) else { return Ok(None) };
    let micros: i64 = params::integer(text).map_err(|cause| unreadable(name, cause))?;
    Ok(Some(u64::try_from(micros).unwrap_or(0).saturating_mul(1_000)))
}

/// Zero means that there is no bound.
fn duration(params: &Params, name: &str) -> Result<Option<u64>, String> {
    let Some(text) = params.first(name) else { return Ok(None) };
    let nanos = parse_duration(text).map_err(|cause| unreadable(name, cause.to_string()))?;
    Ok(Some(nanos).filter(|nanos| *nanos > 0))
}

fn ids(params: &Params) -> Result<Vec<TraceId>, String> {
    let mut ids = Vec::new();
    for text in params.all("traceID") {
        let id = params::trace_id(text).map_err(|error| format!("cannot parse traceID param: {error}"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Of several values of one key the last counts, and those in `tags` over those in `tag`.
fn tags(params: &Params) -> Result<BTreeMap<String, String>, String> {
    let mut tags = BTreeMap::new();
    for tag in params.all("tag") {
        let (key, value) = tag.split_once(':').ok_or_else(|| {
            format!("malformed 'tag' parameter, expecting key:value, received: {}", params::shortened(tag))
        })?;
        tags.insert(key.to_owned(), value.to_owned());
    }
    for text in params.all("tags") {
        let object = params::string_map(text)
            .map_err(|error| format!("malformed 'tags' parameter, cannot unmarshal JSON: {error}"))?;
        tags.extend(object);
    }
    Ok(tags)
}

fn unreadable(name: &str, cause: String) -> String {
    format!("unable to parse param '{name}': {cause}")
}
