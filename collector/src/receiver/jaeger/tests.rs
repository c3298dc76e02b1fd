//! One span with everything, in each encoding that Jaeger has for it, comes to the same span of ours; and no bytes do harm.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    trace::v1::{ResourceSpans, Span},
};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::{
    model::service_name,
    receiver::{DecodeError, Format, thrift::Protocol},
};

const PROTOCOLS: [Protocol; 2] = [Protocol::Binary, Protocol::Compact];

/// A value as Thrift has it.
#[derive(Clone)]
enum Thrift {
    Bool(bool),
    I32(i32),
    I64(i64),
    Double(f64),
    Binary(Vec<u8>),
    Struct(Vec<(i16, Thrift)>),
    List(Vec<Thrift>),
}

use Thrift::{Binary, Bool, Double, I32, I64, List, Struct};

impl Thrift {
    fn binary_kind(&self) -> u8 {
        match self {
            Bool(_) => 2,
            Double(_) => 4,
            I32(_) => 8,
            I64(_) => 10,
            Binary(_) => 11,
            Struct(_) => 12,
            List(_) => 15,
        }
    }

    fn compact_kind(&self) -> u8 {
        match self {
            Bool(true) => 1,
            Bool(false) => 2,
            I32(_) => 5,
            I64(_) => 6,
            Double(_) => 7,
            Binary(_) => 8,
            List(_) => 9,
            Struct(_) => 12,
        }
    }

    fn write(&self, protocol: Protocol, out: &mut Vec<u8>) {
        let is_binary = protocol == Protocol::Binary;
        let len = |len: usize, out: &mut Vec<u8>| {
            if is_binary { out.extend((len as u32).to_be_bytes()) } else { varint(len as u64, out) }
        };
        match self {
            Bool(truth) => out.push((*truth).into()),
            I32(number) if is_binary => out.extend(number.to_be_bytes()),
            I64(number) if is_binary => out.extend(number.to_be_bytes()),
            I32(number) => varint(zigzag((*number).into()), out),
            I64(number) => varint(zigzag(*number), out),
            Double(number) if is_binary => out.extend(number.to_be_bytes()),
            Double(number) => out.extend(number.to_le_bytes()),
            Binary(bytes) => {
                len(bytes.len(), out);
                out.extend(bytes);
            }
            List(items) => {
                let first = items.first();
                if is_binary {
                    out.push(first.map_or(12, Self::binary_kind));
                    len(items.len(), out);
                } else {
                    let kind = first.map_or(12, Self::compact_kind);
                    if items.len() < 15 {
                        out.push((items.len() as u8) << 4 | kind);
                    } else {
                        out.push(0xf0 | kind);
                        len(items.len(), out);
                    }
                }
                items.iter().for_each(|item| item.write(protocol, out));
            }
            Struct(fields) => {
                let mut last = 0;
                for (id, value) in fields {
                    if is_binary {
                        out.push(value.binary_kind());
                        out.extend(id.to_be_bytes());
                    } else if (1..=15).contains(&(id - last)) {
                        out.push(((id - last) as u8) << 4 | value.compact_kind());
                    } else {
                        out.push(value.compact_kind());
                        varint(zigzag((*id).into()), out);
                    }
                    last = *id;
                    // The compact protocol has a boolean in the head.
                    if is_binary || !matches!(value, Bool(_)) {
                        value.write(protocol, out);
                    }
                }
                out.push(0);
            }
        }
    }
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

fn text(text: &str) -> Thrift {
    Binary(text.as_bytes().to_vec())
}

fn tag(key: &str, kind: i32, field: i16, value: Thrift) -> Thrift {
    Struct(vec![(1, text(key)), (2, I32(kind)), (field, value)])
}

fn thrift_batch() -> Thrift {
    let log = Struct(vec![
        (1, I64(1_000_001)),
        (2, List(vec![tag("event", 0, 3, text("retry")), tag("attempt", 3, 6, I64(2))])),
    ]);
    let reference =
        |kind, trace: i64, span: i64| Struct(vec![(1, I32(kind)), (2, I64(trace)), (3, I64(1)), (4, I64(span))]);
    let tags = vec![
        tag("span.kind", 0, 3, text("client")),
        tag("error", 2, 5, Bool(true)),
        tag("otel.status_description", 0, 3, text("late")),
        tag("otel.scope.name", 0, 3, text("http")),
        tag("w3c.tracestate", 0, 3, text("a=b")),
        tag("text", 0, 3, text("Zürich")),
        tag("double", 1, 4, Double(0.5)),
        tag("no", 2, 5, Bool(false)),
        tag("long", 3, 6, I64(-7)),
        tag("bytes", 4, 7, Binary(vec![0, 255])),
    ];
    let span = Struct(vec![
        (1, I64(2)),
        (2, I64(1)),
        (3, I64(3)),
        (4, I64(4)),
        (5, text("pay")),
        (6, List(vec![reference(0, 2, 4), reference(1, 9, 5)])),
        (7, I32(3)),
        (8, I64(1_000_000)),
        (9, I64(5)),
        (10, List(tags)),
        (11, List(vec![log])),
        // What a later version may add.
        (99, Struct(vec![(1, List(vec![I64(1)])), (40, Bool(true))])),
    ]);
    let process = Struct(vec![(1, text("cart")), (2, List(vec![tag("hostname", 0, 3, text("a"))]))]);
    Struct(vec![(1, process), (2, List(vec![span; 20])), (3, I64(1))])
}

fn call(protocol: Protocol) -> Vec<u8> {
    let mut bytes = match protocol {
        Protocol::Binary => [&[0x80, 1, 0, 4, 0, 0, 0, 9][..], b"emitBatch", &[0; 4]].concat(),
        Protocol::Compact => [&[0x82, 0x81, 0, 9][..], b"emitBatch"].concat(),
    };
    Struct(vec![(1, thrift_batch())]).write(protocol, &mut bytes);
    bytes
}

/// `model.proto`, as prost has it.
mod idl {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct PostSpansRequest {
        #[prost(message, optional, tag = "1")]
        pub batch: Option<Batch>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Batch {
        #[prost(message, repeated, tag = "1")]
        pub spans: Vec<Span>,
        #[prost(message, optional, tag = "2")]
        pub process: Option<Process>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Process {
        #[prost(string, tag = "1")]
        pub service_name: String,
        #[prost(message, repeated, tag = "2")]
        pub tags: Vec<KeyValue>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Span {
        #[prost(bytes, tag = "1")]
        pub trace_id: Vec<u8>,
        #[prost(bytes, tag = "2")]
        pub span_id: Vec<u8>,
        #[prost(string, tag = "3")]
        pub operation_name: String,
        #[prost(message, repeated, tag = "4")]
        pub references: Vec<SpanRef>,
        #[prost(uint32, tag = "5")]
        pub flags: u32,
        #[prost(message, optional, tag = "6")]
        pub start_time: Option<Time>,
        #[prost(message, optional, tag = "7")]
        pub duration: Option<Time>,
        #[prost(message, repeated, tag = "8")]
        pub tags: Vec<KeyValue>,
        #[prost(message, repeated, tag = "9")]
        pub logs: Vec<Log>,
        #[prost(message, optional, tag = "10")]
        pub process: Option<Process>,
        #[prost(string, repeated, tag = "12")]
        pub warnings: Vec<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct SpanRef {
        #[prost(bytes, tag = "1")]
        pub trace_id: Vec<u8>,
        #[prost(bytes, tag = "2")]
        pub span_id: Vec<u8>,
        #[prost(int32, tag = "3")]
        pub ref_type: i32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Log {
        #[prost(message, optional, tag = "1")]
        pub timestamp: Option<Time>,
        #[prost(message, repeated, tag = "2")]
        pub fields: Vec<KeyValue>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Time {
        #[prost(int64, tag = "1")]
        pub seconds: i64,
        #[prost(int32, tag = "2")]
        pub nanos: i32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct KeyValue {
        #[prost(string, tag = "1")]
        pub key: String,
        #[prost(int32, tag = "2")]
        pub v_type: i32,
        #[prost(string, tag = "3")]
        pub v_str: String,
        #[prost(bool, tag = "4")]
        pub v_bool: bool,
        #[prost(int64, tag = "5")]
        pub v_int64: i64,
        #[prost(double, tag = "6")]
        pub v_float64: f64,
        #[prost(bytes, tag = "7")]
        pub v_binary: Vec<u8>,
    }
}

fn proto_request() -> idl::PostSpansRequest {
    let tag = |key: &str, text: &str| idl::KeyValue { key: key.into(), v_str: text.into(), ..Default::default() };
    let trace_id = [[0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 2]].concat();
    let id = |id| vec![0, 0, 0, 0, 0, 0, 0, id];
    let tags = vec![
        tag("span.kind", "client"),
        idl::KeyValue { key: "error".into(), v_type: 1, v_bool: true, ..Default::default() },
        tag("otel.status_description", "late"),
        tag("otel.scope.name", "http"),
        tag("w3c.tracestate", "a=b"),
        tag("text", "Zürich"),
        idl::KeyValue { key: "double".into(), v_type: 3, v_float64: 0.5, ..Default::default() },
        idl::KeyValue { key: "no".into(), v_type: 1, ..Default::default() },
        idl::KeyValue { key: "long".into(), v_type: 2, v_int64: -7, ..Default::default() },
        idl::KeyValue { key: "bytes".into(), v_type: 4, v_binary: vec![0, 255], ..Default::default() },
    ];
    let attempt = idl::KeyValue { key: "attempt".into(), v_type: 2, v_int64: 2, ..Default::default() };
    let time = |nanos| Some(idl::Time { seconds: 1, nanos });
    let other = [[0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 9]].concat();
    let span = idl::Span {
        trace_id: trace_id.clone(),
        span_id: id(3),
        operation_name: "pay".into(),
        references: vec![
            idl::SpanRef { trace_id, span_id: id(4), ref_type: 0 },
            idl::SpanRef { trace_id: other, span_id: id(5), ref_type: 1 },
        ],
        flags: 3,
        start_time: time(0),
        duration: Some(idl::Time { seconds: 0, nanos: 5_000 }),
        tags,
        logs: vec![idl::Log { timestamp: time(1_000), fields: vec![tag("event", "retry"), attempt] }],
        ..Default::default()
    };
    let process = Some(idl::Process { service_name: "cart".into(), tags: vec![tag("hostname", "a")] });
    idl::PostSpansRequest { batch: Some(idl::Batch { spans: vec![span; 20], process }) }
}

fn decoded(format: Format, body: &[u8]) -> Result<Vec<ResourceSpans>, DecodeError> {
    Ok(ExportTraceServiceRequest::decode(format.translate(body)?).expect("a request").resource_spans)
}

fn call_format(protocol: Protocol) -> Format {
    Format::JaegerCall(match protocol {
        Protocol::Binary => udp::Encoding::Binary,
        Protocol::Compact => udp::Encoding::Compact,
    })
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

fn check(resources: &[ResourceSpans]) {
    let [resource] = resources else { panic!("one resource, not {resources:?}") };
    assert_eq!(service_name(resource), "cart");
    assert_eq!(
        resource.resource.as_ref().expect("a resource").attributes[1],
        attribute("hostname", Any::StringValue("a".into()))
    );
    let [scope] = &resource.scope_spans[..] else { panic!("one scope") };
    assert_eq!((scope.scope.as_ref().map(|scope| scope.name.as_str()), scope.spans.len()), (Some("http"), 20));
    let span = &scope.spans[0];
    assert_eq!(hex::encode(&span.trace_id), "00000000000000010000000000000002");
    assert_eq!(
        (hex::encode(&span.span_id), hex::encode(&span.parent_span_id)),
        ("0000000000000003".into(), "0000000000000004".into())
    );
    assert_eq!((span.name.as_str(), span.kind, span.trace_state.as_str(), span.flags), ("pay", 3, "a=b", 1));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (1_000_000_000, 1_000_005_000));
    let status = span.status.as_ref().expect("a status");
    assert_eq!((status.code, status.message.as_str()), (2, "late"));
    let mut attributes = span.attributes.clone();
    attributes.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(
        attributes,
        [
            attribute("bytes", Any::BytesValue(vec![0, 255])),
            attribute("double", Any::DoubleValue(0.5)),
            attribute("jaeger.debug", Any::BoolValue(true)),
            attribute("long", Any::IntValue(-7)),
            attribute("no", Any::BoolValue(false)),
            attribute("text", Any::StringValue("Zürich".into())),
        ]
    );
    let [event] = &span.events[..] else { panic!("one event") };
    assert_eq!((event.name.as_str(), event.time_unix_nano), ("retry", 1_000_001_000));
    assert_eq!(event.attributes, [attribute("attempt", Any::IntValue(2))]);
    let [link] = &span.links[..] else { panic!("one link, for the other reference is the parent") };
    assert_eq!(hex::encode(&link.trace_id), "00000000000000010000000000000009");
    assert_eq!(link.attributes, [attribute("opentracing.ref_type", Any::StringValue("follows_from".into()))]);
}

#[test]
fn every_encoding_says_the_same() {
    for protocol in PROTOCOLS {
        check(&decoded(call_format(protocol), &call(protocol)).expect("a call"));
    }
    let mut body = Vec::new();
    thrift_batch().write(Protocol::Binary, &mut body);
    check(&decoded(Format::JaegerBatch, &body).expect("a batch"));
    check(&decoded(Format::JaegerProto, &proto_request().encode_to_vec()).expect("a request"));
}

#[test]
fn an_agent_takes_spans_of_zipkins_as_well() {
    let span = Struct(vec![(1, I64(2)), (3, text("pay")), (4, I64(3)), (9, Bool(true)), (10, I64(1)), (11, I64(5))]);
    let mut bytes = [&[0x82, 0x81, 0, 15][..], b"emitZipkinBatch"].concat();
    Struct(vec![(1, List(vec![span]))]).write(Protocol::Compact, &mut bytes);
    let resources = decoded(call_format(Protocol::Compact), &bytes).expect("a call");
    let span = &resources[0].scope_spans[0].spans[0];
    assert_eq!((span.name.as_str(), span.start_time_unix_nano, span.end_time_unix_nano), ("pay", 1_000, 6_000));
    assert_eq!(span.attributes, [attribute("jaeger.debug", Any::BoolValue(true))]);
}

#[test]
fn what_only_protobuf_has_is_kept() {
    let mut request = proto_request();
    let batch = request.batch.as_mut().expect("a batch");
    batch.spans.truncate(2);
    batch.spans[0].warnings = vec!["clock skew".into(), "late".into()];
    batch.spans[1].process = Some(idl::Process { service_name: "bank".into(), tags: vec![] });
    let resources = decoded(Format::JaegerProto, &request.encode_to_vec()).expect("a request");
    assert_eq!(resources.iter().map(service_name).collect::<Vec<_>>(), ["cart", "bank"]);
    let warned = &resources[0].scope_spans[0].spans[0];
    let warnings = warned.attributes.iter().find(|a| a.key == crate::model::WARNINGS_ATTRIBUTE).expect("warnings");
    assert!(format!("{warnings:?}").contains("clock skew"));
}

fn references(parent: i64, references: &[(i32, i64, i64)]) -> Span {
    let reference = |(kind, trace, span): &(i32, i64, i64)| {
        Struct(vec![(1, I32(*kind)), (2, I64(*trace)), (3, I64(0)), (4, I64(*span))])
    };
    let span = Struct(vec![
        (1, I64(1)),
        (2, I64(0)),
        (3, I64(2)),
        (4, I64(parent)),
        (6, List(references.iter().map(reference).collect())),
        (8, I64(-5)),
        (9, I64(-1)),
    ]);
    let batch_of = Struct(vec![(1, Struct(vec![(1, text("cart"))])), (2, List(vec![span]))]);
    let mut body = Vec::new();
    batch_of.write(Protocol::Binary, &mut body);
    decoded(Format::JaegerBatch, &body).expect("a batch")[0].scope_spans[0].spans[0].clone()
}

#[test]
fn the_parent_is_found_and_no_reference_is_lost() {
    const CHILD: i32 = 0;
    const FOLLOWS: i32 = 1;
    for (parent, given, expected, links) in [
        (0, &[][..], 0, 0),
        (7, &[], 7, 0),
        (0, &[(CHILD, 1, 7)], 7, 0),
        (0, &[(FOLLOWS, 1, 8), (CHILD, 1, 7)], 7, 1),
        // A parent that is only followed is a parent, and the link says how.
        (0, &[(FOLLOWS, 1, 8)], 8, 1),
        // One in another trace is none.
        (0, &[(CHILD, 2, 7)], 0, 1),
        (7, &[(CHILD, 1, 7), (CHILD, 1, 9), (FOLLOWS, 3, 4), (CHILD, 1, 0)], 7, 2),
    ] {
        let span = references(parent, given);
        let found = span.parent_span_id.last().copied().unwrap_or_default();
        assert_eq!((found, span.links.len()), (expected, links), "{parent} {given:?}");
        assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (0, 0), "negative times count as zero");
    }
}

#[test]
fn what_is_cut_off_is_refused_wherever_it_is_cut() {
    for protocol in PROTOCOLS {
        let whole = call(protocol);
        for len in 0..whole.len() {
            assert!(call_format(protocol).translate(&whole[..len]).is_err(), "{protocol:?} cut at {len}");
        }
    }
}

#[test]
fn ids_that_are_too_long_are_named() {
    let mut request = proto_request();
    request.batch.as_mut().expect("a batch").spans[0].span_id = vec![1; 9];
    let error = decoded(Format::JaegerProto, &request.encode_to_vec()).expect_err("a long id");
    assert_eq!(error.to_string(), "a span's `span_id` has 9 bytes; it must have at most 8");
}

proptest! {
    #[test]
    fn no_bytes_do_harm(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let changed = |mut seed: Vec<u8>| {
            for (at, byte) in &changes {
                let at = at.index(seed.len());
                seed[at] = *byte;
            }
            seed
        };
        for protocol in PROTOCOLS {
            let _ = decoded(call_format(protocol), &bytes);
            let _ = decoded(call_format(protocol), &changed(call(protocol)));
        }
        let _ = decoded(Format::JaegerProto, &bytes);
        let _ = decoded(Format::JaegerProto, &changed(proto_request().encode_to_vec()));
    }
}
