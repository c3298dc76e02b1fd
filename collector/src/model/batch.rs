//! A batch of spans as it was received: the encoded request, and an index of what lies where in it.

use std::ops::Range;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

use super::{
    MISSING_SERVICE_NAME, SpanId, TraceId,
    wire::{Cursor, Field, KEY_VALUE, Shape, Slice, WireError, check_attribute, check_field, check_message},
};
use crate::storage::SpanKind;

/// The attributes, events and links of one span together. Each takes many times its bytes when it is shown; OpenTelemetry's SDKs keep 128 of
/// each kind.
pub const DEFAULT_SPAN_PARTS_MAX: usize = 1 << 16;

/// Why a body is no batch of spans.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    #[error("the body is not an OTLP ExportTraceServiceRequest: {0}")]
    Malformed(WireError),
    #[error("the body has {0} bytes, more than the {max} that one batch can index", max = u32::MAX)]
    TooLarge(usize),
    #[error("a span's `{field}` has {len} bytes; it must have {want}")]
    IdLength { field: &'static str, len: usize, want: usize },
    #[error("a span has more than {DEFAULT_SPAN_PARTS_MAX} attributes, events and links")]
    TooManyParts,
}

impl From<WireError> for BatchError {
    fn from(error: WireError) -> Self {
        Self::Malformed(error)
    }
}

/// Who sent a run of spans: one resource and one instrumentation scope. Ranges point into the batch's body and hold encoded
/// messages (`resource`, `scope`) or text (the rest); empty where the sender left the field out.
#[derive(Clone, Debug, Default)]
pub struct ContextRef {
    pub service: Range<u32>,
    pub resource: Range<u32>,
    pub resource_schema_url: Range<u32>,
    pub scope: Range<u32>,
    pub scope_schema_url: Range<u32>,
}

/// One span: what every index needs of it, and where its encoded form lies in the batch's body.
#[derive(Clone, Debug)]
pub struct SpanRef {
    pub context: u32,
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub start_ns: u64,
    pub end_ns: u64,
    pub kind: SpanKind,
    pub name: Range<u32>,
    pub encoded: Range<u32>,
}

/// A checked batch. Spans without a valid id are left out of [`spans`](Self::spans) and counted in [`rejected`](Self::rejected).
#[derive(Clone, Debug, Default)]
pub struct SpanBatch {
    body: Bytes,
    contexts: Vec<ContextRef>,
    spans: Vec<SpanRef>,
    rejected: usize,
}

impl SpanBatch {
    /// Checks an encoded `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest` (OTLP 1.x) and finds its spans.
    pub fn parse(body: Bytes) -> Result<Self, BatchError> {
        if u32::try_from(body.len()).is_err() {
            return Err(BatchError::TooLarge(body.len()));
        }
        let mut batch = Self { body: body.clone(), ..Self::default() };
        let mut cursor = Cursor::new(Slice { bytes: &body, offset: 0 });
        while let Some((number, field)) = cursor.next()? {
            if number == 1 {
                batch.add_resource_spans(message(number, field)?)?;
            }
        }
        Ok(batch)
    }

    /// A batch of spans that were built here or came by another protocol.
    pub fn from_request(request: &ExportTraceServiceRequest) -> Result<Self, BatchError> {
        Self::parse(request.encode_to_vec().into())
    }

    /// The encoded request.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    pub fn contexts(&self) -> &[ContextRef] {
        &self.contexts
    }

    pub fn spans(&self) -> &[SpanRef] {
        &self.spans
    }

    /// How many spans had an all-zero trace or span id, which OpenTelemetry calls invalid.
    pub fn rejected(&self) -> usize {
        self.rejected
    }

    pub fn bytes(&self, range: &Range<u32>) -> &[u8] {
        &self.body[range.start as usize..range.end as usize]
    }

    /// Text that was checked when the batch was made.
    pub fn text(&self, range: &Range<u32>) -> &str {
        std::str::from_utf8(self.bytes(range)).unwrap_or_default()
    }

    pub fn service(&self, context: &ContextRef) -> &str {
        if context.service.is_empty() { MISSING_SERVICE_NAME } else { self.text(&context.service) }
    }

    fn add_resource_spans(&mut self, slice: Slice<'_>) -> Result<(), BatchError> {
        let mut context = ContextRef::default();
        let mut scopes = Vec::new();
        let mut cursor = Cursor::new(slice);
        while let Some((number, field)) = cursor.next()? {
            match number {
                1 => {
                    let resource = message(number, field)?;
                    context.resource = resource.range();
                    context.service = check_resource(resource)?;
                }
                2 => scopes.push(message(number, field)?),
                3 => context.resource_schema_url = text(number, field)?,
                _ => {}
            }
        }
        scopes.into_iter().try_for_each(|scope| self.add_scope_spans(context.clone(), scope))
    }

    fn add_scope_spans(&mut self, mut context: ContextRef, slice: Slice<'_>) -> Result<(), BatchError> {
        let index = self.contexts.len() as u32;
        let mut cursor = Cursor::new(slice);
        while let Some((number, field)) = cursor.next()? {
            match number {
                1 => {
                    let scope = message(number, field)?;
                    check_message(SCOPE, scope, 0)?;
                    context.scope = scope.range();
                }
                2 => {
                    let span = read_span(message(number, field)?, index)?;
                    if span.trace_id.is_zero() || span.span_id.is_zero() {
                        self.rejected += 1;
                    } else {
                        self.spans.push(span);
                    }
                }
                3 => context.scope_schema_url = text(number, field)?,
                _ => {}
            }
        }
        self.contexts.push(context);
        Ok(())
    }
}

const SCOPE: &[(u32, Shape)] =
    &[(1, Shape::Text), (2, Shape::Text), (3, Shape::Message(KEY_VALUE)), (4, Shape::Varint)];
const ENTITY_REF: &[(u32, Shape)] = &[(1, Shape::Text), (2, Shape::Text), (3, Shape::Text), (4, Shape::Text)];
const RESOURCE: &[(u32, Shape)] = &[(2, Shape::Varint), (3, Shape::Message(ENTITY_REF))];
const EVENT: &[(u32, Shape)] =
    &[(1, Shape::Fixed64), (2, Shape::Text), (3, Shape::Message(KEY_VALUE)), (4, Shape::Varint)];
const LINK: &[(u32, Shape)] = &[
    (1, Shape::Blob),
    (2, Shape::Blob),
    (3, Shape::Text),
    (4, Shape::Message(KEY_VALUE)),
    (5, Shape::Varint),
    (6, Shape::Fixed32),
];
const STATUS: &[(u32, Shape)] = &[(2, Shape::Text), (3, Shape::Varint)];
/// The fields of `Span` of which only the form is checked; the others are read by [`read_span`].
const SPAN: &[(u32, Shape)] = &[
    (3, Shape::Text),
    (9, Shape::Message(KEY_VALUE)),
    (10, Shape::Varint),
    (11, Shape::Message(EVENT)),
    (12, Shape::Varint),
    (13, Shape::Message(LINK)),
    (14, Shape::Varint),
    (15, Shape::Message(STATUS)),
    (16, Shape::Fixed32),
];

fn message<'a>(number: u32, field: Field<'a>) -> Result<Slice<'a>, WireError> {
    match field {
        Field::Bytes(slice) => Ok(slice),
        other => Err(WireError::WireType(number, other.wire_type())),
    }
}

fn text(number: u32, field: Field<'_>) -> Result<Range<u32>, WireError> {
    let slice = message(number, field)?;
    slice.text().map(|_| slice.range())
}

/// Checks a `Resource` and finds the text of its `service.name`.
fn check_resource(slice: Slice<'_>) -> Result<Range<u32>, WireError> {
    let mut service = 0..0;
    let mut cursor = Cursor::new(slice);
    while let Some((number, field)) = cursor.next()? {
        if number != 1 {
            check_field(RESOURCE, number, field, 0)?;
            continue;
        }
        let attribute = message(number, field)?;
        check_attribute(attribute)?;
        if service.is_empty()
            && let Some(name) = string_attribute(attribute, b"service.name")?
        {
            service = name;
        }
    }
    Ok(service)
}

/// Where the text of a `KeyValue` lies, if its key is `key` and its value a string.
fn string_attribute(slice: Slice<'_>, key: &[u8]) -> Result<Option<Range<u32>>, WireError> {
    let (mut matches, mut value) = (false, None);
    let mut cursor = Cursor::new(slice);
    while let Some((number, field)) = cursor.next()? {
        match (number, field) {
            (1, Field::Bytes(found)) => matches = found.bytes == key,
            (2, Field::Bytes(any)) => {
                let mut any = Cursor::new(any);
                while let Some((number, field)) = any.next()? {
                    if let (1, Field::Bytes(text)) = (number, field) {
                        value = Some(text.range());
                    }
                }
            }
            _ => {}
        }
    }
    Ok(value.filter(|_| matches))
}

fn read_span(slice: Slice<'_>, context: u32) -> Result<SpanRef, BatchError> {
    let mut span = SpanRef {
        context,
        trace_id: TraceId::default(),
        span_id: SpanId::default(),
        start_ns: 0,
        end_ns: 0,
        kind: SpanKind::Internal,
        name: 0..0,
        encoded: slice.range(),
    };
    let mut parts = 0;
    let mut cursor = Cursor::new(slice);
    while let Some((number, field)) = cursor.next()? {
        parts += usize::from(matches!(number, 9 | 11 | 13));
        match (number, field) {
            (1, Field::Bytes(id)) => span.trace_id = TraceId(fixed("trace_id", id.bytes)?),
            (2, Field::Bytes(id)) => span.span_id = SpanId(fixed("span_id", id.bytes)?),
            (4, Field::Bytes(id)) => drop(fixed::<8>("parent_span_id", id.bytes)?),
            (5, field) => span.name = text(number, field)?,
            (6, Field::Varint(kind)) => span.kind = SpanKind::from_otlp(kind as i32),
            (7, Field::Fixed64(time)) => span.start_ns = time,
            (8, Field::Fixed64(time)) => span.end_ns = time,
            (9, Field::Bytes(attribute)) => check_attribute(attribute)?,
            (1 | 2 | 4 | 6 | 7 | 8, field) => return Err(WireError::WireType(number, field.wire_type()).into()),
            (_, field) => check_field(SPAN, number, field, 0)?,
        }
    }
    if parts > DEFAULT_SPAN_PARTS_MAX {
        return Err(BatchError::TooManyParts);
    }
    Ok(span)
}

/// An id's bytes; an empty field means that there is none.
fn fixed<const N: usize>(field: &'static str, bytes: &[u8]) -> Result<[u8; N], BatchError> {
    if bytes.is_empty() {
        return Ok([0; N]);
    }
    bytes.try_into().map_err(|_| BatchError::IdLength { field, len: bytes.len(), want: N })
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{
        common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value::Value},
        resource::v1::Resource,
        trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
    };

    use super::*;
    use crate::model::wire::DEFAULT_VALUE_DEPTH_MAX;

    fn attribute(key: &str, value: Value) -> KeyValue {
        KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
    }

    fn span(id: u8) -> Span {
        Span {
            trace_id: vec![id; 16],
            span_id: vec![id; 8],
            name: format!("operation {id}"),
            kind: 2,
            start_time_unix_nano: 10,
            end_time_unix_nano: 30,
            attributes: vec![attribute("http.route", Value::StringValue("/cart".into()))],
            events: vec![Event { name: "retry".into(), time_unix_nano: 20, ..Default::default() }],
            status: Some(Status { message: "late".into(), code: 2 }),
            ..Default::default()
        }
    }

    fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource {
                    attributes: vec![attribute("service.name", Value::StringValue("cart".into()))],
                    ..Default::default()
                }),
                scope_spans: vec![ScopeSpans {
                    scope: Some(InstrumentationScope { name: "http".into(), ..Default::default() }),
                    spans,
                    schema_url: "scope".into(),
                }],
                schema_url: "resource".into(),
            }],
        }
    }

    #[test]
    fn the_index_says_what_the_message_says() {
        let request = request(vec![span(1), span(2)]);
        let batch = SpanBatch::from_request(&request).expect("a batch");
        assert_eq!(batch.decode().expect("decodes"), request.resource_spans);
        let [first, second] = batch.spans() else { panic!("two spans, not {:?}", batch.spans()) };
        assert_eq!((first.trace_id, second.span_id), (TraceId([1; 16]), SpanId([2; 8])));
        assert_eq!((first.start_ns, first.end_ns, first.kind), (10, 30, SpanKind::Server));
        assert_eq!(batch.text(&second.name), "operation 2");
        assert_eq!(Span::decode(batch.bytes(&second.encoded)).expect("a span"), span(2));
        let context = &batch.contexts()[0];
        assert_eq!(batch.service(context), "cart");
        assert_eq!(batch.text(&context.scope_schema_url), "scope");
        assert_eq!(batch.text(&context.resource_schema_url), "resource");
    }

    #[test]
    fn spans_without_an_id_are_counted_and_left_out() {
        let invalid = Span { trace_id: vec![0; 16], ..span(3) };
        let batch = SpanBatch::from_request(&request(vec![span(1), invalid])).expect("a batch");
        assert_eq!((batch.spans().len(), batch.rejected()), (1, 1));
        assert_eq!(batch.decode().expect("decodes")[0].scope_spans[0].spans, [span(1)]);
    }

    #[test]
    fn an_id_of_the_wrong_length_is_named() {
        let short = Span { span_id: vec![1; 4], ..span(1) };
        let error = SpanBatch::from_request(&request(vec![short])).expect_err("a short id");
        assert_eq!(error.to_string(), "a span's `span_id` has 4 bytes; it must have 8");
    }

    #[test]
    fn a_span_of_very_many_parts_is_refused() {
        let many = |events: usize| Span { events: vec![Event::default(); events], ..span(1) };
        // Beside the attribute that it has.
        assert!(SpanBatch::from_request(&request(vec![many(DEFAULT_SPAN_PARTS_MAX - 1)])).is_ok());
        let error = SpanBatch::from_request(&request(vec![span(2), many(DEFAULT_SPAN_PARTS_MAX)]));
        assert_eq!(error.expect_err("too many"), BatchError::TooManyParts);
    }

    #[test]
    fn what_cannot_be_decoded_later_is_refused_now() {
        let whole = request(vec![span(1)]).encode_to_vec();
        for len in 1..whole.len() {
            assert!(SpanBatch::parse(whole[..len].to_vec().into()).is_err(), "cut at {len}");
        }
        let mut latin1 = whole.clone();
        let at = latin1.windows(5).position(|w| w == b"/cart").expect("the route");
        latin1[at] = 0xff;
        assert_eq!(SpanBatch::parse(latin1.into()).expect_err("not UTF-8"), BatchError::Malformed(WireError::Utf8));
    }

    #[test]
    fn the_deepest_value_that_is_taken_can_be_decoded() {
        let nested = |depth: usize| {
            let leaf = Value::StringValue("deep".into());
            let value = (1..depth)
                .fold(leaf, |inner, _| Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(inner) }] }));
            request(vec![Span { attributes: vec![attribute("nested", value)], ..span(1) }])
        };
        let deepest = SpanBatch::from_request(&nested(DEFAULT_VALUE_DEPTH_MAX)).expect("the deepest");
        assert!(deepest.decode().is_ok());
        let error = SpanBatch::from_request(&nested(DEFAULT_VALUE_DEPTH_MAX + 1)).expect_err("one deeper");
        assert_eq!(error, BatchError::Malformed(WireError::Depth));
    }
}
