//! Attributes by key and events by name, so that equal spans look equal.

use opentelemetry_proto::tonic::{common::v1::KeyValue, trace::v1::ResourceSpans};

pub(super) fn sort(trace: &mut [ResourceSpans]) {
    for resource_spans in trace {
        if let Some(resource) = &mut resource_spans.resource {
            by_key(&mut resource.attributes);
        }
        for scope_spans in &mut resource_spans.scope_spans {
            if let Some(scope) = &mut scope_spans.scope {
                by_key(&mut scope.attributes);
            }
            for span in &mut scope_spans.spans {
                by_key(&mut span.attributes);
                span.events.sort_by(|a, b| a.name.cmp(&b.name));
                span.events.iter_mut().for_each(|event| by_key(&mut event.attributes));
                span.links.iter_mut().for_each(|link| by_key(&mut link.attributes));
            }
        }
    }
}

fn by_key(attributes: &mut [KeyValue]) {
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};

    use super::super::testing::{span, string, trace};
    use super::*;

    #[test]
    fn every_collection_is_sorted() {
        let mixed = || vec![string("b", "1"), string("a", "2")];
        let sorted = [string("a", "2"), string("b", "1")];
        let mut one = span(1, 0, 0, 1);
        one.attributes = mixed();
        one.events = vec![
            Event { name: "z".into(), time_unix_nano: 1, attributes: mixed(), ..Default::default() },
            Event { name: "y".into(), time_unix_nano: 2, ..Default::default() },
        ];
        one.links = vec![Link { attributes: mixed(), ..Default::default() }];
        let mut trace = trace([("cart", vec![one])]);
        sort(&mut trace);
        let keys: Vec<_> = trace[0].resource.iter().flat_map(|r| &r.attributes).map(|a| a.key.as_str()).collect();
        assert_eq!(keys, ["host.name", "service.name"]);
        let span = &trace[0].scope_spans[0].spans[0];
        assert_eq!(span.attributes, sorted);
        assert_eq!(span.links[0].attributes, sorted);
        assert_eq!(span.events.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["y", "z"]);
        assert_eq!(span.events[1].attributes, sorted);
    }
}
