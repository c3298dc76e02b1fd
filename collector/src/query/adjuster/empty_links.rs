//! Links that lead to no trace are left out.

use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

use super::{is_set, spans_mut, warning};

pub(super) fn remove(trace: &mut [ResourceSpans]) {
    for span in spans_mut(trace) {
        let before = span.links.len();
        span.links.retain(|link| is_set(&link.trace_id));
        for _ in span.links.len()..before {
            warning::add(span, "a link without a trace id was left out");
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::span::Link;

    use super::super::testing::{span, trace, warnings};
    use super::*;

    #[test]
    fn links_without_a_trace_are_left_out_with_a_warning() {
        let good = Link { trace_id: vec![1; 16], ..Default::default() };
        let mut one = span(1, 0, 0, 1);
        one.links = vec![Link::default(), good.clone(), Link { trace_id: vec![0; 16], ..Default::default() }];
        let mut trace = trace([("cart", vec![one])]);
        remove(&mut trace);
        let span = &trace[0].scope_spans[0].spans[0];
        assert_eq!(span.links, [good]);
        assert_eq!(warnings(span), ["a link without a trace id was left out"; 2]);
    }
}
