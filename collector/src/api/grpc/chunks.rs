//! A trace in messages that gRPC's clients take.

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, TracesData};
use prost::Message as _;

use crate::model::Trace;

/// What a message of a stream holds at most, unless one span is larger: clients refuse messages of more than 4 MiB.
pub const DEFAULT_CHUNK_BYTES_MAX: usize = 1 << 20;
/// The key and the length of a field.
const FIELD_HEAD_BYTES: usize = 6;

/// Each message has spans of one trace only, and each names the resource and the scope of its spans.
pub(super) fn of(trace: Trace) -> Vec<TracesData> {
    let mut chunks = Chunks::default();
    for ResourceSpans { resource, scope_spans, schema_url } in trace.resource_spans {
        let resource = ResourceSpans { resource, scope_spans: Vec::new(), schema_url };
        for ScopeSpans { scope, spans, schema_url } in scope_spans {
            let scope = ScopeSpans { scope, spans: Vec::new(), schema_url };
            chunks.begin(&resource, &scope);
            for span in spans {
                let len = span.encoded_len() + FIELD_HEAD_BYTES;
                if chunks.bytes + len > DEFAULT_CHUNK_BYTES_MAX && chunks.has_spans() {
                    chunks.cut();
                    chunks.begin(&resource, &scope);
                }
                chunks.bytes += len;
                chunks.scope.spans.push(span);
            }
            chunks.end_scope();
        }
        chunks.end_resource();
    }
    chunks.cut();
    chunks.done
}

#[derive(Default)]
struct Chunks {
    done: Vec<TracesData>,
    open: Vec<ResourceSpans>,
    /// What is being filled.
    resource: Option<ResourceSpans>,
    scope: ScopeSpans,
    bytes: usize,
}

impl Chunks {
    fn begin(&mut self, resource: &ResourceSpans, scope: &ScopeSpans) {
        if self.resource.is_none() {
            self.bytes += resource.encoded_len() + FIELD_HEAD_BYTES;
            self.resource = Some(resource.clone());
        }
        self.bytes += scope.encoded_len() + FIELD_HEAD_BYTES;
        self.scope = scope.clone();
    }

    fn has_spans(&self) -> bool {
        !self.scope.spans.is_empty() || !self.open.is_empty() || self.resource.as_ref().is_some_and(has_spans)
    }

    fn end_scope(&mut self) {
        let scope = std::mem::take(&mut self.scope);
        if let Some(resource) = &mut self.resource
            && !scope.spans.is_empty()
        {
            resource.scope_spans.push(scope);
        }
    }

    fn end_resource(&mut self) {
        self.open.extend(self.resource.take().filter(has_spans));
    }

    fn cut(&mut self) {
        self.end_scope();
        self.end_resource();
        self.bytes = 0;
        let resource_spans = std::mem::take(&mut self.open);
        if !resource_spans.is_empty() {
            self.done.push(TracesData { resource_spans });
        }
    }
}

fn has_spans(resource: &ResourceSpans) -> bool {
    !resource.scope_spans.is_empty()
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{common::v1::InstrumentationScope, trace::v1::Span};

    use super::*;

    fn scope(name: &str, spans: usize, bytes: usize) -> ScopeSpans {
        let span = |id: usize| Span { span_id: id.to_be_bytes().into(), name: "x".repeat(bytes), ..Span::default() };
        let scope = Some(InstrumentationScope { name: name.into(), ..Default::default() });
        ScopeSpans { scope, spans: (1..=spans).map(span).collect(), ..ScopeSpans::default() }
    }

    fn trace(resources: Vec<Vec<ScopeSpans>>) -> Trace {
        let resource_spans = resources
            .into_iter()
            .enumerate()
            .map(|(at, scope_spans)| ResourceSpans { scope_spans, schema_url: at.to_string(), ..Default::default() })
            .collect();
        Trace { resource_spans, ..Trace::default() }
    }

    /// Which resource and scope each span has, in order.
    fn spans<'a>(chunks: impl IntoIterator<Item = &'a [ResourceSpans]>) -> Vec<(String, String, Vec<u8>)> {
        let resources = chunks.into_iter().flatten();
        let scopes = resources.flat_map(|r| r.scope_spans.iter().map(|scope| (r.schema_url.clone(), scope)));
        let spans = scopes.flat_map(|(resource, scope)| {
            let name = scope.scope.as_ref().map(|scope| scope.name.clone()).unwrap_or_default();
            scope.spans.iter().map(move |span| (resource.clone(), name.clone(), span.span_id.clone()))
        });
        spans.collect()
    }

    #[test]
    fn a_short_trace_is_one_message_and_unchanged() {
        let short = trace(vec![vec![scope("a", 2, 10), scope("b", 1, 10)], vec![scope("a", 1, 10)]]);
        let [chunk] = &of(short.clone())[..] else { panic!("one message") };
        assert_eq!(chunk.resource_spans, short.resource_spans);
    }

    #[test]
    fn a_long_trace_is_cut_and_every_span_keeps_its_resource_and_scope() {
        let long = trace(vec![
            vec![scope("a", 30, 100_000), scope("none", 0, 0), scope("b", 3, 2 * DEFAULT_CHUNK_BYTES_MAX)],
            vec![],
            vec![scope("c", 25, 100_000)],
        ]);
        let chunks = of(long.clone());
        assert!(chunks.len() > 5, "{}", chunks.len());
        let expected = spans([&long.resource_spans[..]]);
        assert_eq!(spans(chunks.iter().map(|chunk| &chunk.resource_spans[..])), expected);
        for chunk in &chunks {
            let count = spans([&chunk.resource_spans[..]]).len();
            assert!(chunk.encoded_len() <= DEFAULT_CHUNK_BYTES_MAX || count == 1, "{} of {count}", chunk.encoded_len());
        }
    }

    #[test]
    fn nothing_is_no_message() {
        assert_eq!(of(Trace::default()), []);
    }
}
