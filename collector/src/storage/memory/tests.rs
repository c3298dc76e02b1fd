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

pub(super) fn batch(service: &str, spans: Vec<Span>) -> SpanBatch {
    let resource = Some(Resource { attributes: vec![text("service.name", service)], ..Default::default() });
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    let resource_spans = vec![ResourceSpans { resource, scope_spans, ..Default::default() }];
    SpanBatch::from_request(&ExportTraceServiceRequest { resource_spans }).expect("a batch")
}

pub(super) fn query(service: &str) -> TraceQuery {
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
async fn the_largest_batch_that_is_taken_is_held_whole() {
    const CAP: usize = 1 << 20;
    // What takes most beside its bytes: every span of a trace and an operation of its own.
    let one = |number: u32| Span { name: number.to_string(), ..numbered(number, span(1, 1, 10)) };
    let mut largest = 0;
    for spans in (100..4_000).step_by(100) {
        let storage = MemoryStorage::new(CAP);
        if storage.write(batch("cart", (0..spans).map(one).collect())).await.is_err() {
            break;
        }
        largest = spans;
        assert_eq!((storage.usage().spans, storage.usage().evicted_traces), (spans as usize, 0));
        assert!(storage.usage().bytes <= CAP);
    }
    assert!((1_000..3_000).contains(&largest), "{largest}");
}

/// Ids that differ where it matters, so that there can be many.
fn numbered(number: u32, span: Span) -> Span {
    Span { trace_id: [&number.to_be_bytes()[..], &[7; 12]].concat(), ..span }
}

async fn spans_of(storage: &MemoryStorage, number: u32) -> usize {
    let id = TraceId(numbered(number, span(1, 1, 0)).trace_id.try_into().expect("16 bytes"));
    storage.trace(id, None).await.expect("an answer").map_or(0, |trace| trace.spans().count())
}

#[tokio::test]
async fn the_least_recently_written_traces_make_room_and_nothing_of_them_stays() {
    const CAP: usize = 1 << 20;
    const TRACES: u32 = 20_000;
    let storage = MemoryStorage::new(CAP);
    storage.write(batch("early", vec![numbered(0, span(1, 1, 10))])).await.expect("written");
    for number in 1..TRACES {
        let mut one = vec![numbered(number, span(1, 1, 10)), numbered(number, span(1, 2, 10))];
        // A trace that is written all the time.
        one.extend((number % 50 == 0).then(|| numbered(TRACES, span(1, (number % 200) as u8 + 1, 10))));
        storage.write(batch(&format!("service {}", number / 1_000), one)).await.expect("written");
        assert!(storage.usage().bytes <= CAP, "{:?}", storage.usage());
    }
    assert_eq!(spans_of(&storage, 0).await, 0);
    assert!(!storage.services().await.expect("services").contains(&"early".to_string()));
    assert!(storage.operations("early", None).await.expect("operations").is_empty());
    let usage = storage.usage();
    assert_eq!(usage.traces + usage.evicted_traces as usize, TRACES as usize + 1);
    let mut held = Vec::new();
    for number in 0..TRACES {
        held.push(spans_of(&storage, number).await);
    }
    let first = held.iter().position(|spans| *spans > 0).expect("some are held");
    assert!(held[first..].iter().all(|spans| *spans == 2), "whole traces, the newest");
    assert!(TRACES as usize - first > 2_000, "{first} of {TRACES} are gone");
    assert_eq!(
        spans_of(&storage, TRACES).await,
        TRACES as usize / 50 - 1,
        "what is written again and again stays whole"
    );
    assert_eq!(usage.spans, held.iter().sum::<usize>() + spans_of(&storage, TRACES).await);
}

#[tokio::test]
async fn what_cannot_fit_is_refused_and_what_was_acknowledged_stays() {
    const CAP: usize = 256 << 10;
    let storage = MemoryStorage::new(CAP);
    let named = |number: u32, bytes: usize| Span { name: "x".repeat(bytes), ..numbered(number, span(1, 1, 10)) };
    storage.write(batch("cart", vec![named(1, 10)])).await.expect("written");
    let error = storage.write(batch("cart", vec![named(2, CAP)])).await.expect_err("a batch that is too large");
    assert!(matches!(error, StorageError::Rejected(_)), "{error}");
    assert_eq!((spans_of(&storage, 1).await, spans_of(&storage, 2).await), (1, 0));
    let mut taken = 0;
    let error = loop {
        match storage.write(batch("cart", vec![text_span(3, taken)])).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 10_000, "never refused");
    };
    assert!(error.to_string().contains("takes"), "{error}");
    assert_eq!(spans_of(&storage, 3).await, taken);
    assert_eq!(spans_of(&storage, 1).await, 1);
}

fn text_span(number: u32, at: usize) -> Span {
    Span { attributes: vec![text("text", &format!("{at:01000}"))], ..numbered(number, span(1, 1, 10)) }
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

#[test]
fn many_writers_and_readers_at_once_leave_the_counts_right() {
    const WRITERS: u32 = 8;
    const TRACES_EACH: u32 = 1_500;
    // Enough for more than one open segment.
    const CAP: usize = 8 << 20;
    let storage = MemoryStorage::new(CAP);
    let answers = std::thread::scope(|scope| {
        let runtime = || tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for writer in 0..WRITERS {
            let storage = &storage;
            scope.spawn(move || {
                runtime().block_on(async {
                    for number in 0..TRACES_EACH {
                        // Each trace is written by two writers.
                        let id = (writer / 2) * TRACES_EACH + number;
                        let spans = (1..=3).map(|span_id| numbered(id, call(span_id, span_id - 1, SERVER, 10)));
                        let long = |at: u8| text("text", &format!("{writer} {number} {at:01000}"));
                        let spans =
                            spans.map(|span| Span { attributes: vec![long(span.span_id[0])], ..span }).collect();
                        storage.write(batch(&format!("service {writer}"), spans)).await.expect("written");
                    }
                });
            });
        }
        let storage = &storage;
        let reader = scope.spawn(move || {
            runtime().block_on(async {
                let mut answers = 0;
                while storage.usage().evicted_traces < 1_000 {
                    answers += found(storage, &query("service 3")).await.len();
                    calls(storage, 0, 100).await;
                    assert!(storage.services().await.expect("services").len() <= WRITERS as usize);
                }
                answers
            })
        });
        reader.join().expect("no panic")
    });
    assert!(answers > 0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (mut traces, mut spans) = (0, 0);
        for number in 0..WRITERS / 2 * TRACES_EACH {
            let held = spans_of(&storage, number).await;
            traces += usize::from(held > 0);
            spans += held;
        }
        let usage = storage.usage();
        assert_eq!((usage.traces, usage.spans), (traces, spans));
        assert!(usage.bytes <= CAP);
        // What is counted of calls is what counting all that is left gives.
        let counted = calls(&storage, 0, 100).await;
        let again = MemoryStorage::new(2 * CAP);
        for number in 0..WRITERS / 2 * TRACES_EACH {
            let id = TraceId(numbered(number, span(1, 1, 0)).trace_id.try_into().expect("16 bytes"));
            let Some(trace) = storage.trace(id, None).await.expect("an answer") else { continue };
            let request = ExportTraceServiceRequest { resource_spans: trace.resource_spans };
            again.write(SpanBatch::from_request(&request).expect("a batch")).await.expect("written");
        }
        assert_eq!(counted, calls(&again, 0, 100).await);
    });
}
