//! Zipkin's clients give the server's span the id of the client's. Each server span gets an id of its own, and the shared id as
//! its parent.

use hashbrown::{HashMap, HashSet};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, span::SpanKind};

use super::{spans, spans_mut};

pub(super) fn split(trace: &mut [ResourceSpans]) {
    if are_distinct(trace) {
        return;
    }
    let mut used: HashSet<Vec<u8>> = spans(trace).map(|span| span.span_id.clone()).collect();
    let clients: HashSet<Vec<u8>> =
        spans(trace).filter(|span| span.kind() == SpanKind::Client).map(|span| span.span_id.clone()).collect();
    let mut next = 0u64;
    let mut fresh = || {
        loop {
            next += 1;
            let id = next.to_be_bytes().to_vec();
            if used.insert(id.clone()) {
                return id;
            }
        }
    };
    let mut moved: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    for span in spans_mut(trace).filter(|span| span.kind() == SpanKind::Server) {
        if clients.contains(&span.span_id) {
            let shared = std::mem::replace(&mut span.span_id, fresh());
            moved.insert(shared.clone(), span.span_id.clone());
            span.parent_span_id = shared;
        }
    }
    for span in spans_mut(trace) {
        adopt(span, &moved);
    }
}

fn are_distinct(trace: &[ResourceSpans]) -> bool {
    let mut seen: HashSet<&[u8]> = HashSet::new();
    spans(trace).all(|span| seen.insert(&span.span_id))
}

/// What the shared id was the parent of is the server's child, except the server's own span.
fn adopt(span: &mut Span, moved: &HashMap<Vec<u8>, Vec<u8>>) {
    if let Some(parent) = moved.get(&span.parent_span_id)
        && *parent != span.span_id
    {
        span.parent_span_id = parent.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{span, trace};
    use super::*;

    #[test]
    fn the_server_span_gets_an_id_of_its_own_and_keeps_its_children() {
        let kind = |kind: SpanKind, span: Span| Span { kind: kind as i32, ..span };
        let mut trace = trace([
            ("web", vec![kind(SpanKind::Client, span(9, 1, 0, 10)), span(1, 0, 0, 10)]),
            ("cart", vec![kind(SpanKind::Server, span(9, 1, 2, 8)), span(3, 9, 3, 4)]),
        ]);
        split(&mut trace);
        let ids: Vec<(u8, u8)> =
            spans(&trace).map(|s| (s.span_id[7], s.parent_span_id.last().copied().unwrap_or_default())).collect();
        assert_eq!(ids, [(9, 1), (1, 0), (2, 9), (3, 2)]);
    }

    #[test]
    fn a_server_span_with_its_own_id_stays() {
        let mut trace = trace([("cart", vec![Span { kind: SpanKind::Server as i32, ..span(9, 1, 2, 8) }])]);
        let before = trace.clone();
        split(&mut trace);
        assert_eq!(trace, before);
    }
}
