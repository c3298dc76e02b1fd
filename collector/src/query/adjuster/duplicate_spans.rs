//! A span that a sender wrote twice, because its first answer was lost, is shown once. Runs after the sorting.

use std::hash::{BuildHasher as _, RandomState};

use hashbrown::{HashMap, HashSet};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message as _;

use super::spans;

pub(super) fn remove(trace: &mut [ResourceSpans]) {
    // Equal spans have equal ids, so that most traces end here.
    let mut counts: HashMap<&[u8], u32> = HashMap::new();
    for span in spans(trace) {
        *counts.entry(&span.span_id).or_default() += 1;
    }
    let repeated: HashSet<Vec<u8>> =
        counts.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id.to_vec()).collect();
    if repeated.is_empty() {
        return;
    }
    let mut seen = Seen::default();
    for resource_spans in trace {
        let resource = resource_spans.resource.as_ref().map(|r| r.encode_to_vec()).unwrap_or_default();
        for scope_spans in &mut resource_spans.scope_spans {
            let scope = scope_spans.scope.as_ref().map(|s| s.encode_to_vec()).unwrap_or_default();
            scope_spans
                .spans
                .retain(|span| !repeated.contains(&span.span_id) || seen.is_first(&resource, &scope, span));
        }
    }
}

/// Spans are told apart by two keyed hashes of their encoded form.
#[derive(Default)]
struct Seen {
    hashers: [RandomState; 2],
    hashes: HashSet<[u64; 2]>,
    encoded: Vec<u8>,
}

impl Seen {
    fn is_first(&mut self, resource: &[u8], scope: &[u8], span: &Span) -> bool {
        self.encoded.clear();
        // Writing to a vector cannot run out of room.
        let _ = span.encode(&mut self.encoded);
        let hashes = self.hashers.each_ref().map(|hasher| hasher.hash_one((resource, scope, self.encoded.as_slice())));
        self.hashes.insert(hashes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{span, string, trace};
    use super::*;

    #[test]
    fn equal_spans_are_shown_once_and_others_stay() {
        let mut marked = span(1, 0, 0, 1);
        marked.attributes.push(string("attempt", "2"));
        let mut trace = trace([
            ("cart", vec![span(1, 0, 0, 1), span(1, 0, 0, 1), marked.clone(), span(2, 0, 0, 1)]),
            ("cart", vec![span(1, 0, 0, 1)]),
            ("stock", vec![span(1, 0, 0, 1)]),
        ]);
        remove(&mut trace);
        let left: Vec<_> = trace.iter().map(|r| r.scope_spans[0].spans.clone()).collect();
        assert_eq!(left, [vec![span(1, 0, 0, 1), marked, span(2, 0, 0, 1)], vec![], vec![span(1, 0, 0, 1)]]);
    }
}
