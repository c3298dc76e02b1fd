//! `/api`: every parameter, every error.

use super::*;

const TIMES: &str = "start=1789999999000000&end=1790000001000000";

/// Three traces: 1 `shop` (10 ms, failed), 2 `shop` (20 ms), 3 `stock` (5 ms).
async fn client() -> Client {
    let failed = Status { code: 2, message: "late".into() };
    let pay =
        Span { status: Some(failed), kind: 2, attributes: vec![text("http.route", "/pay")], ..span("pay", 0, 10) };
    let cart = Span { kind: 3, attributes: vec![text("url", "a:b")], ..span("cart", 1, 21) };
    let count = Span { attributes: vec![attribute("items", Any::IntValue(7))], ..span("count", 2, 7) };
    Client::with(&[request(1, "shop", pay), request(2, "shop", cart), request(3, "stock", count)]).await
}

/// The last digits of the ids found.
async fn found(client: &Client, query: &str) -> Vec<String> {
    let answer = client.get(&format!("/api/traces?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
    let json = answer.json();
    let traces = json["data"].as_array().expect("a list of traces");
    traces.iter().map(|trace| shown(&trace["traceID"])[14..].to_owned()).collect()
}

#[tokio::test]
async fn each_parameter_narrows_the_search() {
    let client = client().await;
    let cases: [(&str, &[&str]); 27] = [
        ("service=shop", &["02", "01"]),
        ("service=stock", &["03"]),
        ("service=nobody", &[]),
        ("service=shop&operation=pay", &["01"]),
        ("service=shop&operation=", &["02", "01"]),
        ("service=shop&operation=nothing", &[]),
        ("service=shop&limit=1", &["02"]),
        ("service=shop&limit=%2B2", &["02", "01"]),
        ("service=shop&minDuration=15ms", &["02"]),
        ("service=shop&maxDuration=15ms", &["01"]),
        ("service=shop&minDuration=10ms&maxDuration=10000us", &["01"]),
        ("service=shop&minDuration=0s&maxDuration=0", &["02", "01"]),
        ("service=shop&tag=http.route:/pay", &["01"]),
        ("service=shop&tag=url:a:b", &["02"]),
        ("service=shop&tag=url:x&tag=url:a:b", &["02"]),
        ("service=shop&tag=error:true", &["01"]),
        ("service=shop&tag=span.kind:client", &["02"]),
        ("service=shop&tag=http.route:/pay&tag=error:true", &["01"]),
        ("service=shop&tag=http.route:/pay&tag=url:a:b", &[]),
        ("service=stock&tags=%7B%22items%22:%227%22%7D", &["03"]),
        ("service=stock&tags=%7B%22items%22:%227%22%7D&tags=%7B%22items%22:%228%22%7D", &[]),
        ("service=stock&tag=items:8&tags=%7B%22items%22:%227%22%7D", &["03"]),
        ("service=stock&tags=null&tags=%7B%7D", &["03"]),
        ("service=shop&raw=true&operation=pay&minDuration=1ms&tag=error:true&limit=5", &["01"]),
        ("traceID=3", &["03"]),
        ("traceID=3&traceID=1&traceID=3&service=nobody", &["03", "01"]),
        ("service=shop&unknown=1&foo=%25zz", &["02", "01"]),
    ];
    for (query, wanted) in cases {
        assert_eq!(found(&client, &format!("{query}&{TIMES}")).await, wanted, "{query}");
    }
}

#[tokio::test]
async fn times_are_microseconds_and_default_to_two_days() {
    let client = client().await;
    for (query, wanted) in [
        ("start=1790000000001000&end=1790000000001000", &["02"][..]),
        ("start=1790000000001001&end=1790000000002000", &[]),
        ("start=1790000001000000&end=1789999999000000", &[]),
        ("start=-5&end=1790000001000000", &["02", "01"]),
        ("start=0&end=9223372036854775807", &["02", "01"]),
    ] {
        assert_eq!(found(&client, &format!("service=shop&{query}")).await, wanted, "{query}");
    }
    let now = super::super::legacy::now_ns();
    let hours = |ago: u64| Span { start_time_unix_nano: now - ago * 3_600_000_000_000, ..span("x", 0, 0) };
    let recent = Client::with(&[request(1, "shop", hours(47)), request(2, "shop", hours(49))]).await;
    assert_eq!(found(&recent, "service=shop").await, ["01"]);
    assert_eq!(found(&recent, "service=shop&start=0").await, ["01", "02"]);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let client = client().await;
    let at = |query: &str| format!("/api/traces?service=shop&{query}");
    let id = format!("/api/traces/{TRACE}");
    let cases = [
        ("/api/traces".into(), "parameter 'service' is required"),
        ("/api/traces?service=".into(), "parameter 'service' is required"),
        ("/api/operations".into(), "parameter 'service' is required"),
        (at("start=x"), "unable to parse param 'start': `x` is not a whole number"),
        (at("start=1.5"), "unable to parse param 'start': `1.5` is not a whole number"),
        (at("end=99999999999999999999"), "unable to parse param 'end': `99999999999999999999` is out of range"),
        (at("limit=x"), "unable to parse param 'limit': `x` is not a whole number"),
        (at("limit=0"), "bad query: the limit of traces must be from 1 to 10000"),
        (at("limit=-1"), "bad query: the limit of traces must be from 1 to 10000"),
        (at("limit=10001"), "bad query: the limit of traces must be from 1 to 10000"),
        (
            at("minDuration=5"),
            "unable to parse param 'minDuration': `5` has no unit; use `ns`, `us`, `ms`, `s`, `m` or `h`",
        ),
        (at("maxDuration=-1s"), "unable to parse param 'maxDuration': `-1s` is negative"),
        (at("minDuration=2s&maxDuration=1s"), "'maxDuration' should be greater than 'minDuration'"),
        (at("tag=a"), "malformed 'tag' parameter, expecting key:value, received: a"),
        (at("tags=x"), "malformed 'tags' parameter, cannot unmarshal JSON: expected value at line 1 column 1"),
        (
            at("tags=%7B%22a%22:1%7D"),
            "malformed 'tags' parameter, cannot unmarshal JSON: \
             invalid type: integer `1`, expected a string at line 1 column 6",
        ),
        (at("raw=x"), "unable to parse param 'raw': `x` is neither `true` nor `false`"),
        (
            "/api/traces?traceID=xyz".into(),
            "cannot parse traceID param: trace id `xyz` must be 1 to 32 hexadecimal digits",
        ),
        ("/api/traces?traceID=".into(), "cannot parse traceID param: trace id `` must be 1 to 32 hexadecimal digits"),
        ("/api/traces/xyz".into(), "trace id `xyz` must be 1 to 32 hexadecimal digits"),
        (format!("{id}0"), "trace id `5b8efff798038103d269b633813fc60c0` must be 1 to 32 hexadecimal digits"),
        (format!("{id}?start=x"), "unable to parse param 'start': `x` is not a whole number"),
        (format!("{id}?end=x"), "unable to parse param 'end': `x` is not a whole number"),
        (format!("{id}?raw=x"), "unable to parse param 'raw': `x` is neither `true` nor `false`"),
    ];
    for (path, message) in cases {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let wanted = serde_json::json!({
            "data": null, "total": 0, "limit": 0, "offset": 0, "errors": [{"code": 400, "msg": message}],
        });
        assert_eq!(answer.json(), wanted, "{path}");
    }
}

#[tokio::test]
async fn a_trace_is_found_by_any_form_of_its_id() {
    let client = client().await;
    for id in
        ["1", "01", "0000000000000001", "00000000000000000000000000000001", "AAAAAAAAAAE=", "AAAAAAAAAAAAAAAAAAAAAQ"]
    {
        let answer = client.get(&format!("/api/traces/{id}?start=1789999999000000")).await;
        assert_eq!(answer.status, StatusCode::OK, "{id}: {}", answer.body);
        assert_eq!(answer.json()["data"][0]["traceID"], "0000000000000001", "{id}");
    }
    for id in ["9", "0"] {
        let answer = client.get(&format!("/api/traces/{id}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
        let body = r#"{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found"}]}"#;
        assert_eq!(answer.body, format!("{body}\n"));
    }
    let missing = client.get("/api/traces?traceID=1&traceID=9").await.json();
    assert_eq!(missing["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(missing["errors"], serde_json::json!([{"msg": "trace not found", "traceID": "0000000000000009"}]));
}

#[tokio::test]
async fn services_and_operations_are_listed() {
    let client = client().await;
    let list =
        |data: &str, total: usize| format!(r#"{{"data":{data},"total":{total},"limit":0,"offset":0,"errors":null}}"#);
    let both = r#"[{"name":"cart","spanKind":"client"},{"name":"pay","spanKind":"server"}]"#;
    for (path, wanted) in [
        ("/api/services", list(r#"["shop","stock"]"#, 2)),
        ("/api/operations?service=shop", list(both, 2)),
        ("/api/operations?service=shop&spanKind=server", list(r#"[{"name":"pay","spanKind":"server"}]"#, 1)),
        ("/api/operations?service=shop&spanKind=bogus", list("[]", 0)),
        ("/api/operations?service=nobody", list("[]", 0)),
        ("/api/services/shop/operations", list(r#"["cart","pay"]"#, 2)),
        ("/api/services/nobody/operations", list("[]", 0)),
    ] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.body), (StatusCode::OK, wanted), "{path}");
    }
    let pretty = "{\n    \"data\": [\n        \"shop\",\n        \"stock\"\n    ],\n    \"total\": 2,";
    assert!(client.get("/api/services?prettyPrint=true").await.body.starts_with(pretty));
    assert!(client.get("/api/services?prettyPrint=false").await.body.starts_with(r#"{"data":["#));
}

#[tokio::test]
async fn a_service_name_may_hold_anything() {
    let client = Client::with(&[request(1, "a/b c+d", span("x", 0, 1))]).await;
    let answer = client.get("/api/services/a%2Fb%20c+d/operations").await;
    assert_eq!(answer.json()["data"], serde_json::json!(["x"]));
}

#[tokio::test]
async fn what_jaeger_drops_is_kept() {
    let kept = Span {
        parent_span_id: vec![9; 8],
        attributes: vec![attribute("nan", Any::DoubleValue(f64::NAN))],
        links: vec![Link {
            trace_id: vec![3; 16],
            span_id: vec![4; 8],
            trace_state: "a=b".into(),
            attributes: vec![text("why", "batch")],
            ..Default::default()
        }],
        ..span("x", 5, 1)
    };
    let mut request = request(1, "shop", kept);
    request.resource_spans[0].scope_spans[0].scope =
        Some(InstrumentationScope { attributes: vec![text("color", "blue")], ..Default::default() });
    let client = Client::with(&[request]).await;
    let json = client.get("/api/traces/1").await.json();
    let span = &json["data"][0]["spans"][0];
    assert_eq!(
        span["tags"],
        serde_json::json!([
            {"key": "otel.scope.color", "type": "string", "value": "blue"},
            {"key": "nan", "type": "float64", "value": "NaN"},
        ])
    );
    assert_eq!(
        span["references"],
        serde_json::json!([
            {"refType": "CHILD_OF", "traceID": "0000000000000001", "spanID": "0909090909090909"},
            {"refType": "FOLLOWS_FROM", "traceID": "03".repeat(16), "spanID": "0404040404040404", "tags": [
                {"key": "why", "type": "string", "value": "batch"},
                {"key": "w3c.tracestate", "type": "string", "value": "a=b"},
            ]},
        ])
    );
    assert_eq!(
        span["warnings"],
        serde_json::json!([
            "the span ended 4ms before it started; its duration is shown as 1ns",
            "the parent span 0909090909090909 is not in the trace; clock skew was not checked",
        ])
    );
    assert_eq!(span["duration"], 0);
    let raw = client.get("/api/traces/1?raw=1").await.json();
    assert_eq!(raw["data"][0]["spans"][0]["warnings"], Value::Null);
}

#[tokio::test]
async fn spans_that_are_sent_to_be_shown_are_shown_as_if_they_were_stored_and_are_not() {
    let sample = include_bytes!("data/spans.otlp.json");
    let stored = Client::with_sample().await.get(&format!("/api/traces/{TRACE}")).await;
    let client = client().await;
    let shown = client.post("/api/transform", sample).await;
    assert_eq!((shown.status, shown.json()), (StatusCode::OK, stored.json()));
    assert_eq!(client.get(&format!("/api/traces/{TRACE}")).await.status, StatusCode::NOT_FOUND);
    for body in [&b"{"[..], b"[]", br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00"}]}]}]}"#] {
        assert_eq!(client.post("/api/transform", body).await.status, StatusCode::BAD_REQUEST);
    }
    let long = vec![b' '; crate::api::DEFAULT_TRANSFORM_BYTES_MAX + 1];
    assert_eq!(client.post("/api/transform", &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for (method, path) in [("GET", "/api/transform"), ("POST", "/api/services")] {
        assert_eq!(client.call(method, path).await.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
}

#[tokio::test]
async fn metrics_are_not_there_in_the_words_that_jaegers_page_knows() {
    let client = client().await;
    for what in ["calls", "errors", "latencies", "minstep"] {
        let answer = client.get(&format!("/api/metrics/{what}?service=shop")).await;
        assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED);
        assert!(answer.body.contains("trace metrics are currently disabled - no metrics backend configured"));
    }
}

#[tokio::test]
async fn dependencies_have_a_time_and_a_service() {
    let client_span = Span { kind: 3, ..span("call", 0, 9) };
    let mut requests = vec![request(1, "web", client_span)];
    let server = Span { kind: 2, parent_span_id: vec![1; 8], ..span("serve", 1, 8) };
    let mut called = request(1, "cart", server);
    called.resource_spans[0].scope_spans[0].spans[0].span_id = vec![2; 8];
    requests.push(called);
    let client = Client::with(&requests).await;
    let end = START_NS / 1_000_000 + 60_000;
    let edge = serde_json::json!([{"parent": "web", "child": "cart", "callCount": 1}]);
    for (query, expected) in [
        (format!("endTs={end}"), edge.clone()),
        (format!("endTs={end}&lookback=120000&service=cart"), edge),
        (format!("endTs={end}&service=bank"), serde_json::json!([])),
        (format!("endTs={}", end - 3_600_000), serde_json::json!([])),
        (format!("endTs={}&lookback=1", end + 3_600_000), serde_json::json!([])),
    ] {
        let answer = client.get(&format!("/api/dependencies?{query}")).await;
        assert_eq!((answer.status, &answer.json()["data"]), (StatusCode::OK, &expected), "{query}");
    }
    for query in ["endTs=x", "lookback=-1", "endTs=1.5"] {
        let answer = client.get(&format!("/api/dependencies?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.body.contains("unable to parse param"), "{}", answer.body);
    }
}
