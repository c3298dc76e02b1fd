//! Answers that both HTTP APIs give.

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use serde_json::ser::PrettyFormatter;

use super::params::DEFAULT_QUERY_STRING_MAX_BYTES;

/// A body is written into a buffer that starts at this size.
const DEFAULT_BODY_CAPACITY_BYTES: usize = 4 << 10;
/// What Jaeger's `prettyPrint` indents by.
const INDENT: &[u8] = b"    ";

/// An answer in JSON.
pub(super) fn json(value: &impl Serialize, pretty: bool) -> Response {
    let mut body = Vec::with_capacity(DEFAULT_BODY_CAPACITY_BYTES);
    let written = if pretty {
        let formatter = PrettyFormatter::with_indent(INDENT);
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut body, formatter))
    } else {
        serde_json::to_writer(&mut body, value)
    };
    match written {
        Ok(()) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response(),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("the answer could not be written: {error}")),
    }
}

/// A failure in JSON, which Jaeger declares as plain text.
pub(super) fn json_failure(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(body) => plain(status, body),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("the answer could not be written: {error}")),
    }
}

pub(super) fn not_found() -> Response {
    plain(StatusCode::NOT_FOUND, "404 page not found".into())
}

pub(super) fn query_too_long() -> Response {
    let text = format!("the query string is longer than {DEFAULT_QUERY_STRING_MAX_BYTES} bytes");
    plain(StatusCode::URI_TOO_LONG, text)
}

pub(super) fn plain(status: StatusCode, mut text: String) -> Response {
    text.push('\n');
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, Body::from(text)).into_response()
}

/// Writes an answer that may be long, away from the threads that serve connections.
pub(super) async fn in_background(write: impl FnOnce() -> Response + Send + 'static) -> Response {
    tokio::task::spawn_blocking(write)
        .await
        .unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written".into()))
}
