//! Hosts whose clocks differ show children outside their parents. A child on another host is moved into its parent, by no more
//! than a bound.

use std::time::Duration;

use hashbrown::{HashMap, hash_map::Entry};
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value,
    trace::v1::{ResourceSpans, Span},
};

use super::{attribute, is_set, warning};
use crate::{model::SpanId, query::Nanos};

pub(super) fn correct(trace: &mut [ResourceSpans], delta_max: Duration) {
    let delta_max = i64::try_from(delta_max.as_nanos()).unwrap_or(i64::MAX);
    let mut tree = Tree::build(trace);
    let mut pending: Vec<(usize, Option<usize>, i64)> = tree.roots.iter().map(|root| (*root, None, 0)).collect();
    while let Some((index, parent, inherited)) = pending.pop() {
        let delta = match parent {
            Some(parent) if tree.nodes[index].is_elsewhere(&tree.nodes[parent]) => {
                skew(tree.nodes[index].span, tree.nodes[parent].span)
            }
            _ => inherited,
        };
        move_by(tree.nodes[index].span, delta, delta_max);
        let children = std::mem::take(&mut tree.nodes[index].children);
        pending.extend(children.into_iter().map(|child| (child, Some(index), delta)));
    }
}

struct Node<'a> {
    span: &'a mut Span,
    /// A number for each host.
    host: Option<usize>,
    children: Vec<usize>,
}

impl Node<'_> {
    fn is_elsewhere(&self, parent: &Self) -> bool {
        self.host.is_none() || self.host != parent.host
    }
}

struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    roots: Vec<usize>,
}

impl<'a> Tree<'a> {
    fn build(trace: &'a mut [ResourceSpans]) -> Self {
        let mut nodes: Vec<Node<'a>> = Vec::new();
        let mut by_id: HashMap<SpanId, usize> = HashMap::new();
        let mut hosts: HashMap<String, usize> = HashMap::new();
        for resource_spans in trace {
            let next = hosts.len();
            let host = host(resource_spans).map(|name| *hosts.entry(name).or_insert(next));
            for span in resource_spans.scope_spans.iter_mut().flat_map(|scope| &mut scope.spans) {
                let Entry::Vacant(free) = by_id.entry(id(&span.span_id)) else {
                    warning::add(span, "another span has the same id; clock skew was not checked");
                    continue;
                };
                free.insert(nodes.len());
                nodes.push(Node { span, host, children: Vec::new() });
            }
        }
        let mut roots = Vec::new();
        for index in 0..nodes.len() {
            let parent_id = &nodes[index].span.parent_span_id;
            let parent = is_set(parent_id).then(|| by_id.get(&id(parent_id))).flatten();
            match parent {
                Some(parent) => nodes[*parent].children.push(index),
                None => {
                    if is_set(parent_id) {
                        let id = hex::encode(parent_id);
                        let text = format!("the parent span {id} is not in the trace; clock skew was not checked");
                        warning::add(nodes[index].span, text);
                    }
                    roots.push(index);
                }
            }
        }
        Self { nodes, roots }
    }
}

/// Ids were checked when they came: a span's has 8 bytes, and that of its parent may be missing.
fn id(bytes: &[u8]) -> SpanId {
    SpanId(bytes.try_into().unwrap_or_default())
}

/// What tells one clock from another; `None` when the resource does not say.
fn host(resource_spans: &ResourceSpans) -> Option<String> {
    let attributes = resource_spans.resource.as_ref()?.attributes.as_slice();
    let found = ["host.id", "host.ip", "host.name"].into_iter().find_map(|key| attribute(attributes, key))?;
    let first = match found {
        Value::ArrayValue(addresses) => addresses.values.first()?.value.as_ref()?,
        value => value,
    };
    match first {
        Value::StringValue(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// By how much the child must move, in nanoseconds, to fit into its parent.
fn skew(child: &Span, parent: &Span) -> i64 {
    let nanos = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    let (start, end) = (nanos(child.start_time_unix_nano), nanos(child.end_time_unix_nano));
    let (parent_start, parent_end) = (nanos(parent.start_time_unix_nano), nanos(parent.end_time_unix_nano));
    let (duration, parent_duration) = (end.saturating_sub(start), parent_end.saturating_sub(parent_start));
    if duration > parent_duration {
        // It runs on after its parent, or the parent gave up: all that is certain is that it did not start first.
        return parent_start.saturating_sub(start).max(0);
    }
    if start >= parent_start && end <= parent_end {
        return 0;
    }
    // The way there and the way back are taken as equally long.
    parent_start.saturating_add(parent_duration.saturating_sub(duration) / 2).saturating_sub(start)
}

fn move_by(span: &mut Span, delta: i64, delta_max: i64) {
    let shown = Nanos(delta);
    match delta {
        0 => {}
        _ if delta_max == 0 => {
            warning::add(span, format!("a clock skew of {shown} was not corrected: the correction is off"));
        }
        _ if delta.saturating_abs() > delta_max => {
            let max = Nanos(delta_max);
            warning::add(span, format!("a clock skew of {shown} was not corrected: it exceeds the limit of {max}"));
        }
        _ => {
            let shift = |time: &mut u64| *time = time.saturating_add_signed(delta);
            shift(&mut span.start_time_unix_nano);
            shift(&mut span.end_time_unix_nano);
            span.events.iter_mut().for_each(|event| shift(&mut event.time_unix_nano));
            warning::add(span, format!("the span was moved by {shown} to correct clock skew"));
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::span::Event;

    use super::super::{
        spans,
        testing::{span, trace, warnings},
    };
    use super::*;

    const MAX: Duration = Duration::from_nanos(100);

    fn times(trace: &[ResourceSpans]) -> Vec<(u64, u64)> {
        spans(trace).map(|s| (s.start_time_unix_nano, s.end_time_unix_nano)).collect()
    }

    #[test]
    fn a_child_on_another_host_is_centred_in_its_parent_with_its_descendants() {
        let mut early = span(2, 1, 80, 120);
        early.events.push(Event { time_unix_nano: 90, ..Default::default() });
        let mut trace = trace([("web", vec![span(1, 0, 100, 200)]), ("cart", vec![early, span(3, 2, 85, 95)])]);
        correct(&mut trace, MAX);
        assert_eq!(times(&trace), [(100, 200), (130, 170), (135, 145)]);
        let moved = &trace[1].scope_spans[0].spans[0];
        assert_eq!(moved.events[0].time_unix_nano, 140);
        assert_eq!(warnings(moved), ["the span was moved by 50ns to correct clock skew"]);
    }

    #[test]
    fn a_child_that_fits_or_shares_the_host_stays() {
        let mut trace =
            trace([("web", vec![span(1, 0, 100, 200), span(2, 1, 50, 60)]), ("cart", vec![span(3, 1, 110, 190)])]);
        let before = trace.clone();
        correct(&mut trace, MAX);
        assert_eq!(trace, before);
    }

    #[test]
    fn a_child_longer_than_its_parent_only_starts_with_it() {
        let mut trace = trace([("web", vec![span(1, 0, 100, 200)]), ("cart", vec![span(2, 1, 80, 400)])]);
        correct(&mut trace, MAX);
        assert_eq!(times(&trace)[1], (100, 420));
    }

    #[test]
    fn what_is_not_corrected_is_said() {
        let skewed = || trace([("web", vec![span(1, 0, 1000, 1200)]), ("cart", vec![span(2, 1, 0, 100)])]);
        for (max, text) in [
            (Duration::ZERO, "a clock skew of 1.05µs was not corrected: the correction is off"),
            (MAX, "a clock skew of 1.05µs was not corrected: it exceeds the limit of 100ns"),
        ] {
            let mut trace = skewed();
            correct(&mut trace, max);
            assert_eq!(times(&trace), times(&skewed()));
            assert_eq!(warnings(&trace[1].scope_spans[0].spans[0]), [text]);
        }
    }

    #[test]
    fn broken_trees_are_walked_to_the_end() {
        // An orphan, a repeated id, a span that is its own parent, and two that are each other's.
        let mut trace = trace([(
            "web",
            vec![span(1, 9, 0, 1), span(1, 0, 0, 1), span(3, 3, 0, 1), span(4, 5, 0, 1), span(5, 4, 0, 1)],
        )]);
        correct(&mut trace, MAX);
        let spans = &trace[0].scope_spans[0].spans;
        assert_eq!(
            warnings(&spans[0]),
            ["the parent span 0000000000000009 is not in the trace; clock skew was not checked"]
        );
        assert_eq!(warnings(&spans[1]), ["another span has the same id; clock skew was not checked"]);
    }
}
