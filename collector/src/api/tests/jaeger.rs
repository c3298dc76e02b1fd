//! `data/` holds spans, and what Jaeger 2.20 answered when asked for them. Our answers say the same.

use super::*;
use crate::receiver::otlp_json::simplify_numbers;

const SUMMARIES: &str =
    "/api/v3/trace-summaries?query.startTimeMin=2026-09-21T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z";

/// An answer without what says nothing: whether a whole double is written `3` or `3.0`, and whether spans of one resource that
/// were sent apart are shown together.
fn normal(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => {
            items.iter_mut().for_each(|item| *item = normal(item.take()));
            items.dedup_by(|next, kept| join(kept, next));
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| *field = normal(field.take())),
        Value::Number(number) => {
            if let Some(whole) = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 1e15) {
                value = Value::from(whole as i64);
            }
        }
        _ => {}
    }
    value
}

/// Takes over the spans of the next resource, if it is the same.
fn join(kept: &mut Value, next: &mut Value) -> bool {
    if next.get("scopeSpans").is_none() || kept["resource"] != next["resource"] {
        return false;
    }
    let list = |value: &mut Value| value.take().as_array_mut().map(std::mem::take).unwrap_or_default();
    let more = list(&mut next["scopeSpans"][0]["spans"]);
    let spans = kept["scopeSpans"][0]["spans"].as_array_mut().expect("spans");
    spans.extend(more);
    true
}

async fn compare(path: &str, expected: &str) {
    let answer = Client::with_sample().await.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    // `1e-07` and `1e-7` are one number, whichever way serde_json keeps it.
    let simple = |mut value: Value| {
        simplify_numbers(&mut value);
        normal(value)
    };
    let (ours, theirs) = (simple(answer.json()), simple(serde_json::from_str(expected).expect("JSON")));
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON");
    for (line, (ours, theirs)) in pretty(&ours).lines().zip(pretty(&theirs).lines()).enumerate() {
        assert_eq!(ours, theirs, "{path}, line {}", line + 1);
    }
    assert_eq!(ours, theirs, "{path}");
}

#[tokio::test]
async fn a_trace_in_the_older_json() {
    compare(&format!("/api/traces/{TRACE}"), include_str!("data/legacy.json")).await;
}

#[tokio::test]
async fn a_stored_trace_in_the_older_json() {
    compare(&format!("/api/traces/{TRACE}?raw=true"), include_str!("data/legacy.raw.json")).await;
}

#[tokio::test]
async fn a_trace_in_otlp() {
    compare(&format!("/api/v3/traces/{TRACE}"), include_str!("data/v3.json")).await;
}

#[tokio::test]
async fn a_stored_trace_in_otlp() {
    compare(&format!("/api/v3/traces/{TRACE}?rawTraces=true"), include_str!("data/v3.raw.json")).await;
}

#[tokio::test]
async fn summaries() {
    compare(SUMMARIES, include_str!("data/v3.summaries.json")).await;
}
