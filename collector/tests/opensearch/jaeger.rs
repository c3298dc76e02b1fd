//! Documents as Jaeger's versions 1 and 2 write them are read.

use jqs_collector::storage::{
    Operation, SpanKind, TimeRange, TraceQuery, TraceReader as _, opensearch::OpenSearchStorage,
};
use opentelemetry_proto::tonic::{
    common::v1::{InstrumentationScope, any_value::Value as AttributeValue},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use serde_json::{Value, json};

use crate::{
    server,
    spans::{START, attribute, query, text},
};

const MICROS: u64 = START / 1_000;
const DAY: u64 = 86_400_000_000_000;

async fn stored(prefix: &str, span: Value) -> OpenSearchStorage {
    // Connected first: the templates must be there before the index is.
    let storage = server::storage(prefix).await;
    server::request("POST", &format!("{prefix}-jaeger-span-2026-03-05/_doc?refresh=true"), Some(&span)).await;
    let service = json!({"serviceName": "cart", "operationName": "GET /cart"});
    server::request("POST", &format!("{prefix}-jaeger-service-2026-03-05/_doc?refresh=true"), Some(&service)).await;
    storage
}

fn tag(key: &str, kind: &str, value: Value) -> Value {
    json!({"key": key, "type": kind, "value": value})
}

/// What both documents say, but for what a version cannot.
fn expected(trace_id: [u8; 16], scope_version: &str) -> ResourceSpans {
    let span = Span {
        trace_id: trace_id.to_vec(),
        span_id: vec![0, 0, 0, 0, 0, 0, 0, 0xab],
        parent_span_id: vec![7; 8],
        trace_state: "a=1".into(),
        flags: 1,
        name: "GET /cart".into(),
        kind: 3,
        start_time_unix_nano: MICROS * 1_000,
        end_time_unix_nano: (MICROS + 2_500) * 1_000,
        attributes: vec![
            text("http.route", "/cart"),
            attribute("retries", AttributeValue::IntValue(9_007_199_254_740_993)),
            attribute("ratio", AttributeValue::DoubleValue(0.30000000000000004)),
            attribute("cached", AttributeValue::BoolValue(false)),
            attribute("body", AttributeValue::BytesValue(vec![1, 255])),
        ],
        events: vec![Event {
            time_unix_nano: (MICROS + 5) * 1_000,
            name: "retry".into(),
            attributes: vec![attribute("attempt", AttributeValue::IntValue(2))],
            ..Default::default()
        }],
        links: vec![Link {
            trace_id: vec![0x11; 16],
            span_id: vec![0x22; 8],
            attributes: vec![text("opentracing.ref_type", "follows_from")],
            ..Default::default()
        }],
        status: Some(Status { message: "late".into(), code: 2 }),
        ..Default::default()
    };
    ResourceSpans {
        resource: Some(Resource {
            attributes: vec![text("service.name", "cart"), text("host", "a1")],
            ..Default::default()
        }),
        scope_spans: vec![ScopeSpans {
            scope: Some(InstrumentationScope {
                name: "http".into(),
                version: scope_version.into(),
                ..Default::default()
            }),
            spans: vec![span],
            ..Default::default()
        }],
        ..Default::default()
    }
}

async fn read(storage: &OpenSearchStorage, expected: ResourceSpans) {
    let found = storage.find_traces(&query()).await.expect("an answer");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].resource_spans, [expected]);
    let trace = storage.trace(found[0].id, None).await.expect("an answer");
    assert_eq!(trace.as_ref(), Some(&found[0]));
    assert_eq!(storage.services().await.expect("services"), ["cart"]);
    for kind in [SpanKind::Internal, SpanKind::Client] {
        let operations = storage.operations("cart", Some(kind)).await.expect("operations");
        assert_eq!(operations, [Operation { name: "GET /cart".into(), kind }]);
    }
    for (key, value) in [("http.route", "/cart"), ("host", "a1"), ("error", "true"), ("cached", "false")] {
        let query = TraceQuery { tags: vec![(key.into(), value.into())], ..query() };
        assert_eq!(storage.find_traces(&query).await.expect("an answer"), found, "{key}");
    }
}

#[tokio::test]
async fn a_document_of_jaeger_1_is_read() {
    // A 64-bit trace id in 16 digits, a span id without leading zeros, the parent among the references, every value a string,
    // and tags that Jaeger was told to store as fields.
    let span = json!({
        "traceID": "00000000000000cd",
        "spanID": "ab",
        "flags": 1,
        "operationName": "GET /cart",
        "references": [
            {"refType": "CHILD_OF", "traceID": "00000000000000cd", "spanID": "0707070707070707"},
            {"refType": "FOLLOWS_FROM", "traceID": "11111111111111111111111111111111", "spanID": "2222222222222222"},
        ],
        "startTime": MICROS,
        "startTimeMillis": MICROS / 1_000,
        "duration": 2_500,
        "tags": [
            tag("otel.scope.name", "string", json!("http")),
            tag("http.route", "string", json!("/cart")),
            tag("retries", "int64", json!("9007199254740993")),
            tag("ratio", "float64", json!("0.30000000000000004")),
            tag("cached", "bool", json!("false")),
            tag("body", "binary", json!("01ff")),
            tag("span.kind", "string", json!("client")),
            tag("otel.status_code", "string", json!("ERROR")),
            tag("otel.status_description", "string", json!("late")),
            tag("w3c.tracestate", "string", json!("a=1")),
        ],
        "tag": {"error": true, "otel@scope@version": "1.2"},
        "logs": [{
            "timestamp": MICROS + 5,
            "fields": [tag("event", "string", json!("retry")), tag("attempt", "int64", json!("2"))],
        }],
        "process": {"serviceName": "cart", "tags": [], "tag": {"host": "a1"}},
        "warnings": null,
    });
    let mut id = [0; 16];
    id[15] = 0xcd;
    read(&stored("jaeger-1", span).await, expected(id, "1.2")).await;
}

#[tokio::test]
async fn a_document_of_jaeger_2_is_read() {
    let trace = "000102030405060708090a0b0c0d0e0f";
    let span = json!({
        "traceID": trace,
        "spanID": "00000000000000ab",
        "parentSpanID": "0707070707070707",
        "flags": 1,
        "operationName": "GET /cart",
        "references": [
            {"refType": "CHILD_OF", "traceID": trace, "spanID": "0707070707070707"},
            {"refType": "FOLLOWS_FROM", "traceID": "11111111111111111111111111111111", "spanID": "2222222222222222"},
        ],
        "startTime": MICROS,
        "startTimeMillis": MICROS / 1_000,
        "duration": 2_500,
        "tags": [
            tag("otel.scope.name", "string", json!("http")),
            tag("http.route", "string", json!("/cart")),
            tag("retries", "int64", json!(9_007_199_254_740_993_u64)),
            tag("ratio", "float64", json!(0.30000000000000004)),
            tag("cached", "bool", json!(false)),
            tag("body", "binary", json!("01ff")),
            tag("span.kind", "string", json!("client")),
            tag("error", "bool", json!(true)),
            tag("otel.status_description", "string", json!("late")),
            tag("w3c.tracestate", "string", json!("a=1")),
        ],
        "logs": [{
            "timestamp": MICROS + 5,
            "fields": [tag("event", "string", json!("retry")), tag("attempt", "int64", json!(2))],
        }],
        "process": {"serviceName": "cart", "tags": [tag("host", "string", json!("a1"))]},
    });
    let id = std::array::from_fn(|index| index as u8);
    read(&stored("jaeger-2", span).await, expected(id, "")).await;
}

#[tokio::test]
async fn missing_parts_of_a_document_are_read_as_empty() {
    let span = json!({
        "traceID": "cd", "spanID": "ab", "operationName": "GET /cart", "references": null, "startTime": MICROS,
        "startTimeMillis": MICROS / 1_000, "duration": 0, "tags": null, "logs": null, "process": {"serviceName": "cart", "tags": null},
    });
    let found = stored("missing", span).await.find_traces(&query()).await.expect("an answer");
    let spans: Vec<_> = found[0].spans().collect();
    let [(service, span)] = spans[..] else { panic!("one span") };
    assert_eq!((service, span.name.as_str(), span.start_time_unix_nano), ("cart", "GET /cart", MICROS * 1_000));
    assert_eq!((&span.status, span.kind, span.links.len(), span.parent_span_id.len()), (&None, 0, 0, 0));
}

#[tokio::test]
async fn dependencies_that_jaegers_job_has_counted_are_read() {
    let prefix = "dependencies";
    let storage = server::storage(prefix).await;
    let range = |from_ns, to_ns| TimeRange { from_ns, to_ns };
    let day = |day: u64| START / DAY * DAY + day * DAY;
    assert_eq!(storage.dependencies(range(0, u64::MAX / 2)).await.unwrap(), [], "without an index");
    let edge = |parent: &str, child: &str, calls: u64| json!({"parent": parent, "child": child, "callCount": calls});
    for (timestamp, edges) in [
        ("2026-03-05T00:00:00Z", vec![edge("web", "cart", 3), edge("cart", "cart", 9)]),
        // The job ran again.
        ("2026-03-05T00:00:00Z", vec![edge("web", "cart", 5)]),
        ("2026-03-06T00:00:00Z", vec![edge("web", "cart", 2), edge("cart", "bank", 1)]),
    ] {
        let path = format!("{prefix}-jaeger-dependencies-{}/_doc?refresh=true", &timestamp[..10]);
        server::request("POST", &path, Some(&json!({"timestamp": timestamp, "dependencies": edges}))).await;
    }
    let found = async |from, to| {
        let found = storage.dependencies(range(from, to)).await.unwrap();
        found.into_iter().map(|one| (one.parent, one.child, one.calls)).collect::<Vec<_>>()
    };
    let pair = |parent: &str, child: &str, calls| (parent.to_owned(), child.to_owned(), calls);
    assert_eq!(found(day(0), day(0)).await, [pair("web", "cart", 5)]);
    assert_eq!(found(day(0), day(1)).await, [pair("cart", "bank", 1), pair("web", "cart", 7)]);
    assert_eq!(found(day(2), day(9)).await, []);
}
