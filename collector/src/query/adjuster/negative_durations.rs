//! A span that ends before it starts gets the shortest duration instead.
//!
//! Jaeger does this when it stores a span; here the stored span stays as it was sent.

use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

use super::{spans_mut, warning};
use crate::query::Nanos;

pub(super) fn sanitize(trace: &mut [ResourceSpans]) {
    for span in spans_mut(trace) {
        let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
        if end < start {
            span.end_time_unix_nano = start.saturating_add(1);
            let early = Nanos(i64::try_from(start - end).unwrap_or(i64::MAX));
            warning::add(span, format!("the span ended {early} before it started; its duration is shown as 1ns"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{span, trace, warnings};
    use super::*;

    #[test]
    fn only_negative_durations_are_touched() {
        let mut trace = trace([("cart", vec![span(1, 0, 50, 20), span(2, 0, 50, 50)])]);
        sanitize(&mut trace);
        let spans = &trace[0].scope_spans[0].spans;
        assert_eq!((spans[0].end_time_unix_nano, spans[1].end_time_unix_nano), (51, 50));
        assert_eq!(warnings(&spans[0]), ["the span ended 30ns before it started; its duration is shown as 1ns"]);
        assert_eq!(spans[1].attributes, []);
    }
}
