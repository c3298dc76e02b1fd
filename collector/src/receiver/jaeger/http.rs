//! `POST /api/traces` (14268): a `Batch` in Thrift's binary protocol.
//!
//! | Outcome | HTTP status |
//! |---|---|
//! | stored | 202 |
//! | another content type, or not a batch | 400 |
//! | another content encoding | 415 |
//! | larger than the limit, after decompression | 413 |
//! | collector or storage full, storage cannot be reached | 503 with `Retry-After` |

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::{HeaderMap, StatusCode, header};

use crate::receiver::{Format, Intake, Transport, reply};

const VIA: Transport = Transport { receiver: "jaeger", transport: "thrift_http" };

pub fn router(intake: Intake) -> Router {
    Router::new()
        .route("/api/traces", post(post_spans))
        .method_not_allowed_fallback(reply::only_post)
        .with_state(intake)
}

async fn post_spans(State(intake): State<Intake>, request: Request) -> Response {
    if !is_thrift(request.headers()) {
        VIA.count_refused_request();
        let message = "Unsupported content type; send application/x-thrift or application/vnd.apache.thrift.binary\n";
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    reply::accept(&intake, VIA, request, |body| Format::JaegerBatch.read(body, false)).await
}

fn is_thrift(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/x-thrift" || kind == "application/vnd.apache.thrift.binary"
}
