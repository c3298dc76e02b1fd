//! Zipkin's HTTP receiver (9411): `POST` to any path. One with `api/v1/spans` in it takes spans of the first version, in JSON or
//! Thrift, any other those of the second, in JSON or protobuf. The header `X-B3-Flags: 1` makes all spans of a request debug spans.
//!
//! | Outcome | HTTP status |
//! |---|---|
//! | stored | 202 |
//! | not a list of spans | 400 |
//! | another content type or encoding | 415 |
//! | larger than the limit, after decompression | 413 |
//! | collector or storage full, storage cannot be reached | 503 with `Retry-After` |

mod json;
mod proto;
mod span;
#[cfg(test)]
mod tests;
mod thrift;
mod v1;

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, StatusCode, header};

pub use self::json::{DEFAULT_SPAN_JSON_BYTES_MAX, Version};
pub(super) use self::{json::read_list as read_json, proto::read_list as read_proto, thrift::read_list as read_thrift};
use super::{Format, Intake, Transport, reply};

const VIA: Transport = Transport { receiver: "zipkin", transport: "http" };

pub fn router(intake: Intake) -> Router {
    Router::new().fallback(post_spans).with_state(intake)
}

async fn post_spans(State(intake): State<Intake>, request: Request) -> Response {
    if request.method() != Method::POST {
        return reply::only_post().await;
    }
    let Some(format) = format_of(request.uri().path(), request.headers()) else {
        VIA.count_refused_request();
        let message = "415 unsupported media type, supported: [application/json, application/x-thrift for v1, application/x-protobuf for v2]\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response();
    };
    let is_debug = request.headers().get("x-b3-flags").is_some_and(|flags| flags == "1");
    reply::accept(&intake, VIA, request, |body| format.read(body, is_debug)).await
}

fn format_of(path: &str, headers: &HeaderMap) -> Option<Format> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_v1 = path.contains("api/v1/spans");
    match (kind.as_str(), is_v1) {
        // Some clients of the first days send no type.
        ("application/json" | "", true) => Some(Format::ZipkinJson(Version::V1)),
        ("application/json" | "", false) => Some(Format::ZipkinJson(Version::V2)),
        ("application/x-thrift", true) => Some(Format::ZipkinThrift),
        ("application/x-protobuf", false) => Some(Format::ZipkinProto),
        _ => None,
    }
}
