//! The same span in every form that Zipkin has or had comes to the same spans of ours.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span},
};
use prost::Message as _;

use super::*;
use crate::receiver::DecodeError;

fn request(format: Format, body: &[u8], is_debug: bool) -> Result<Vec<ResourceSpans>, DecodeError> {
    let batch = format.read(body, is_debug)?;
    Ok(ExportTraceServiceRequest::decode(batch.finish()).expect("a request").resource_spans)
}

fn json(version: Version, text: &str) -> Result<Vec<ResourceSpans>, DecodeError> {
    request(Format::ZipkinJson(version), text.as_bytes(), false)
}

fn only(resources: &[ResourceSpans]) -> (&str, &Span) {
    let [resource] = resources else { panic!("one resource, not {resources:?}") };
    let [span] = &resource.scope_spans[0].spans[..] else { panic!("one span") };
    (crate::model::service_name(resource), span)
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|a| a.key == key)?.value.as_ref()?.value.as_ref()
}

const V2: &str = r#"[{"traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","id":"352bff9a74ca9ad2","kind":"CLIENT",
    "name":"get /api","timestamp":1556604172355737,"duration":1431,"shared":true,
    "localEndpoint":{"serviceName":"backend","ipv4":"192.168.99.1","port":3306},
    "remoteEndpoint":{"serviceName":"db","ipv6":"2001:db8::c001","port":443},
    "annotations":[{"timestamp":1556604172355800,"value":"retry"}],
    "tags":{"http.path":"/api","error":"timed out"}}]"#;

const V1: &str = r#"[{"traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","id":"352bff9a74ca9ad2","name":"get /api",
    "annotations":[
      {"timestamp":1556604172355737,"value":"cs","endpoint":{"serviceName":"backend","ipv4":"192.168.99.1","port":3306}},
      {"timestamp":1556604172355800,"value":"retry"},
      {"timestamp":1556604172357168,"value":"cr","endpoint":{"serviceName":"backend","ipv4":"192.168.99.1","port":3306}}],
    "binaryAnnotations":[
      {"key":"error","value":"timed out"},
      {"key":"http.path","value":"/api"},
      {"key":"sa","value":true,"endpoint":{"serviceName":"db","ipv6":"2001:db8::c001","port":443}}]}]"#;

#[test]
fn both_versions_of_json_say_the_same() {
    let (two, one) = (json(Version::V2, V2).expect("v2"), json(Version::V1, V1).expect("v1"));
    let (service, span) = only(&two);
    assert_eq!(service, "backend");
    assert_eq!(hex::encode(&span.trace_id), "00000000000000005af7183fb1d4cf5f");
    assert_eq!(
        (hex::encode(&span.parent_span_id), hex::encode(&span.span_id)),
        ("6b221d5bc9e6496c".into(), "352bff9a74ca9ad2".into())
    );
    assert_eq!((span.name.as_str(), span.kind), ("get /api", 3));
    assert_eq!(span.start_time_unix_nano, 1_556_604_172_355_737_000);
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 1_431_000);
    let status = span.status.as_ref().expect("a status");
    assert_eq!((status.code, status.message.as_str()), (2, "timed out"));
    for (key, value) in [
        ("http.path", Value::StringValue("/api".into())),
        ("net.host.ip", Value::StringValue("192.168.99.1".into())),
        ("net.host.port", Value::IntValue(3306)),
        ("peer.service", Value::StringValue("db".into())),
        ("net.peer.ip", Value::StringValue("2001:db8::c001".into())),
        ("net.peer.port", Value::IntValue(443)),
    ] {
        assert_eq!(text(&span.attributes, key), Some(&value), "{key}");
    }
    assert_eq!((span.events[0].name.as_str(), span.events[0].time_unix_nano), ("retry", 1_556_604_172_355_800_000));
    assert_eq!(two, one);
}

#[test]
fn values_of_the_first_version_keep_their_types() {
    let body = r#"[{"traceId":"1","id":"2","binaryAnnotations":[
        {"key":"text","value":"a\"b"},{"key":"yes","value":true},{"key":"int","value":-7},{"key":"double","value":1.5},
        {"key":"list","value":[1,2]}]}]"#;
    let read = json(Version::V1, body).expect("spans");
    let (_, span) = only(&read);
    for (key, value) in [
        ("text", Value::StringValue("a\"b".into())),
        ("yes", Value::BoolValue(true)),
        ("int", Value::IntValue(-7)),
        ("double", Value::DoubleValue(1.5)),
        ("list", Value::StringValue("[1,2]".into())),
    ] {
        assert_eq!(text(&span.attributes, key), Some(&value), "{key}");
    }
    assert!(span.start_time_unix_nano > 0, "a span without times has begun now");
}

#[test]
fn empty_spans_are_counted_and_take_nothing() {
    let batch = Format::ZipkinProto.read(&[0x0a, 0].repeat(1_000), false).expect("spans");
    assert_eq!((batch.rejected(), batch.bytes()), (1_000, 0));
}

#[test]
fn debug_is_kept_whoever_says_so() {
    let of_span = json(Version::V2, r#"[{"traceId":"1","id":"2","debug":true}]"#).expect("spans");
    let body = br#"[{"traceId":"1","id":"2"}]"#;
    let of_request = request(Format::ZipkinJson(Version::V2), body, true).expect("spans");
    for read in [of_span, of_request] {
        let (_, span) = only(&read);
        assert_eq!(text(&span.attributes, "jaeger.debug"), Some(&Value::BoolValue(true)));
        assert_eq!(span.flags, 1);
    }
}

#[test]
fn what_is_no_list_of_spans_is_refused_with_the_reason() {
    let long = format!(r#"[{{"traceId":"1","id":"2","name":"{}"}}]"#, "n".repeat(DEFAULT_SPAN_JSON_BYTES_MAX));
    for (body, told) in [
        ("", "EOF"),
        ("{}", "a list of spans"),
        ("[1]", "invalid type: integer `1`"),
        ("[{}]", "missing field `traceId`"),
        ("[{\"traceId\":\"1\",\"id\":\"2\"}", "EOF"),
        ("[{\"traceId\":\"1\",\"id\":\"2\"}] [", "trailing characters"),
        (r#"[{"traceId":"xyz","id":"2"}]"#, "`traceId` is no id: `xyz`"),
        (r#"[{"traceId":"1","id":"11112222333344445"}]"#, "`id` is no id: `11112222333344445`; it must have up to 16"),
        (r#"[{"traceId":"1","id":"ééé"}]"#, "`id` is no id"),
        (r#"[{"traceId":"1","id":"2","tags":{"a":1}}]"#, "expected a string"),
        (long.as_str(), "more than the 1048576 that one may have"),
    ] {
        let error = json(Version::V2, body).expect_err(told).to_string();
        assert!(error.contains(told), "{told}: {error}");
    }
}

/// Written as the older clients wrote it: fields in the binary protocol.
#[test]
fn thrift_of_the_first_version_says_the_same() {
    let mut body = Vec::new();
    let field = |body: &mut Vec<u8>, kind: u8, id: i16| {
        body.push(kind);
        body.extend(id.to_be_bytes());
    };
    let string = |body: &mut Vec<u8>, bytes: &[u8]| {
        body.extend((bytes.len() as u32).to_be_bytes());
        body.extend(bytes);
    };
    let endpoint = |body: &mut Vec<u8>, id: i16, service: &str| {
        field(body, 12, id);
        field(body, 8, 1);
        body.extend([192, 168, 99, 1]);
        field(body, 6, 2);
        body.extend(3306_i16.to_be_bytes());
        field(body, 11, 3);
        string(body, service.as_bytes());
        body.push(0);
    };
    body.extend([12, 0, 0, 0, 1]);
    for (id, value) in [(1, 0x5af7_183f_b1d4_cf5f_i64), (4, 0x352b_ff9a_74ca_9ad2), (5, 0x6b22_1d5b_c9e6_496c), (12, 1)]
    {
        field(&mut body, 10, id);
        body.extend(value.to_be_bytes());
    }
    field(&mut body, 11, 3);
    string(&mut body, b"get /api");
    field(&mut body, 15, 6);
    body.extend([12, 0, 0, 0, 2]);
    for (value, time) in [("sr", 1_000_i64), ("ss", 3_000)] {
        field(&mut body, 10, 1);
        body.extend(time.to_be_bytes());
        field(&mut body, 11, 2);
        string(&mut body, value.as_bytes());
        endpoint(&mut body, 3, "backend");
        body.push(0);
    }
    field(&mut body, 15, 8);
    body.extend([12, 0, 0, 0, 3]);
    for (key, kind, value) in [("code", 3_i32, &500_i32.to_be_bytes()[..]), ("path", 6, b"/api"), ("odd", 2, b"xyz")] {
        field(&mut body, 11, 1);
        string(&mut body, key.as_bytes());
        field(&mut body, 11, 2);
        string(&mut body, value);
        field(&mut body, 8, 3);
        body.extend(kind.to_be_bytes());
        body.push(0);
    }
    field(&mut body, 2, 9);
    body.extend([1, 0]);
    let read = request(Format::ZipkinThrift, &body, false).expect("spans");
    let (service, span) = only(&read);
    assert_eq!((service, span.name.as_str(), span.kind), ("backend", "get /api", 2));
    assert_eq!(hex::encode(&span.trace_id), "00000000000000015af7183fb1d4cf5f");
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (1_000_000, 3_000_000));
    for (key, value) in [
        ("code", Value::IntValue(500)),
        ("path", Value::StringValue("/api".into())),
        ("odd", Value::BytesValue(b"xyz".to_vec())),
        ("net.host.ip", Value::StringValue("192.168.99.1".into())),
        ("jaeger.debug", Value::BoolValue(true)),
    ] {
        assert_eq!(text(&span.attributes, key), Some(&value), "{key}");
    }
    for len in 0..body.len() {
        let cut = request(Format::ZipkinThrift, &body[..len], false);
        assert!(cut.is_err(), "cut at {len}");
    }
}
