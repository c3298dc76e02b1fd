//! `/api/v3`: every parameter, every error.

use super::*;

const TIMES: &str = "query.startTimeMin=2026-09-21T14:13:20Z&query.startTimeMax=2026-09-21T16:13:21%2B02:00";

async fn client() -> Client {
    let failed = Status { code: 2, ..Default::default() };
    let pay =
        Span { status: Some(failed), kind: 2, attributes: vec![text("http.route", "/pay")], ..span("pay", 0, 10) };
    let cart = Span { kind: 3, ..span("cart", 1, 21) };
    Client::with(&[request(1, "shop", pay), request(2, "shop", cart), request(3, "stock", span("count", 2, 7))]).await
}

/// The last digits of the ids found, by both searches.
async fn found(client: &Client, query: &str) -> Vec<String> {
    let summaries = client.get(&format!("/api/v3/trace-summaries?{query}")).await;
    assert_eq!(summaries.status, StatusCode::OK, "{query}: {}", summaries.body);
    let json = summaries.json();
    let list = json["summaries"].as_array().expect("a list of summaries");
    let ids: Vec<String> = list.iter().map(|summary| shown(&summary["traceId"])[30..].to_owned()).collect();
    let traces = client.get(&format!("/api/v3/traces?{query}")).await;
    if ids.is_empty() {
        assert_eq!(traces.status, StatusCode::NOT_FOUND, "{query}");
        assert_eq!(traces.body, "{\"error\":{\"httpCode\":404,\"message\":\"No traces found\"}}\n");
    } else {
        let json = traces.json();
        let resources = json["result"]["resourceSpans"].as_array().expect("a list of resources");
        let spans =
            resources.iter().map(|resource| shown(&resource["scopeSpans"][0]["spans"][0]["traceId"])[30..].to_owned());
        assert_eq!(spans.collect::<Vec<_>>(), ids, "{query}");
    }
    ids
}

#[tokio::test]
async fn each_parameter_narrows_the_search_in_both_spellings() {
    let client = client().await;
    let cases: [(&str, &[&str]); 18] = [
        ("", &["03", "02", "01"]),
        ("query.serviceName=shop", &["02", "01"]),
        ("query.service_name=stock", &["03"]),
        ("query.serviceName=stock&query.service_name=shop", &["03"]),
        ("query.operationName=pay", &["01"]),
        ("query.operation_name=cart&query.serviceName=shop", &["02"]),
        ("query.searchDepth=1", &["03"]),
        ("query.search_depth=2", &["03", "02"]),
        ("query.num_traces=1&query.searchDepth=2", &["03", "02"]),
        ("query.num_traces=1", &["03"]),
        ("query.durationMin=10ms", &["02", "01"]),
        ("query.duration_min=11ms", &["02"]),
        ("query.durationMax=5ms", &["03"]),
        ("query.duration_max=5ms&query.durationMin=5s", &[]),
        ("query.attributes=%7B%22http.route%22:%22/pay%22%7D", &["01"]),
        ("query.attributes=%7B%22error%22:%22true%22%7D&query.serviceName=shop", &["01"]),
        ("query.rawTraces=true&query.serviceName=shop&query.operationName=pay&query.searchDepth=3", &["01"]),
        ("query.serviceName=nobody", &[]),
    ];
    for (query, wanted) in cases {
        assert_eq!(found(&client, &format!("{query}&{TIMES}")).await, wanted, "{query}");
    }
    let older = "query.start_time_min=2026-09-21T14:13:20.001Z&query.start_time_max=2026-09-21T14:13:20.001000001Z";
    assert_eq!(found(&client, older).await, ["02"]);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let client = client().await;
    let required = "query.startTimeMin and query.startTimeMax are required";
    let min = "query.startTimeMin=2026-09-21T00:00:00Z";
    let time = "is not a time such as `2030-01-31T12:00:00.5Z`";
    let limit = "bad query: the limit of traces must be from 1 to 10000";
    let cases = [
        ("".into(), required.into()),
        (min.into(), required.into()),
        (format!("{min}&query.startTimeMax="), required.into()),
        (format!("{min}&query.startTimeMax=x"), format!("malformed parameter query.startTimeMax: `x` {time}")),
        (format!("{min}&query.start_time_max=1"), format!("malformed parameter query.start_time_max: `1` {time}")),
        (
            format!("{min}&query.startTimeMax=2026-09-21T00:00:00Z"),
            "query.startTimeMin must be before query.startTimeMax".into(),
        ),
        (format!("{TIMES}&query.searchDepth=0"), limit.into()),
        (format!("{TIMES}&query.searchDepth=-1"), limit.into()),
        (format!("{TIMES}&query.searchDepth=10001"), limit.into()),
        (
            format!("{TIMES}&query.searchDepth=x"),
            "malformed parameter query.searchDepth: `x` is not a whole number".into(),
        ),
        (
            format!("{TIMES}&query.num_traces=x"),
            "malformed parameter query.num_traces: `x` is not a whole number".into(),
        ),
        (
            format!("{TIMES}&query.durationMin=5q"),
            "malformed parameter query.durationMin: \
             `5q` has the unknown unit `q`; use `ns`, `us`, `ms`, `s`, `m` or `h`"
                .into(),
        ),
        (
            format!("{TIMES}&query.duration_max=x"),
            "malformed parameter query.duration_max: \
             `x` is not a duration; write a number with a unit, such as `1.5s` or `200ms`"
                .into(),
        ),
        (
            format!("{TIMES}&query.rawTraces=x"),
            "malformed parameter query.rawTraces: `x` is neither `true` nor `false`".into(),
        ),
        (
            format!("{TIMES}&query.attributes=x"),
            "malformed parameter query.attributes: expected value at line 1 column 1".to_owned(),
        ),
    ];
    for (query, message) in cases {
        for route in ["traces", "trace-summaries"] {
            check_refused(&client, &format!("/api/v3/{route}?{query}"), &message).await;
        }
    }
    let id = format!("/api/v3/traces/{TRACE}");
    for (path, message) in [
        (
            "/api/v3/traces/xyz".into(),
            "malformed parameter trace_id: trace id `xyz` must be 1 to 32 hexadecimal digits".into(),
        ),
        (format!("{id}?startTime=x"), format!("malformed parameter startTime: `x` {time}")),
        (format!("{id}?end_time=x"), format!("malformed parameter end_time: `x` {time}")),
        (format!("{id}?rawTraces=x"), "malformed parameter rawTraces: `x` is neither `true` nor `false`".to_owned()),
    ] {
        check_refused(&client, &path, &message).await;
    }
}

async fn check_refused(client: &Client, path: &str, message: &str) {
    let answer = client.get(path).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.body);
    assert_eq!(answer.json(), serde_json::json!({"error": {"httpCode": 400, "message": message}}), "{path}");
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test]
async fn services_and_operations_are_listed() {
    let client = client().await;
    let both = r#"{"operations":[{"name":"cart","spanKind":"client"},{"name":"pay","spanKind":"server"}]}"#;
    let internal = r#"{"operations":[{"name":"count","spanKind":"internal"}]}"#;
    for (path, wanted) in [
        ("/api/v3/services", r#"{"services":["shop","stock"]}"#),
        ("/api/v3/operations", r#"{"operations":[]}"#),
        ("/api/v3/operations?service=shop", both),
        ("/api/v3/operations?service=stock", internal),
        ("/api/v3/operations?service=shop&spanKind=client", r#"{"operations":[{"name":"cart","spanKind":"client"}]}"#),
        ("/api/v3/operations?service=shop&span_kind=server", r#"{"operations":[{"name":"pay","spanKind":"server"}]}"#),
        ("/api/v3/operations?service=shop&spanKind=bogus", r#"{"operations":[]}"#),
    ] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, wanted), "{path}");
    }
}

#[tokio::test]
async fn ids_that_find_nothing_are_404() {
    let client = client().await;
    for id in ["9", "0", "AAAAAAAAAAk="] {
        let answer = client.get(&format!("/api/v3/traces/{id}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
        assert_eq!(answer.body, "{\"error\":{\"httpCode\":404,\"message\":\"No traces found\"}}\n");
    }
    let answer = client.get("/api/v3/traces/1?startTime=2026-09-21T00:00:00Z&end_time=2026-09-22T00:00:00Z").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn values_that_are_no_numbers_have_names() {
    let doubles = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0].map(|d| attribute("d", Any::DoubleValue(d)));
    let odd = Span { attributes: doubles.to_vec(), ..span("x", 0, 1) };
    let json = Client::with(&[request(1, "shop", odd)]).await.get("/api/v3/traces/1?raw_traces=true").await.json();
    let found = &json["result"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"];
    let values: Vec<&Value> =
        found.as_array().expect("attributes").iter().map(|a| &a["value"]["doubleValue"]).collect();
    assert_eq!(serde_json::json!(values), serde_json::json!(["NaN", "Infinity", "-Infinity", 0]));
}
