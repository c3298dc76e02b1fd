//! What was written is read back.

use jqs_collector::storage::{TimeRange, TraceReader as _, TraceWriter as _};
use opentelemetry_proto::tonic::{
    common::v1::{InstrumentationScope, any_value::Value},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};

use crate::{
    server,
    spans::{HOUR, SECOND, START, attribute, batch, every_type, query, resource_spans, span, text, trace_id},
};

/// A span that uses every field, and attributes with the names of Jaeger's own tags.
fn full_span() -> Span {
    let event = |name: &str, attributes| Event {
        time_unix_nano: START + 1_234_567,
        name: name.into(),
        attributes,
        dropped_attributes_count: 1,
    };
    let link = |trace: u64, id: u64| Link {
        trace_id: trace_id(trace).0.to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        trace_state: "vendor=1".into(),
        attributes: every_type(),
        dropped_attributes_count: 2,
        flags: 257,
    };
    let reserved =
        ["span.kind", "otel.status_code", "otel.status_description", "w3c.tracestate", "otel.scope.name", "event"];
    let mut attributes = every_type();
    attributes.extend(reserved.map(|key| text(key, "client")));
    attributes.push(attribute("error", Value::BoolValue(true)));
    Span {
        trace_state: "a=1,b=2".into(),
        parent_span_id: vec![7; 8],
        flags: 257,
        name: "поиск /корзина".into(),
        kind: 4,
        start_time_unix_nano: START + 123_456_789,
        end_time_unix_nano: START + 223_456_788,
        attributes,
        dropped_attributes_count: 3,
        events: vec![
            event("exception", every_type()),
            event("name", vec![text("event", "attribute")]),
            event("", vec![text("event", "attribute alone")]),
            event("", vec![]),
        ],
        dropped_events_count: 4,
        links: vec![
            link(2, 3),
            Link { span_id: vec![7; 8], ..link(1, 0) },
            Link { attributes: vec![text("opentracing.ref_type", "child_of")], ..link(1, 9) },
        ],
        dropped_links_count: 5,
        status: Some(Status { message: "payment declined".into(), code: 1 }),
        ..span(1, 1)
    }
}

fn full_resource() -> ResourceSpans {
    let mut attributes = every_type();
    attributes.insert(2, text("service.name", "cart"));
    ResourceSpans {
        resource: Some(Resource { attributes, dropped_attributes_count: 6, ..Default::default() }),
        scope_spans: vec![
            ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "http".into(),
                    version: "1.2".into(),
                    attributes: every_type(),
                    dropped_attributes_count: 7,
                }),
                spans: vec![full_span()],
                schema_url: "https://example.com/scope".into(),
            },
            ScopeSpans {
                scope: Some(InstrumentationScope { version: "alone".into(), ..Default::default() }),
                spans: vec![Span { start_time_unix_nano: START + 200_000_000, ..span(1, 2) }],
                ..Default::default()
            },
        ],
        schema_url: "https://example.com/resource".into(),
    }
}

#[tokio::test]
async fn every_field_of_a_span_comes_back_as_it_was_sent() {
    let storage = server::storage("fields").await;
    storage.write(batch(vec![full_resource()])).await.expect("written");
    server::refresh().await;
    let trace = storage.trace(trace_id(1), None).await.expect("an answer").expect("a trace");
    assert_eq!(trace.resource_spans, [full_resource()]);
    assert_eq!(trace.warning, None);
}

#[tokio::test]
async fn kinds_statuses_and_times_come_back_as_they_were_sent() {
    let storage = server::storage("statuses").await;
    let mut spans: Vec<Span> = (0..=5).map(|kind| Span { kind, ..span(1, kind as u64 + 1) }).collect();
    let status = |code, message: &str| Some(Status { code, message: message.into() });
    spans.extend([
        Span { status: status(2, "timeout"), ..span(1, 10) },
        Span { status: status(2, ""), ..span(1, 11) },
        Span { status: status(1, ""), ..span(1, 12) },
        Span { status: status(0, "unset with a message"), ..span(1, 13) },
        Span { end_time_unix_nano: START - 1, ..span(1, 14) },
        Span { end_time_unix_nano: 0, ..span(1, 15) },
        Span { end_time_unix_nano: START + 999, ..span(1, 16) },
        Span { name: String::new(), ..span(1, 17) },
    ]);
    let sent = resource_spans("cart", spans);
    storage.write(batch(vec![sent.clone()])).await.expect("written");
    server::refresh().await;
    let trace = storage.trace(trace_id(1), None).await.expect("an answer").expect("a trace");
    assert_eq!(trace.resource_spans, [sent]);
}

#[tokio::test]
async fn a_resource_without_a_service_name_stays_without_one() {
    let storage = server::storage("nameless").await;
    let mut sent = resource_spans("", vec![span(1, 1)]);
    sent.resource.as_mut().expect("a resource").attributes = vec![attribute("service.name", Value::IntValue(7))];
    storage.write(batch(vec![sent.clone()])).await.expect("written");
    server::refresh().await;
    let trace = storage.trace(trace_id(1), None).await.expect("an answer").expect("a trace");
    assert_eq!(trace.resource_spans, [sent]);
    assert_eq!(storage.services().await.expect("services"), ["OTLPResourceNoServiceName"]);
}

#[tokio::test]
async fn a_trace_of_12_000_spans_is_read_whole_though_many_start_at_the_same_time() {
    let storage = server::storage("long").await;
    // Every id twice, as Zipkin's clients and servers do, and ten starts in all: pages end within equal sort values.
    let spans = (0..12_000).map(|number: u64| Span {
        start_time_unix_nano: START + number % 10,
        kind: 2 + (number % 2) as i32,
        ..span(1, 1 + number / 2)
    });
    let batch = batch(vec![resource_spans("cart", spans.collect())]);
    storage.write(batch).await.expect("written");
    server::refresh().await;
    let trace = storage.trace(trace_id(1), None).await.expect("an answer").expect("a trace");
    let mut ids: Vec<_> = trace.spans().map(|(_, span)| (span.span_id.clone(), span.kind)).collect();
    assert_eq!(ids.len(), 12_000);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 12_000, "no span is there twice");
    let found = storage.find_traces(&query()).await.expect("an answer");
    assert_eq!(found[0].spans().count(), 12_000);
    let summary = storage.find_summaries(&query()).await.expect("an answer").remove(0);
    assert_eq!((summary.spans, summary.root_service.as_str()), (12_000, "cart"));
}

#[tokio::test]
async fn a_trace_longer_than_the_limit_is_cut_and_the_next_one_is_whole() {
    let mut settings = server::settings("cut");
    settings.trace_spans_max = 10;
    // So small that pages shrink as well.
    settings.answer_bytes_max = 30_000;
    let storage = jqs_collector::storage::opensearch::OpenSearchStorage::connect(settings).await.expect("a connection");
    let spans = |trace, count| (1..=count).map(move |id| span(trace, id));
    let all = spans(1, 100).chain(spans(2, 10)).collect();
    storage.write(batch(vec![resource_spans("cart", all)])).await.expect("written");
    server::refresh().await;
    let found = storage.find_traces(&query()).await.expect("an answer");
    let counts: Vec<_> = found.iter().map(|trace| (trace.spans().count(), trace.warning.as_deref())).collect();
    assert_eq!(counts, [(10, Some("the trace has more than 10 spans; the first are shown")), (10, None)]);
}

#[tokio::test]
async fn a_batch_that_is_written_again_changes_nothing() {
    let storage = server::storage("again").await;
    let sent = batch(vec![full_resource()]);
    storage.write(sent.clone()).await.expect("written");
    storage.write(sent.clone()).await.expect("written again");
    server::storage("again").await.write(sent).await.expect("written after a restart");
    assert_eq!(server::documents("again-jaeger-span-*").await.len(), 2);
    assert_eq!(server::documents("again-jaeger-service-*").await.len(), 2);
}

#[tokio::test]
async fn concurrent_small_writes_are_all_there_when_they_are_acknowledged() {
    let storage = std::sync::Arc::new(server::storage("concurrent").await);
    let writes = (1..=200).map(|id| {
        let storage = storage.clone();
        tokio::spawn(async move { storage.write(batch(vec![resource_spans("cart", vec![span(1, id)])])).await })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.expect("no panic").expect("written");
    }
    server::refresh().await;
    let trace = storage.trace(trace_id(1), None).await.expect("an answer").expect("a trace");
    assert_eq!(trace.spans().count(), 200);
}

#[tokio::test]
async fn a_batch_larger_than_one_request_is_written_in_several() {
    let mut settings = server::settings("several");
    settings.bulk_bytes_max = 2_000;
    settings.waiting_bytes_max = 5_000;
    let storage = jqs_collector::storage::opensearch::OpenSearchStorage::connect(settings).await.expect("a connection");
    let spans = (1..=100).map(|id| Span { attributes: vec![text("long", &"x".repeat(6_000))], ..span(1, id) });
    storage.write(batch(vec![resource_spans("cart", spans.collect())])).await.expect("written");
    server::refresh().await;
    let trace = storage.trace(trace_id(1), None).await.expect("an answer").expect("a trace");
    assert_eq!(trace.spans().count(), 100);
}

#[tokio::test]
async fn a_trace_over_midnight_is_read_from_both_days() {
    let storage = server::storage("midnight").await;
    let late =
        Span { start_time_unix_nano: START + 20 * HOUR, end_time_unix_nano: START + 20 * HOUR + SECOND, ..span(1, 2) };
    storage.write(batch(vec![resource_spans("cart", vec![span(1, 1), late])])).await.expect("written");
    server::refresh().await;
    let range = TimeRange { from_ns: START, to_ns: START + SECOND };
    for range in [None, Some(range)] {
        let trace = storage.trace(trace_id(1), range).await.expect("an answer").expect("a trace");
        assert_eq!(trace.spans().count(), 2, "{range:?}");
    }
    let elsewhere = TimeRange { from_ns: START + 240 * HOUR, to_ns: START + 241 * HOUR };
    assert_eq!(storage.trace(trace_id(1), Some(elsewhere)).await.expect("an answer"), None);
    assert_eq!(storage.trace(trace_id(2), None).await.expect("an answer"), None);
}
