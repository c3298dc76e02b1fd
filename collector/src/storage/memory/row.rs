//! One stored span.

use std::{ops::Range, sync::Arc};

use hashbrown::HashMap;
use opentelemetry_proto::tonic::{common::v1::KeyValue, trace::v1::Span};
use prost::{Message as _, encoding::encode_varint};

use super::{
    attributes::Run,
    segment::{KIND_BITS, Segment, StoredContext, StoredTrace},
};
use crate::{model::SpanId, storage::SpanKind};

/// Where a span is stored.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) segment: &'a Segment,
    pub(super) at: u32,
}

impl<'a> Row<'a> {
    pub(super) fn is_gone(self) -> bool {
        self.trace().rows == 0
    }

    pub(super) fn trace(self) -> &'a StoredTrace {
        &self.segment.traces[self.segment.rows.trace[self.at as usize] as usize]
    }

    pub(super) fn context(self) -> &'a StoredContext {
        &self.segment.contexts()[self.context_number() as usize]
    }

    pub(super) fn context_number(self) -> u32 {
        self.segment.rows.context[self.at as usize]
    }

    pub(super) fn operation_number(self) -> u32 {
        self.segment.rows.operation[self.at as usize]
    }

    pub(super) fn service(self) -> &'a Arc<str> {
        &self.segment.services()[self.context().service as usize].name
    }

    pub(super) fn span_id(self) -> SpanId {
        self.segment.rows.span_id[self.at as usize]
    }

    pub(super) fn parent(self) -> SpanId {
        self.segment.rows.parent[self.at as usize]
    }

    pub(super) fn start_ns(self) -> u64 {
        self.segment.rows.start_ns[self.at as usize]
    }

    pub(super) fn end_ns(self) -> u64 {
        self.segment.rows.end_ns[self.at as usize]
    }

    pub(super) fn kind(self) -> SpanKind {
        self.segment.operations()[self.operation_number() as usize].kind
    }

    pub(super) fn status_code(self) -> u8 {
        self.segment.rows.bits[self.at as usize] >> KIND_BITS
    }

    pub(super) fn runs(self) -> Range<usize> {
        let ends = &self.segment.rows.runs_end;
        let start = if self.at == 0 { 0 } else { ends[self.at as usize - 1] };
        start..ends[self.at as usize]
    }

    /// Appends the span as it was encoded, or as it would be with its fields in another order.
    pub(super) fn encode(self, into: &mut Vec<u8>) {
        let operation = &self.segment.operations()[self.operation_number() as usize];
        let mut bytes = |key: u8, bytes: &[u8]| {
            if !bytes.is_empty() {
                into.push(key);
                encode_varint(bytes.len() as u64, into);
                into.extend_from_slice(bytes);
            }
        };
        bytes(1 << 3 | 2, &self.trace().id.0);
        bytes(2 << 3 | 2, &self.span_id().0);
        if !self.parent().is_zero() {
            bytes(4 << 3 | 2, &self.parent().0);
        }
        bytes(5 << 3 | 2, self.segment.names.get(operation.name));
        let kind = self.segment.rows.bits[self.at as usize] & ((1 << KIND_BITS) - 1);
        if kind != 0 {
            into.extend([6 << 3, kind]);
        }
        for (key, time) in [(7 << 3 | 1, self.start_ns()), (8 << 3 | 1, self.end_ns())] {
            if time != 0 {
                into.push(key);
                into.extend(time.to_le_bytes());
            }
        }
        self.segment.attributes.expand(self.runs(), into);
    }

    /// The span as a message. `known` is kept from row to row of one segment.
    pub(super) fn decode(self, known: &mut KnownAttributes) -> Span {
        let operation = &self.segment.operations()[self.operation_number() as usize];
        let parent = self.parent();
        let attributes = &self.segment.attributes;
        let mut span = Span {
            trace_id: self.trace().id.0.into(),
            span_id: self.span_id().0.into(),
            parent_span_id: if parent.is_zero() { Vec::new() } else { parent.0.into() },
            name: String::from_utf8_lossy(self.segment.names.get(operation.name)).into_owned(),
            kind: i32::from(self.segment.rows.bits[self.at as usize] & ((1 << KIND_BITS) - 1)),
            start_time_unix_nano: self.start_ns(),
            end_time_unix_nano: self.end_ns(),
            attributes: Vec::with_capacity(attributes.runs(self.runs()).count()),
            ..Span::default()
        };
        for run in attributes.runs(self.runs()) {
            // Both were checked when they were received, so that decoding cannot fail; a default is still better than a panic.
            match run {
                Run::Known(number) => span.attributes.push(
                    known
                        .0
                        .entry(number)
                        .or_insert_with(|| KeyValue::decode(attributes.known(number)).unwrap_or_default())
                        .clone(),
                ),
                Run::Fields(fields) => span.merge(fields).unwrap_or_default(),
            }
        }
        span
    }
}

/// Attributes of a segment's dictionary that were decoded, by number.
#[derive(Default)]
pub(super) struct KnownAttributes(HashMap<u32, KeyValue>);
