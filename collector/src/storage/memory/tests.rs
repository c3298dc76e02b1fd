//! What memory promises beyond the contract: the cap, whole-trace eviction, and exact accounting.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status},
};

use super::*;

const SECOND: u64 = 1_000_000_000;

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.into())) });
    KeyValue { key: key.into(), value, ..Default::default() }
}

fn span(trace: u8, id: u8, start_s: u64) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: vec![id; 8],
        name: format!("operation {id}"),
        start_time_unix_nano: start_s * SECOND,
        end_time_unix_nano: start_s * SECOND + u64::from(id) * 1_000_000,
        ..Default::default()
    }
}

fn batch(service: &str, spans: Vec<Span>) -> SpanBatch {
    let resource = Some(Resource { attributes: vec![text("service.name", service)], ..Default::default() });
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    let resource_spans = vec![ResourceSpans { resource, scope_spans, ..Default::default() }];
    SpanBatch::from_request(&ExportTraceServiceRequest { resource_spans }).expect("a batch")
}

fn query(service: &str) -> TraceQuery {
    TraceQuery {
        service: Some(service.into()),
        operation: None,
        tags: vec![],
        start: TimeRange { from_ns: 0, to_ns: u64::MAX },
        duration_min_ns: None,
        duration_max_ns: None,
        limit: 20,
    }
}

async fn found(storage: &MemoryStorage, query: &TraceQuery) -> Vec<u8> {
    storage.find_traces(query).await.expect("an answer").iter().map(|trace| trace.id.0[0]).collect()
}

#[tokio::test]
async fn a_trace_comes_back_whole_each_resource_once() {
    let storage = MemoryStorage::new(DEFAULT_MEMORY_BYTES_MAX);
    storage.write(batch("cart", vec![span(1, 1, 10)])).await.expect("written");
    storage.write(batch("cart", vec![span(1, 2, 11), span(2, 1, 11)])).await.expect("written");
    storage.write(batch("stock", vec![span(1, 3, 12)])).await.expect("written");
    let trace = storage.trace(TraceId([1; 16]), None).await.expect("an answer").expect("a trace");
    let spans: Vec<_> = trace.spans().map(|(service, span)| (service, span.span_id[0])).collect();
    assert_eq!(spans, [("cart", 1), ("cart", 2), ("stock", 3)]);
    assert_eq!(trace.resource_spans.len(), 2);
    assert_eq!(storage.trace(TraceId([9; 16]), None).await.expect("an answer"), None);
    assert_eq!(storage.services().await.expect("services"), ["cart", "stock"]);
}

#[tokio::test]
async fn the_newest_matching_traces_come_first() {
    let storage = MemoryStorage::new(DEFAULT_MEMORY_BYTES_MAX);
    for (trace, start) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
        storage.write(batch("cart", vec![span(trace, trace, start)])).await.expect("written");
    }
    assert_eq!(found(&storage, &query("cart")).await, [4, 1, 3, 2]);
    assert_eq!(found(&storage, &TraceQuery { limit: 2, ..query("cart") }).await, [4, 1]);
    assert_eq!(found(&storage, &TraceQuery { service: None, ..query("") }).await, [4, 1, 3, 2]);
    let start = TimeRange { from_ns: 20 * SECOND, to_ns: 30 * SECOND };
    assert_eq!(found(&storage, &TraceQuery { start, ..query("cart") }).await, [1, 3]);
    let operation = Some("operation 3".into());
    assert_eq!(found(&storage, &TraceQuery { operation, ..query("cart") }).await, [3]);
    let (duration_min_ns, duration_max_ns) = (Some(2_000_000), Some(3_000_000));
    assert_eq!(found(&storage, &TraceQuery { duration_min_ns, duration_max_ns, ..query("cart") }).await, [3, 2]);
    assert_eq!(found(&storage, &query("absent")).await, [0u8; 0]);
}

#[tokio::test]
async fn every_condition_must_hold_on_one_span() {
    let storage = MemoryStorage::new(DEFAULT_MEMORY_BYTES_MAX);
    let number = KeyValue {
        key: "http.status_code".into(),
        value: Some(AnyValue { value: Some(Value::IntValue(500)) }),
        ..Default::default()
    };
    let failed = Span {
        attributes: vec![number],
        status: Some(Status { code: 2, message: "out of stock".into() }),
        ..span(1, 1, 10)
    };
    let other = Span { attributes: vec![text("user", "ada")], ..span(1, 2, 10) };
    storage.write(batch("cart", vec![failed, other])).await.expect("written");
    let with = |tags: &[(&str, &str)]| TraceQuery {
        tags: tags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        ..query("cart")
    };
    assert_eq!(found(&storage, &with(&[("http.status_code", "500"), ("error", "true")])).await, [1]);
    assert_eq!(found(&storage, &with(&[("otel.status_description", "out of stock")])).await, [1]);
    assert_eq!(found(&storage, &with(&[("user", "ada"), ("service.name", "cart")])).await, [1]);
    assert_eq!(found(&storage, &with(&[("user", "ada"), ("error", "true")])).await, [0u8; 0]);
    assert_eq!(found(&storage, &with(&[("http.status_code", "50")])).await, [0u8; 0]);
}

#[tokio::test]
async fn the_least_recently_written_trace_makes_room_and_nothing_of_it_stays() {
    let storage = MemoryStorage::new(DEFAULT_MEMORY_BYTES_MAX);
    let one = {
        storage.write(batch("first", vec![span(1, 1, 10)])).await.expect("written");
        storage.usage().bytes
    };
    let storage = MemoryStorage::new(2 * one + one / 2);
    storage.write(batch("first", vec![span(1, 1, 10)])).await.expect("written");
    storage.write(batch("second", vec![span(2, 2, 20)])).await.expect("written");
    storage.write(batch("first", vec![span(1, 3, 11)])).await.expect("written");
    storage.write(batch("third", vec![span(3, 3, 30)])).await.expect("written");
    assert_eq!(storage.trace(TraceId([2; 16]), None).await.expect("an answer"), None, "the second was least recent");
    assert!(!storage.services().await.expect("services").contains(&"second".to_string()));
    assert!(storage.operations("second", None).await.expect("operations").is_empty());
    assert!(storage.usage().bytes <= 2 * one + one / 2);
    assert!(storage.usage().evicted_traces > 0);
}

#[tokio::test]
async fn evicting_everything_frees_every_byte_that_was_counted() {
    let storage = MemoryStorage::new(DEFAULT_MEMORY_BYTES_MAX);
    for trace in 1..=50 {
        let spans = (1..=5).map(|id| span(trace, id, 10 + u64::from(id))).collect();
        storage.write(batch(&format!("service {}", trace % 7), spans)).await.expect("written");
    }
    assert_eq!((storage.usage().traces, storage.usage().spans), (50, 250));
    let mut state = storage.state.write();
    let Err(_) = state.insert(chunk::split(&batch("late", vec![span(99, 1, 1)])), 10) else {
        panic!("larger than the cap, so refused");
    };
    drop(state.insert(vec![], 0).expect("nothing to refuse"));
    let usage = state.usage();
    assert_eq!((usage.traces, usage.spans, usage.bytes, usage.evicted_traces), (0, 0, 0, 50));
}

#[tokio::test]
async fn a_trace_larger_than_the_cap_is_refused_and_what_was_acknowledged_stays() {
    let storage = MemoryStorage::new(4096);
    storage.write(batch("cart", vec![span(1, 1, 10)])).await.expect("written");
    let large = (1..=200).map(|id| span(1, id, 10)).collect();
    let error = storage.write(batch("cart", large)).await.expect_err("too large");
    assert!(matches!(error, StorageError::Rejected(_)), "{error}");
    assert!(storage.trace(TraceId([1; 16]), None).await.expect("an answer").is_some());
}

fn call(id: u8, parent: u8, kind: i32, start_s: u64) -> Span {
    Span { parent_span_id: if parent == 0 { vec![] } else { vec![parent; 8] }, kind, ..span(1, id, start_s) }
}

const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;

async fn calls(storage: &MemoryStorage, from_s: u64, to_s: u64) -> Vec<(String, String, u64)> {
    let range = TimeRange { from_ns: from_s * SECOND, to_ns: to_s.saturating_mul(SECOND) };
    let found = storage.dependencies(range).await.expect("an answer");
    found.into_iter().map(|found| (found.parent, found.child, found.calls)).collect()
}

fn pairs(expected: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    expected.iter().map(|(parent, child, calls)| ((*parent).into(), (*child).into(), *calls)).collect()
}

#[tokio::test]
async fn calls_are_counted_once_whoever_tells_of_them() {
    let storage = MemoryStorage::new(1 << 20);
    let peer = Span { attributes: vec![text("peer.service", "redis")], ..call(7, 4, CLIENT, 61) };
    let not_a_leaf = Span { attributes: vec![text("peer.service", "cart")], ..call(2, 1, CLIENT, 61) };
    for (service, spans) in [
        // An internal call is none, and neither is one of a service by itself.
        ("web", vec![call(1, 0, SERVER, 60), not_a_leaf, call(3, 1, 1, 60)]),
        ("cart", vec![call(4, 2, SERVER, 62), call(5, 4, PRODUCER, 62), peer]),
        ("bank", vec![call(6, 5, CONSUMER, 130)]),
    ] {
        let batch = || batch(service, spans.clone());
        storage.write(batch()).await.expect("stored");
        // Sent again, because the answer was lost.
        storage.write(batch()).await.expect("stored");
    }
    let all = pairs(&[("cart", "bank", 1), ("cart", "redis", 1), ("web", "cart", 1)]);
    assert_eq!(calls(&storage, 0, u64::MAX).await, all);
    // By the minute in which the called span starts.
    assert_eq!(calls(&storage, 60, 119).await, pairs(&[("cart", "redis", 1), ("web", "cart", 1)]));
    assert_eq!(calls(&storage, 120, 180).await, pairs(&[("cart", "bank", 1)]));
    assert_eq!(calls(&storage, 180, u64::MAX).await, []);
}

#[tokio::test]
async fn a_span_id_that_client_and_server_share_is_one_call() {
    let storage = MemoryStorage::new(1 << 20);
    for (service, spans) in [
        ("web", vec![call(1, 0, SERVER, 0), call(2, 1, CLIENT, 0)]),
        ("cart", vec![call(2, 1, SERVER, 0), call(3, 2, 1, 0)]),
        ("bank", vec![call(4, 2, SERVER, 0)]),
    ] {
        storage.write(batch(service, spans)).await.expect("stored");
    }
    assert_eq!(calls(&storage, 0, u64::MAX).await, pairs(&[("cart", "bank", 1), ("web", "cart", 1)]));
}

#[tokio::test]
async fn what_is_counted_follows_what_is_stored() {
    let storage = MemoryStorage::new(100_000);
    let trace = |trace: u8, child: &str| {
        let of = |span: Span| Span { trace_id: vec![trace; 16], ..span };
        [batch("web", vec![of(call(1, 0, CLIENT, 0))]), batch(child, vec![of(call(2, 1, SERVER, 0))])]
    };
    for batch in trace(1, "cart") {
        storage.write(batch).await.expect("stored");
        calls(&storage, 0, 1).await;
    }
    assert_eq!(calls(&storage, 0, 1).await, pairs(&[("web", "cart", 1)]));
    let empty = MemoryStorage::new(100_000).usage();
    for number in 0..1_000_u32 {
        for batch in trace(2 + (number % 200) as u8, "bank") {
            storage.write(batch).await.expect("stored");
        }
        let mut filler = span(255, 1, 0);
        filler.trace_id = [&number.to_be_bytes()[..], &[7; 12]].concat();
        filler.name = "x".repeat(1_000);
        storage.write(batch("filler", vec![filler])).await.expect("stored");
    }
    let after = calls(&storage, 0, 1).await;
    assert!(!after.iter().any(|(_, child, _)| child == "cart"), "its trace made room: {after:?}");
    assert!(storage.usage().bytes <= 110_000, "{:?} {empty:?}", storage.usage());
}
