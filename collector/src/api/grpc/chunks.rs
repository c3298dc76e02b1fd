//! A trace in messages that gRPC's clients take.

use std::{iter::Peekable, sync::Arc};

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message as _;

use crate::model::Trace;

/// What a message of a stream holds at most, unless one span is larger: clients refuse messages of more than 4 MiB.
pub const DEFAULT_CHUNK_BYTES_MAX: usize = 1 << 20;
/// The key and the length of a field.
const FIELD_HEAD_BYTES: usize = 6;

/// Each message has spans of one trace only, and each names the resource and the scope of its spans. They are made as they are asked for.
pub(super) fn of(trace: Trace) -> impl Iterator<Item = TracesData> + Send {
    let spans = trace.resource_spans.into_iter().flat_map(|mut resource| {
        let scopes = std::mem::take(&mut resource.scope_spans);
        let resource = Arc::new(resource);
        scopes.into_iter().flat_map(move |mut scope| {
            let spans = std::mem::take(&mut scope.spans);
            let (resource, scope) = (resource.clone(), Arc::new(scope));
            spans.into_iter().map(move |span| Item { resource: resource.clone(), scope: scope.clone(), span })
        })
    });
    Chunks(spans.peekable())
}

/// A span, with what it shares with others; those have no spans.
struct Item {
    resource: Arc<ResourceSpans>,
    scope: Arc<ScopeSpans>,
    span: Span,
}

struct Chunks<I: Iterator<Item = Item>>(Peekable<I>);

impl<I: Iterator<Item = Item>> Iterator for Chunks<I> {
    type Item = TracesData;

    fn next(&mut self) -> Option<TracesData> {
        let mut chunk = TracesData::default();
        let mut last: Option<(Arc<ResourceSpans>, Arc<ScopeSpans>)> = None;
        let mut bytes = 0;
        while let Some(Item { resource, scope, span }) = self.0.peek() {
            let new_resource = last.as_ref().is_none_or(|(last, _)| !Arc::ptr_eq(last, resource));
            let new_scope = last.as_ref().is_none_or(|(_, last)| !Arc::ptr_eq(last, scope));
            bytes += span.encoded_len() + FIELD_HEAD_BYTES;
            if new_resource {
                bytes += resource.encoded_len() + FIELD_HEAD_BYTES;
            }
            if new_scope {
                bytes += scope.encoded_len() + FIELD_HEAD_BYTES;
            }
            if bytes > DEFAULT_CHUNK_BYTES_MAX && last.is_some() {
                break;
            }
            let Some(Item { resource, scope, span }) = self.0.next() else { break };
            if new_resource {
                chunk.resource_spans.push(ResourceSpans::clone(&resource));
            }
            if let Some(resource_spans) = chunk.resource_spans.last_mut() {
                if new_scope {
                    resource_spans.scope_spans.push(ScopeSpans::clone(&scope));
                }
                resource_spans.scope_spans.last_mut()?.spans.push(span);
            }
            last = Some((resource, scope));
        }
        last.map(|_| chunk)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::InstrumentationScope;

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
        let chunks: Vec<_> = of(short.clone()).collect();
        let [chunk] = &chunks[..] else { panic!("one message, not {}", chunks.len()) };
        assert_eq!(chunk.resource_spans, short.resource_spans);
    }

    #[test]
    fn a_long_trace_is_cut_and_every_span_keeps_its_resource_and_scope() {
        let long = trace(vec![
            vec![scope("a", 30, 100_000), scope("none", 0, 0), scope("b", 3, 2 * DEFAULT_CHUNK_BYTES_MAX)],
            vec![],
            vec![scope("c", 25, 100_000)],
        ]);
        let chunks: Vec<_> = of(long.clone()).collect();
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
        assert_eq!(of(Trace::default()).next(), None);
    }
}
