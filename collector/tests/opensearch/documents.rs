//! What lies in OpenSearch is what Jaeger expects there.

use jqs_collector::storage::TraceWriter as _;
use opentelemetry_proto::tonic::{
    common::v1::{InstrumentationScope, any_value::Value},
    trace::v1::{
        Span, Status,
        span::{Event, Link},
    },
};
use serde_json::json;

use crate::{
    server,
    spans::{START, attribute, batch, resource_spans, span, text, trace_id},
};

#[tokio::test]
async fn a_span_document_has_jaegers_fields() {
    let storage = server::storage("raw").await;
    let mut sent = resource_spans(
        "cart",
        vec![Span {
            parent_span_id: vec![7; 8],
            start_time_unix_nano: START + 1_001_500,
            end_time_unix_nano: START + 3_001_900,
            attributes: vec![
                text("http.route", "/cart"),
                attribute("retries", Value::IntValue(2)),
                attribute("ratio", Value::DoubleValue(2.0)),
                attribute("body", Value::BytesValue(vec![1, 255])),
            ],
            events: vec![Event { time_unix_nano: START + 2_000, name: "retry".into(), ..Default::default() }],
            links: vec![Link { trace_id: trace_id(2).0.to_vec(), span_id: vec![3; 8], ..Default::default() }],
            status: Some(Status { message: "late".into(), code: 2 }),
            ..span(1, 1)
        }],
    );
    sent.resource.as_mut().expect("a resource").attributes.push(text("host", "a"));
    sent.scope_spans[0].scope =
        Some(InstrumentationScope { name: "http".into(), attributes: vec![text("team", "b")], ..Default::default() });
    storage.write(batch(vec![sent])).await.expect("written");

    let [hit] = &server::documents("raw-jaeger-span-*").await[..] else { panic!("one document") };
    assert_eq!(hit["_index"], "raw-jaeger-span-2026-03-05");
    let trace = trace_id(1).to_string();
    let id = hit["_id"].as_str().expect("an id");
    assert!(id.starts_with(&format!("{trace}_0000000000000001_")), "{id}");
    let mut document = hit["_source"].clone();
    let extra = document.as_object_mut().expect("an object").remove("otlp").expect("what Jaeger ignores");
    assert_eq!(extra, json!({"attributes": 4, "startNanos": 500, "endNanos": 400}));
    let tag = |key: &str, kind: &str, value: serde_json::Value| json!({"key": key, "type": kind, "value": value});
    let expected = json!({
        "traceID": trace,
        "spanID": "0000000000000001",
        "parentSpanID": "0707070707070707",
        "operationName": "GET /cart",
        "references": [
            {"refType": "CHILD_OF", "traceID": trace, "spanID": "0707070707070707"},
            {"refType": "FOLLOWS_FROM", "traceID": trace_id(2).to_string(), "spanID": "0303030303030303"},
        ],
        "startTime": START / 1_000 + 1_001,
        "startTimeMillis": START / 1_000_000 + 1,
        "duration": 2_000,
        "tags": [
            tag("http.route", "string", json!("/cart")),
            tag("retries", "int64", json!(2)),
            tag("ratio", "float64", json!(2)),
            tag("body", "binary", json!("01ff")),
            tag("otel.scope.name", "string", json!("http")),
            tag("span.kind", "string", json!("server")),
            tag("otel.status_description", "string", json!("late")),
            tag("error", "bool", json!(true)),
        ],
        "logs": [{"timestamp": START / 1_000 + 2, "fields": [tag("event", "string", json!("retry"))]}],
        "scopeTags": [tag("team", "string", json!("b"))],
        "process": {"serviceName": "cart", "tags": [tag("host", "string", json!("a"))], "otlp": {"serviceAt": 0}},
    });
    assert_eq!(document, expected);
}

#[tokio::test]
async fn a_service_document_has_jaegers_fields_and_is_written_once_a_day() {
    let storage = server::storage("services").await;
    for id in 1..=3 {
        storage.write(batch(vec![resource_spans("cart", vec![span(1, id)])])).await.expect("written");
    }
    let [hit] = &server::documents("services-jaeger-service-*").await[..] else { panic!("one document") };
    assert_eq!(hit["_index"], "services-jaeger-service-2026-03-05");
    let expected = json!({"serviceName": "cart", "operationName": "GET /cart", "tag": {"span@kind": "server"}});
    assert_eq!(hit["_source"], expected);
}

#[tokio::test]
async fn the_indices_have_jaegers_mappings() {
    let storage = server::storage("mappings").await;
    storage.write(batch(vec![resource_spans("cart", vec![span(1, 1)])])).await.expect("written");
    let index = "mappings-jaeger-span-2026-03-05";
    let answer = server::request("GET", &format!("{index}?flat_settings=true"), None).await;
    let settings = &answer[index]["settings"];
    assert_eq!(settings["index.number_of_shards"], "2");
    assert_eq!(settings["index.number_of_replicas"], "0");
    assert_eq!(settings["index.mapping.nested_fields.limit"], "50");
    let properties = &answer[index]["mappings"]["properties"];
    let keyword = json!({"type": "keyword", "ignore_above": 256});
    let tags = json!({"type": "nested", "dynamic": "false", "properties": {"key": keyword, "type": keyword, "value": keyword}});
    for (path, expected) in [
        ("/traceID", &keyword),
        ("/tags", &tags),
        ("/process/properties/tags", &tags),
        ("/process/properties/serviceName", &keyword),
        ("/logs/properties/fields", &tags),
        ("/startTime", &json!({"type": "long"})),
        ("/startTimeMillis", &json!({"type": "date", "format": "epoch_millis"})),
        ("/otlp", &json!({"type": "object", "enabled": false})),
    ] {
        assert_eq!(properties.pointer(path), Some(expected), "{path}");
    }
}
