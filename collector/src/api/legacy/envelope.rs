//! The frame around every answer.

use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::super::{error, reply};
use crate::storage::StorageError;

pub(super) const TRACE_NOT_FOUND: &str = "trace not found";

#[derive(Serialize)]
pub(super) struct Envelope<T> {
    data: T,
    total: usize,
    limit: usize,
    offset: usize,
    errors: Option<Vec<Entry>>,
}

impl<T> Envelope<T> {
    pub(super) fn of(data: T) -> Self {
        Self { data, total: 0, limit: 0, offset: 0, errors: None }
    }

    pub(super) fn with(self, errors: Option<Vec<Entry>>) -> Self {
        Self { errors, ..self }
    }
}

impl<'a, T> Envelope<&'a [T]> {
    /// A list that says how long it is.
    pub(super) fn list(data: &'a [T]) -> Self {
        Self { total: data.len(), ..Self::of(data) }
    }
}

#[derive(Serialize)]
pub(super) struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    msg: String,
    #[serde(rename = "traceID", skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl Entry {
    pub(super) fn missing_trace(id: String) -> Self {
        Self { code: None, msg: TRACE_NOT_FOUND.into(), trace_id: Some(id) }
    }
}

/// An answer that is only an error.
pub(super) struct Failure {
    status: StatusCode,
    message: String,
    headers: HeaderMap,
}

impl Failure {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), headers: HeaderMap::new() }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

impl From<StorageError> for Failure {
    fn from(failure: StorageError) -> Self {
        error::log(&failure);
        let (status, headers) = error::http_parts(&failure);
        Self { status, headers, message: failure.to_string() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let entry = Entry { code: Some(self.status.as_u16()), msg: self.message, trace_id: None };
        let body = Envelope::of(None::<()>).with(Some(vec![entry]));
        let mut response = reply::json_failure(self.status, &body);
        response.headers_mut().extend(self.headers);
        response
    }
}
