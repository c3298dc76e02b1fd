use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

use super::*;

fn written(span: &Span) -> Vec<u8> {
    let mut out = Vec::new();
    let writer = SpanWriter::new(&ResourceSpans::default()).expect("a process");
    writer.append(&ScopeSpans::default(), span, &mut out).expect("a document");
    out
}

#[test]
fn the_hash_is_fnv_1a() {
    // From the hash's own page.
    assert_eq!(fnv64a([&b""[..]]), 0xcbf2_9ce4_8422_2325);
    assert_eq!(fnv64a([&b"foo"[..], b"bar"]), 0x8594_4171_f739_67e8);
}

#[test]
fn an_id_changes_with_the_document_alone() {
    let id = |name: &str| {
        let span = Span { name: name.into(), trace_id: vec![1; 16], span_id: vec![2; 8], ..Default::default() };
        let mut id = String::new();
        append_id(&mut id, &span.trace_id, &span.span_id, &written(&span));
        id
    };
    assert_eq!(id("a"), id("a"));
    assert_ne!(id("a"), id("b"));
    assert!(id("a").starts_with("01010101010101010101010101010101_0202020202020202_"));
}

#[test]
fn times_beyond_every_clock_survive() {
    for (start, end) in [(u64::MAX, u64::MAX), (u64::MAX, 0), (0, u64::MAX), (1, u64::MAX - 1)] {
        let span = Span {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            ..Default::default()
        };
        let document: SpanDocument<'_> = serde_json::from_slice(&written(&span)).expect("a document");
        assert_eq!(document.into_otlp().expect("a span").span, span);
    }
}

#[test]
fn links_that_jaeger_cannot_read_are_left_out() {
    let link = |length| opentelemetry_proto::tonic::trace::v1::span::Link {
        trace_id: vec![1; length],
        span_id: vec![2; 8],
        ..Default::default()
    };
    let span =
        Span { trace_id: vec![1; 16], span_id: vec![2; 8], links: vec![link(17), link(0)], ..Default::default() };
    let document: SpanDocument<'_> = serde_json::from_slice(&written(&span)).expect("a document");
    assert_eq!(document.into_otlp().expect("a span").span.links, [link(0)]);
}

#[test]
fn a_document_without_usable_ids_is_no_span() {
    for (trace, span) in [("", "1"), ("xyz", "1"), ("1", "0123456789abcdef0"), ("1", "é")] {
        let document = format!(r#"{{"traceID":"{trace}","spanID":"{span}","startTime":1}}"#);
        let document: SpanDocument<'_> = serde_json::from_str(&document).expect("a document");
        assert!(document.into_otlp().is_none(), "{trace} {span}");
    }
}
