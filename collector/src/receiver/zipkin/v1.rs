//! What spans of Zipkin's first version say by annotations, as the later versions say it.

use super::span::{Endpoint, Kind, TagValue, ZipkinSpan};
use crate::receiver::jaeger::Microseconds;

pub(super) struct Annotation {
    pub(super) time: Microseconds,
    pub(super) value: String,
    pub(super) host: Endpoint,
}

pub(super) struct BinaryAnnotation {
    pub(super) key: String,
    pub(super) value: TagValue,
    pub(super) host: Endpoint,
}

/// A span as it was read, before its annotations mean anything.
#[derive(Default)]
pub(super) struct SpanV1 {
    pub(super) span: ZipkinSpan,
    pub(super) annotations: Vec<Annotation>,
    pub(super) binary: Vec<BinaryAnnotation>,
}

impl SpanV1 {
    /// Core annotations become kind and times, addresses the remote endpoint, and the rest events and tags.
    pub(super) fn upgrade(self) -> ZipkinSpan {
        let Self { mut span, annotations, binary } = self;
        let time = |value: &str| annotations.iter().find(|one| one.value == value).map(|one| one.time);
        let (from, to) = match (time("cs"), time("sr")) {
            (Some(sent), _) => (Some(sent), time("cr")),
            (None, Some(received)) => (Some(received), time("ss")),
            (None, None) => (time("ms").or(time("mr")), None),
        };
        if let Some(from) = from.filter(|_| span.timestamp.0 <= 0) {
            span.timestamp = from;
        }
        if let (Some(from), Some(to)) = (from, to)
            && span.duration.0 <= 0
        {
            span.duration = Microseconds(to.0.saturating_sub(from.0));
        }
        span.kind = annotations.iter().find_map(|one| kind_of(&one.value));
        let core = annotations.iter().filter(|one| kind_of(&one.value).is_some()).map(|one| &one.host);
        let others = annotations.iter().map(|one| &one.host).chain(binary.iter().filter(is_tag).map(|one| &one.host));
        if let Some(host) = core.chain(others).find(|host| !host.is_empty()) {
            span.local = host.clone();
        }
        for one in annotations {
            if kind_of(&one.value).is_none() {
                span.annotations.push((one.time, one.value));
            }
        }
        for one in binary {
            if !is_tag(&&one) {
                span.remote = one.host;
            } else if one.key != "lc" || one.value != TagValue::Text(String::new()) {
                span.tags.push((one.key, one.value));
            }
        }
        span
    }
}

fn kind_of(annotation: &str) -> Option<Kind> {
    Some(match annotation {
        "cs" | "cr" => Kind::Client,
        "sr" | "ss" => Kind::Server,
        "ms" => Kind::Producer,
        "mr" => Kind::Consumer,
        _ => return None,
    })
}

/// Client, server and message addresses are no tags: their host is the other side.
fn is_tag(one: &&BinaryAnnotation) -> bool {
    !(matches!(one.key.as_str(), "ca" | "sa" | "ma") && one.value == TagValue::Bool(true))
}
