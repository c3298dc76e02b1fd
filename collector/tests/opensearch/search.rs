//! Each search parameter, alone.

use jqs_collector::storage::{
    Operation, SpanKind, StorageError, TimeRange, TraceQuery, TraceReader as _, TraceWriter as _,
    opensearch::OpenSearchStorage,
};
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value,
    trace::v1::{ResourceSpans, Span, Status, span::Event},
};

use crate::{
    server,
    spans::{HOUR, SECOND, START, attribute, batch, ids, query, resource_spans, span, text, trace_id},
};

async fn stored(prefix: &str, sent: Vec<ResourceSpans>) -> OpenSearchStorage {
    let storage = server::storage(prefix).await;
    storage.write(batch(sent)).await.expect("written");
    server::refresh().await;
    storage
}

/// The numbers of the traces that meet the query, in order of the answer.
async fn found(storage: &OpenSearchStorage, query: TraceQuery) -> Vec<u64> {
    let traces = storage.find_traces(&query).await.expect("an answer");
    let summaries = storage.find_summaries(&query).await.expect("an answer");
    let ids = ids(&traces);
    assert_eq!(summaries, traces.iter().map(jqs_collector::model::summarize).collect::<Vec<_>>());
    ids.iter().map(|id| (1..1_000).find(|number| trace_id(*number) == *id).expect("a known trace")).collect()
}

#[tokio::test]
async fn traces_are_found_by_service_operation_time_and_duration() {
    let other = Span { name: "POST /cart".into(), ..span(2, 1) };
    let late = Span { start_time_unix_nano: START + 2 * HOUR, end_time_unix_nano: START + 2 * HOUR, ..span(3, 1) };
    let long = Span { end_time_unix_nano: START + 5 * SECOND, ..span(4, 1) };
    let sent = vec![
        resource_spans("cart", vec![span(1, 1), other, late]),
        resource_spans("stock", vec![long, Span { start_time_unix_nano: START + SECOND, ..span(1, 2) }]),
    ];
    let storage = stored("parameters", sent).await;
    let service = |name: &str| Some(name.to_owned());
    let day = TimeRange { from_ns: START - 24 * HOUR, to_ns: START + 24 * HOUR };
    let from = |from_ns| TimeRange { from_ns, ..day };
    for (expected, query) in [
        (vec![3, 1, 2, 4], TraceQuery { start: day, ..query() }),
        (vec![1, 2, 4], query()),
        (vec![1, 4], TraceQuery { service: service("stock"), ..query() }),
        (vec![], TraceQuery { service: service("sto"), ..query() }),
        (vec![2], TraceQuery { service: service("cart"), operation: service("POST /cart"), ..query() }),
        (vec![], TraceQuery { service: service("stock"), operation: service("POST /cart"), ..query() }),
        (vec![3, 1], TraceQuery { start: from(START + SECOND), ..query() }),
        (vec![3], TraceQuery { start: from(START + SECOND + 1_000), ..query() }),
        (vec![4], TraceQuery { duration_min_ns: Some(5 * SECOND), ..query() }),
        (vec![1, 2], TraceQuery { duration_max_ns: Some(SECOND), ..query() }),
        (vec![3, 1], TraceQuery { start: day, limit: 2, ..query() }),
        (vec![], TraceQuery { limit: 0, ..query() }),
    ] {
        assert_eq!(found(&storage, query.clone()).await, expected, "{query:?}");
    }
}

#[tokio::test]
async fn traces_are_found_by_tags() {
    let status = |code, message: &str| Some(Status { code, message: message.into() });
    let event = Event { name: "retry".into(), attributes: vec![text("attempt", "3")], ..Default::default() };
    let attributes = vec![
        text("http.url", "a.c(?*)\"\\"),
        attribute("flag", Value::BoolValue(true)),
        attribute("count", Value::IntValue(42)),
        attribute("ratio", Value::DoubleValue(1.5)),
        attribute("whole", Value::DoubleValue(2.0)),
    ];
    let mut first = resource_spans("cart", vec![Span { attributes, events: vec![event], ..span(1, 1) }]);
    first.resource.as_mut().expect("a resource").attributes.push(text("host.name", "a1"));
    let scope = first.scope_spans[0].scope.as_mut().expect("a scope");
    (scope.name, scope.version, scope.attributes) = ("http".into(), "1.2".into(), vec![text("team", "b")]);
    let failed = Span { kind: 3, status: status(2, "timeout"), ..span(2, 1) };
    let fine = Span { kind: 0, status: status(1, ""), ..span(3, 1) };
    let storage = stored("tags", vec![first, resource_spans("stock", vec![failed, fine])]).await;
    for (tags, expected) in [
        (vec![("http.url", "a.c(?*)\"\\")], vec![1]),
        (vec![("http.url", "a.*")], vec![]),
        (vec![("flag", "true")], vec![1]),
        (vec![("count", "42")], vec![1]),
        (vec![("ratio", "1.5")], vec![1]),
        (vec![("whole", "2")], vec![1]),
        (vec![("host.name", "a1")], vec![1]),
        (vec![("team", "b")], vec![1]),
        (vec![("attempt", "3")], vec![1]),
        (vec![("event", "retry")], vec![1]),
        (vec![("service.name", "cart")], vec![1]),
        (vec![("count", "42"), ("host.name", "a1")], vec![1]),
        (vec![("count", "42"), ("host.name", "a2")], vec![]),
        (vec![("count", "42"), ("error", "true")], vec![]),
        (vec![("error", "true")], vec![2]),
        (vec![("error", "false")], vec![1, 3]),
        (vec![("otel.status_code", "ERROR")], vec![2]),
        (vec![("otel.status_code", "OK")], vec![3]),
        (vec![("otel.status_code", "UNSET")], vec![1]),
        (vec![("otel.status_description", "timeout")], vec![2]),
        (vec![("span.kind", "server")], vec![1]),
        (vec![("span.kind", "client")], vec![2]),
        (vec![("span.kind", "internal")], vec![3]),
        (vec![("otel.scope.name", "http"), ("otel.scope.version", "1.2")], vec![1]),
    ] {
        let query = TraceQuery {
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..query()
        };
        assert_eq!(found(&storage, query).await, expected, "{tags:?}");
    }
}

#[tokio::test]
async fn the_newest_traces_come_first_and_exactly_the_limit() {
    // Of every trace the second span is later, in an order that is not that of the ids.
    let spans = (1..=300).flat_map(|number: u64| {
        let late = START + (number * 77 % 301) * SECOND;
        [span(number, 1), Span { start_time_unix_nano: late, end_time_unix_nano: late, ..span(number, 2) }]
    });
    let storage = stored("newest", vec![resource_spans("cart", spans.collect())]).await;
    let mut expected: Vec<u64> = (1..=300).collect();
    expected.sort_by_key(|number| std::cmp::Reverse(number * 77 % 301));
    for limit in [1, 7, 250, 1_000] {
        let numbers = found(&storage, TraceQuery { limit, ..query() }).await;
        assert_eq!(numbers, expected[..limit.min(300)], "limit {limit}");
    }
}

#[tokio::test]
async fn services_and_operations_are_listed_once_and_in_order() {
    let named = |number, name: &str, kind| Span { name: name.into(), kind, ..span(number, number) };
    let yesterday = Span { start_time_unix_nano: START - 24 * HOUR, ..named(9, "b", 2) };
    let sent = vec![
        resource_spans("stock", vec![named(1, "x", 1)]),
        resource_spans("cart", vec![named(2, "b", 2), named(3, "a", 3), named(4, "b", 2), named(5, "b", 3), yesterday]),
        resource_spans("Ünï \"世界\"", vec![named(6, "\\", 0)]),
    ];
    let storage = stored("names", sent).await;
    assert_eq!(storage.services().await.expect("services"), ["cart", "stock", "Ünï \"世界\""]);
    let operation = |name: &str, kind| Operation { name: name.into(), kind };
    let all = [operation("a", SpanKind::Client), operation("b", SpanKind::Server), operation("b", SpanKind::Client)];
    assert_eq!(storage.operations("cart", None).await.expect("operations"), all);
    let servers = storage.operations("cart", Some(SpanKind::Server)).await.expect("operations");
    assert_eq!(servers, [operation("b", SpanKind::Server)]);
    let odd = storage.operations("Ünï \"世界\"", None).await.expect("operations");
    assert_eq!(odd, [operation("\\", SpanKind::Internal)]);
    assert_eq!(storage.operations("nobody", None).await.expect("operations"), []);
}

#[tokio::test]
async fn an_empty_cluster_has_no_services_and_no_traces() {
    let storage = server::storage("empty").await;
    assert_eq!(storage.services().await.expect("services"), Vec::<String>::new());
    assert_eq!(storage.find_traces(&query()).await.expect("an answer"), []);
    let backwards = TraceQuery { start: TimeRange { from_ns: 2, to_ns: 1 }, ..query() };
    let error = storage.find_traces(&backwards).await.expect_err("a bad query");
    assert!(matches!(error, StorageError::InvalidQuery(_)), "{error}");
}
