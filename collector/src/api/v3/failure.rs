//! How this API says that it failed.

use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::super::{error, reply};
use crate::storage::StorageError;

pub(super) struct Failure {
    status: StatusCode,
    message: String,
    headers: HeaderMap,
}

impl Failure {
    pub(super) fn bad_request(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message, headers: HeaderMap::new() }
    }

    /// What an empty result is in this API.
    pub(super) fn no_traces() -> Self {
        Self { status: StatusCode::NOT_FOUND, message: "No traces found".into(), headers: HeaderMap::new() }
    }
}

impl From<StorageError> for Failure {
    fn from(failure: StorageError) -> Self {
        error::log(&failure);
        let (status, headers) = error::http_parts(&failure);
        Self { status, headers, message: failure.to_string() }
    }
}

#[derive(Serialize)]
struct FailureJson {
    error: Details,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    http_code: u16,
    message: String,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = Details { http_code: self.status.as_u16(), message: self.message };
        let mut response = reply::json_failure(self.status, &FailureJson { error });
        response.headers_mut().extend(self.headers);
        response
    }
}
