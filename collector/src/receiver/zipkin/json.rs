//! Zipkin's JSON, of both versions (<https://zipkin.io/zipkin-api/>): a list of spans, read one at a time, so that what is held
//! beside the text is never more than one span.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    span::{Endpoint, Kind, TagValue, ZipkinSpan},
    v1::{Annotation, BinaryAnnotation, SpanV1},
};
use crate::{
    model::{BatchWriter, SpanId, TraceId},
    receiver::{DecodeError, jaeger::Microseconds},
};

/// The text of one span. The objects that it is read into take several times as much.
pub const DEFAULT_SPAN_JSON_BYTES_MAX: usize = 1 << 20;

type Result<T> = std::result::Result<T, DecodeError>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

pub(in crate::receiver) fn read_list(
    body: &[u8],
    version: Version,
    is_debug: bool,
    batch: &mut BatchWriter,
) -> Result<()> {
    let mut failure = None;
    let mut list = serde_json::Deserializer::from_slice(body);
    let mut each = |text: &str| {
        let span = match version {
            Version::V1 => read_v1(text).map(SpanV1::upgrade),
            Version::V2 => read_v2(text),
        };
        match span {
            Ok(span) => {
                span.write(is_debug, batch);
                true
            }
            Err(error) => {
                failure = Some(error);
                false
            }
        }
    };
    let ended = list.deserialize_seq(Each(&mut each)).and_then(|()| list.end());
    match failure {
        Some(error) => Err(error),
        None => Ok(ended?),
    }
}

/// Hands over the text of each element, until one is refused.
struct Each<'a>(&'a mut dyn FnMut(&str) -> bool);

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of spans")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        while let Some(span) = list.next_element::<&'de RawValue>()? {
            if !(self.0)(span.get()) {
                return Err(de::Error::custom("a span was refused"));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpanV2<'a> {
    #[serde(borrow)]
    trace_id: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    parent_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    timestamp: Option<i64>,
    #[serde(default)]
    duration: Option<i64>,
    #[serde(borrow, default)]
    local_endpoint: Option<JsonEndpoint<'a>>,
    #[serde(borrow, default)]
    remote_endpoint: Option<JsonEndpoint<'a>>,
    #[serde(default)]
    annotations: Option<Vec<JsonAnnotationV2>>,
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    debug: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonEndpoint<'a> {
    #[serde(default)]
    service_name: Option<String>,
    #[serde(borrow, default)]
    ipv4: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    ipv6: Option<Cow<'a, str>>,
    #[serde(default)]
    port: Option<u16>,
}

#[derive(Deserialize)]
struct JsonAnnotationV2 {
    timestamp: i64,
    value: String,
}

fn read_v2(text: &str) -> Result<ZipkinSpan> {
    let json: JsonSpanV2<'_> = parse(text)?;
    let kind = match json.kind.as_deref() {
        Some("CLIENT") => Some(Kind::Client),
        Some("SERVER") => Some(Kind::Server),
        Some("PRODUCER") => Some(Kind::Producer),
        Some("CONSUMER") => Some(Kind::Consumer),
        _ => None,
    };
    let annotations = json.annotations.unwrap_or_default().into_iter();
    Ok(ZipkinSpan {
        trace_id: TraceId(id("traceId", &json.trace_id)?),
        id: SpanId(id("id", &json.id)?),
        parent_id: SpanId(id("parentId", json.parent_id.as_deref().unwrap_or_default())?),
        kind,
        name: json.name.unwrap_or_default(),
        timestamp: Microseconds(json.timestamp.unwrap_or_default()),
        duration: Microseconds(json.duration.unwrap_or_default()),
        local: endpoint(json.local_endpoint),
        remote: endpoint(json.remote_endpoint),
        annotations: annotations.map(|one| (Microseconds(one.timestamp), one.value)).collect(),
        tags: json.tags.unwrap_or_default().into_iter().map(|(key, value)| (key, TagValue::Text(value))).collect(),
        is_debug: json.debug.unwrap_or_default(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpanV1<'a> {
    #[serde(borrow)]
    trace_id: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    parent_id: Option<Cow<'a, str>>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    timestamp: Option<i64>,
    #[serde(default)]
    duration: Option<i64>,
    #[serde(borrow, default)]
    annotations: Option<Vec<JsonAnnotationV1<'a>>>,
    #[serde(borrow, default)]
    binary_annotations: Option<Vec<JsonBinaryAnnotation<'a>>>,
    #[serde(default)]
    debug: Option<bool>,
}

#[derive(Deserialize)]
struct JsonAnnotationV1<'a> {
    timestamp: i64,
    value: String,
    #[serde(borrow, default)]
    endpoint: Option<JsonEndpoint<'a>>,
}

#[derive(Deserialize)]
struct JsonBinaryAnnotation<'a> {
    key: String,
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(borrow, default)]
    endpoint: Option<JsonEndpoint<'a>>,
}

fn read_v1(text: &str) -> Result<SpanV1> {
    let json: JsonSpanV1<'_> = parse(text)?;
    let span = ZipkinSpan {
        trace_id: TraceId(id("traceId", &json.trace_id)?),
        id: SpanId(id("id", &json.id)?),
        parent_id: SpanId(id("parentId", json.parent_id.as_deref().unwrap_or_default())?),
        name: json.name.unwrap_or_default(),
        timestamp: Microseconds(json.timestamp.unwrap_or_default()),
        duration: Microseconds(json.duration.unwrap_or_default()),
        is_debug: json.debug.unwrap_or_default(),
        ..ZipkinSpan::default()
    };
    let annotations = json.annotations.unwrap_or_default().into_iter().map(|one| Annotation {
        time: Microseconds(one.timestamp),
        value: one.value,
        host: endpoint(one.endpoint),
    });
    let binary = json.binary_annotations.unwrap_or_default().into_iter().map(|one| BinaryAnnotation {
        value: tag_value(one.value.get()),
        key: one.key,
        host: endpoint(one.endpoint),
    });
    Ok(SpanV1 { span, annotations: annotations.collect(), binary: binary.collect() })
}

/// A value of any type of JSON's; lists and objects stay the text that they are.
fn tag_value(text: &str) -> TagValue {
    if let Ok(text) = serde_json::from_str::<String>(text) {
        return TagValue::Text(text);
    }
    match text {
        "true" => TagValue::Bool(true),
        "false" => TagValue::Bool(false),
        number => match (number.parse(), number.parse()) {
            (Ok(int), _) => TagValue::Int(int),
            (_, Ok(double)) => TagValue::Double(double),
            _ => TagValue::Text(number.to_owned()),
        },
    }
}

fn parse<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T> {
    if text.len() > DEFAULT_SPAN_JSON_BYTES_MAX {
        return Err(DecodeError::SpanLength { len: text.len(), max: DEFAULT_SPAN_JSON_BYTES_MAX });
    }
    Ok(serde_json::from_str(text)?)
}

/// An id of up to so many bytes in hexadecimal digits; a shorter one is the lower part, and none at all is zero.
fn id<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N]> {
    let fail = || {
        let shown: String = text.chars().take(4 * N).collect();
        DecodeError::Id { field, value: shown, digits: 2 * N }
    };
    let start = (2 * N).checked_sub(text.len()).ok_or_else(fail)?;
    let mut digits = vec![b'0'; start];
    digits.extend_from_slice(text.as_bytes());
    let mut id = [0; N];
    hex::decode_to_slice(&digits, &mut id).map_err(|_| fail())?;
    Ok(id)
}

/// Addresses that are none are left out, as Zipkin does.
fn endpoint(json: Option<JsonEndpoint<'_>>) -> Endpoint {
    let Some(json) = json else { return Endpoint::default() };
    Endpoint {
        service: json.service_name.unwrap_or_default(),
        ipv4: json.ipv4.and_then(|ip| ip.parse::<Ipv4Addr>().ok()),
        ipv6: json.ipv6.and_then(|ip| ip.parse::<Ipv6Addr>().ok()),
        port: json.port.unwrap_or_default(),
    }
}
