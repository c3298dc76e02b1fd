//! The parameters of a search. Each has an older spelling, which is taken where the newer one is missing.

use jiff::Timestamp;

use super::super::{
    DEFAULT_SEARCH_LIMIT,
    params::{self, Params},
};
use crate::{
    query::parse_duration,
    storage::{TimeRange, TraceQuery},
};

/// The query, and whether the traces are wanted as they were stored.
pub(super) fn parse(params: &Params) -> Result<(TraceQuery, bool), String> {
    let (_, service) = either(params, "query.serviceName", "query.service_name");
    let (_, operation) = either(params, "query.operationName", "query.operation_name");
    let tags = match params.first("query.attributes") {
        Some(text) => params::string_map(text).map_err(|error| malformed("query.attributes", error.to_string()))?,
        None => Default::default(),
    };
    let start = start(params)?;
    let limit = limit(params)?;
    let duration_min_ns = duration(params, "query.durationMin", "query.duration_min")?;
    let duration_max_ns = duration(params, "query.durationMax", "query.duration_max")?;
    let raw = flag(params, "query.rawTraces", "query.raw_traces")?;
    let query = TraceQuery {
        service: service.map(str::to_owned),
        operation: operation.map(str::to_owned),
        tags: tags.into_iter().collect(),
        start,
        duration_min_ns,
        duration_max_ns,
        limit,
    };
    Ok((query, raw))
}

/// The parameter that is given, and its value.
pub(super) fn either<'a>(
    params: &'a Params,
    name: &'static str,
    older: &'static str,
) -> (&'static str, Option<&'a str>) {
    match params.first(name) {
        Some(value) => (name, Some(value)),
        None => (older, params.first(older)),
    }
}

/// The time within which a trace is known to lie, where the client says.
pub(super) fn range(params: &Params) -> Result<Option<TimeRange>, String> {
    let start = time(either(params, "startTime", "start_time"))?;
    let end = time(either(params, "endTime", "end_time"))?;
    let given = start.is_some() || end.is_some();
    Ok(given.then(|| TimeRange { from_ns: start.unwrap_or(0), to_ns: end.unwrap_or(u64::MAX) }))
}

pub(super) fn flag(params: &Params, name: &'static str, older: &'static str) -> Result<bool, String> {
    let (name, value) = either(params, name, older);
    value.map_or(Ok(false), |text| params::boolean(text).map_err(|cause| malformed(name, cause)))
}

pub(super) fn malformed(name: &str, cause: String) -> String {
    format!("malformed parameter {name}: {cause}")
}

fn start(params: &Params) -> Result<TimeRange, String> {
    let min = either(params, "query.startTimeMin", "query.start_time_min");
    let max = either(params, "query.startTimeMax", "query.start_time_max");
    if min.1.is_none() || max.1.is_none() {
        return Err("query.startTimeMin and query.startTimeMax are required".into());
    }
    match (time(min)?, time(max)?) {
        (Some(from_ns), Some(to_ns)) if from_ns < to_ns => Ok(TimeRange { from_ns, to_ns }),
        _ => Err("query.startTimeMin must be before query.startTimeMax".into()),
    }
}

fn limit(params: &Params) -> Result<usize, String> {
    let (name, value) = match either(params, "query.searchDepth", "query.search_depth") {
        (_, None) => ("query.num_traces", params.first("query.num_traces")),
        given => given,
    };
    let Some(text) = value else { return Ok(DEFAULT_SEARCH_LIMIT) };
    let limit: i64 = params::integer(text).map_err(|cause| malformed(name, cause))?;
    // The query service refuses zero, which stands for every number that is too small.
    Ok(usize::try_from(limit).unwrap_or(0))
}

/// Zero means that there is no bound.
fn duration(params: &Params, name: &'static str, older: &'static str) -> Result<Option<u64>, String> {
    let (name, value) = either(params, name, older);
    let Some(text) = value else { return Ok(None) };
    let nanos = parse_duration(text).map_err(|cause| malformed(name, cause.to_string()))?;
    Ok(Some(nanos).filter(|nanos| *nanos > 0))
}

/// Nanoseconds since 1970; times before it count as 1970.
fn time((name, value): (&str, Option<&str>)) -> Result<Option<u64>, String> {
    let Some(text) = value else { return Ok(None) };
    let time: Timestamp = text.parse().map_err(|_| {
        let text = params::shortened(text);
        malformed(name, format!("`{text}` is not a time such as `2030-01-31T12:00:00.5Z`"))
    })?;
    Ok(Some(u64::try_from(time.as_nanosecond().max(0)).unwrap_or(u64::MAX)))
}
