//! A long trace is answered whole, and its size in bytes is bounded by what it holds.

use super::*;

const SPANS: usize = 10_000;

fn long_trace() -> ExportTraceServiceRequest {
    let mut request = request(1, "shop", span("step", 0, 1));
    let spans = &mut request.resource_spans[0].scope_spans[0].spans;
    let first = Span {
        kind: 1,
        attributes: (0..8).map(|n| text(&format!("attribute.{n}"), "some value of usual length")).collect(),
        ..spans.remove(0)
    };
    spans.extend((1..=SPANS as u64).map(|id| Span {
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: if id == 1 { vec![] } else { (id / 2).to_be_bytes().to_vec() },
        ..first.clone()
    }));
    request
}

#[tokio::test]
async fn a_trace_of_ten_thousand_spans_is_answered_whole() {
    let client = Client::with(&[long_trace()]).await;
    for (path, spans) in
        [("/api/traces/1", "/data/0/spans"), ("/api/v3/traces/1", "/result/resourceSpans/0/scopeSpans/0/spans")]
    {
        let began = std::time::Instant::now();
        let answer = client.get(path).await;
        let took = began.elapsed();
        tracing::info!(path, ?took, bytes = answer.body.len(), "a long trace");
        let json = answer.json();
        assert_eq!(json.pointer(spans).and_then(Value::as_array).map(Vec::len), Some(SPANS), "{path}");
        assert!(took < std::time::Duration::from_secs(10), "{path} took {took:?}, as if it were quadratic");
    }
}
