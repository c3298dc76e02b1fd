//! What describes the instrumentation library belongs to the resource, also when a client wrote it on each span.

use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

use super::warning;

/// What all keys begin with, so that most spans are done with at one look.
const PREFIX: &str = "telemetry.";
const KEYS: [&str; 5] = [
    "telemetry.distro.name",
    "telemetry.distro.version",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
];

pub(super) fn move_to_resource(trace: &mut [ResourceSpans]) {
    for ResourceSpans { resource, scope_spans, .. } in trace {
        let spans = scope_spans.iter_mut().flat_map(|scope| &mut scope.spans);
        for span in spans.filter(|span| span.attributes.iter().any(|a| a.key.starts_with(PREFIX))) {
            for key in KEYS {
                let Some(at) = span.attributes.iter().position(|a| a.key == key) else { continue };
                let attributes = &mut resource.get_or_insert_default().attributes;
                match attributes.iter().find(|a| a.key == key) {
                    Some(known) if known.value != span.attributes[at].value => {
                        warning::add(span, format!("the span and its resource have different values of `{key}`"));
                        continue;
                    }
                    Some(_) => {}
                    None => attributes.push(span.attributes[at].clone()),
                }
                span.attributes.remove(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{span, string, trace, warnings};
    use super::*;

    #[test]
    fn library_attributes_move_unless_they_contradict() {
        let with = |id, value: &str| {
            let mut span = span(id, 0, 0, 1);
            span.attributes = vec![string("telemetry.sdk.name", value), string("http.route", "/")];
            span
        };
        let mut trace = trace([("cart", vec![with(1, "a"), with(2, "a"), with(3, "b")])]);
        move_to_resource(&mut trace);
        let resource = trace[0].resource.as_ref().expect("a resource");
        assert_eq!(resource.attributes[2..], [string("telemetry.sdk.name", "a")]);
        let spans = &trace[0].scope_spans[0].spans;
        assert_eq!(spans[0].attributes, [string("http.route", "/")]);
        assert_eq!(spans[1].attributes, [string("http.route", "/")]);
        assert_eq!(spans[2].attributes[..2], [string("telemetry.sdk.name", "b"), string("http.route", "/")]);
        assert_eq!(warnings(&spans[2]), ["the span and its resource have different values of `telemetry.sdk.name`"]);
    }
}
