//! The searches, in OpenSearch's query language. Values are compared as they are: a regular expression, which Jaeger makes of
//! them, finds too much for `1.5` and fails for `(`.

use serde_json::{Value, json};

use super::document::{DOT_REPLACEMENT, ERROR, KIND, STATUS_CODE};
use crate::{
    model::TraceId,
    storage::{SpanKind, TimeRange, TraceQuery},
};

/// The field below `tag` in which an operation's document says its kind.
pub(super) const OPERATION_KIND: &str = "span@kind";
pub(super) const NAMES: &str = "names";
pub(super) const TRACE_IDS: &str = "traceIDs";
const NANOS_PER_MICRO: u64 = 1_000;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// Every service, in pages of `size`, in order.
pub(super) fn services(size: usize, after: Option<&Value>) -> Value {
    names(None, json!([{"service": {"terms": {"field": "serviceName"}}}]), size, after)
}

/// The documents of dependencies of the range, the newest first.
pub(super) fn dependencies(range: TimeRange, size: usize) -> Value {
    let (from, to) = (range.from_ns / NANOS_PER_MILLI, range.to_ns / NANOS_PER_MILLI);
    json!({
        "size": size,
        "track_total_hits": false,
        "query": {"range": {"timestamp": {"gte": from, "lte": to, "format": "epoch_millis"}}},
        "sort": [{"timestamp": {"order": "desc", "unmapped_type": "date"}}],
    })
}

/// Every operation of a service with the kind, where the document says it.
pub(super) fn operations(service: &str, size: usize, after: Option<&Value>) -> Value {
    let kind = format!("tag.{OPERATION_KIND}");
    let sources = json!([
        {"operation": {"terms": {"field": "operationName"}}},
        {"kind": {"terms": {"field": kind, "missing_bucket": true}}},
    ]);
    names(Some(json!({"term": {"serviceName": service}})), sources, size, after)
}

fn names(query: Option<Value>, sources: Value, size: usize, after: Option<&Value>) -> Value {
    let mut composite = json!({"sources": sources, "size": size});
    if let Some(after) = after {
        composite["after"] = after.clone();
    }
    json!({
        "size": 0,
        "track_total_hits": false,
        "query": query.unwrap_or_else(|| json!({"match_all": {}})),
        "aggs": {NAMES: {"composite": composite}},
    })
}

/// The ids of the newest traces. Ordered by a maximum, the aggregation is exact: a trace of the result is among the first of the
/// shard that holds its newest span, because whatever comes before it there comes before it everywhere.
pub(super) fn trace_ids(query: &TraceQuery) -> Value {
    json!({
        "size": 0,
        "track_total_hits": false,
        "query": {"bool": {"filter": conditions(query)}},
        "aggs": {TRACE_IDS: {
            "terms": {"field": "traceID", "size": query.limit, "order": [{"newest": "desc"}, {"_key": "asc"}]},
            "aggs": {"newest": {"max": {"field": "startTime"}}},
        }},
    })
}

/// The spans of the traces, ordered by trace, `size` at a time.
pub(super) fn spans(ids: &[TraceId], size: usize, after: Option<&[Value]>, fields: Option<&[&str]>) -> Value {
    let ids: Vec<String> = ids.iter().copied().flat_map(written_forms).collect();
    let mut search = json!({
        "size": size,
        "track_total_hits": false,
        "query": {"bool": {"filter": [{"terms": {"traceID": ids}}]}},
        "sort": [
            {"traceID": {"order": "asc", "unmapped_type": "keyword"}},
            {"startTime": {"order": "asc", "unmapped_type": "long"}},
            {"spanID": {"order": "asc", "unmapped_type": "keyword"}},
        ],
    });
    if let Some(after) = after {
        search["search_after"] = json!(after);
    }
    if let Some(fields) = fields {
        search["_source"] = json!(fields);
    }
    search
}

/// Old versions wrote ids of 64 bits in 16 digits, and older ones without leading zeros.
fn written_forms(id: TraceId) -> Vec<String> {
    let full = id.to_string();
    let mut forms = vec![full.trim_start_matches('0').to_owned()];
    if id.0[..8] == [0; 8] {
        forms.push(full[16..].to_owned());
    }
    forms.push(full);
    forms.dedup();
    forms
}

fn conditions(query: &TraceQuery) -> Vec<Value> {
    let micros = |nanos: u64| nanos / NANOS_PER_MICRO;
    let mut conditions = vec![
        range("startTime", Some(micros(query.start.from_ns)), Some(micros(query.start.to_ns))),
        // Of a date OpenSearch knows which shards can hold it.
        range(
            "startTimeMillis",
            Some(query.start.from_ns / NANOS_PER_MILLI),
            Some(query.start.to_ns / NANOS_PER_MILLI),
        ),
    ];
    if query.duration_min_ns.is_some() || query.duration_max_ns.is_some() {
        conditions.push(range("duration", query.duration_min_ns.map(micros), query.duration_max_ns.map(micros)));
    }
    conditions.extend(query.service.as_ref().map(|service| term("process.serviceName", service)));
    conditions.extend(query.operation.as_ref().map(|operation| term("operationName", operation)));
    conditions.extend(query.tags.iter().map(|(key, value)| tag(key, value)));
    conditions
}

fn range(field: &str, from: Option<u64>, to: Option<u64>) -> Value {
    let mut bounds = json!({});
    for (bound, value) in [("gte", from), ("lte", to)] {
        if let Some(value) = value {
            bounds[bound] = json!(value);
        }
    }
    json!({"range": {field: bounds}})
}

fn term(field: &str, value: &str) -> Value {
    json!({"term": {field: value}})
}

fn any(conditions: Vec<Value>) -> Value {
    json!({"bool": {"should": conditions, "minimum_should_match": 1}})
}

fn none(conditions: Vec<Value>) -> Value {
    json!({"bool": {"must_not": conditions}})
}

fn tag(key: &str, value: &str) -> Value {
    match (key, value.to_ascii_lowercase().as_str()) {
        (ERROR, "true") | (STATUS_CODE, "error") => failed(),
        (ERROR, "false") => none(vec![failed()]),
        (STATUS_CODE, "ok") => own(STATUS_CODE, "OK"),
        (STATUS_CODE, "unset") => none(vec![failed(), own(STATUS_CODE, "OK")]),
        (KIND, kind) if kind == SpanKind::Internal.as_str() => internal(),
        (KIND, kind) => own(KIND, kind),
        ("service.name", _) => any(vec![term("process.serviceName", value), attribute(key, value)]),
        _ => attribute(key, value),
    }
}

/// Some writers say it by the one tag, some by the other.
fn failed() -> Value {
    any(vec![own(ERROR, "true"), own(STATUS_CODE, "ERROR")])
}

/// Whatever is of no other kind.
fn internal() -> Value {
    let others = [SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
    none(others.map(|kind| own(KIND, kind.as_str())).into())
}

/// A condition on what Jaeger keeps in the span's tags.
fn own(key: &str, value: &str) -> Value {
    any(vec![nested("tags", key, value), field("tag", key, value)])
}

/// A condition on an attribute of the span, the resource, the scope or an event.
fn attribute(key: &str, value: &str) -> Value {
    let mut places = ["tags", "process.tags", "logs.fields", "scopeTags"].map(|path| nested(path, key, value)).to_vec();
    places.extend(["tag", "process.tag", "scopeTag"].map(|object| field(object, key, value)));
    any(places)
}

/// A tag that was stored as a field.
fn field(object: &str, key: &str, value: &str) -> Value {
    term(&format!("{object}.{}", key.replace('.', DOT_REPLACEMENT)), value)
}

fn nested(path: &str, key: &str, value: &str) -> Value {
    let both = json!([term(&format!("{path}.key"), key), term(&format!("{path}.value"), value)]);
    json!({"nested": {"path": path, "ignore_unmapped": true, "score_mode": "none", "query": {"bool": {"filter": both}}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_sought_in_every_form_in_which_it_was_written() {
        let id = |text: &str| text.parse::<TraceId>().expect("an id");
        let forms = written_forms(id("00ab"));
        assert_eq!(forms, ["ab", "00000000000000ab", "000000000000000000000000000000ab"]);
        assert_eq!(written_forms(id(&"a".repeat(16))), ["a".repeat(16), format!("{:0>32}", "a".repeat(16))]);
        assert_eq!(written_forms(id(&"a".repeat(32))), ["a".repeat(32)]);
    }
}
