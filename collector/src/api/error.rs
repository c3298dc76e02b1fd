//! What a storage's answer means to clients: the one mapping to HTTP statuses and gRPC codes, for the APIs and the receivers.

use std::{error::Error as _, time::Duration};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::storage::StorageError;

/// When a client that was turned away may try again.
pub const DEFAULT_RETRY_AFTER_SECONDS: u64 = 1;

pub fn http_status(error: &StorageError) -> StatusCode {
    match error {
        StorageError::Busy(_) | StorageError::Unavailable(..) => StatusCode::SERVICE_UNAVAILABLE,
        StorageError::Rejected(_) | StorageError::InvalidQuery(_) => StatusCode::BAD_REQUEST,
    }
}

/// The status and the headers that go with it: whoever may try again is told when.
pub fn http_parts(error: &StorageError) -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    if retryable(error) {
        headers.insert(RETRY_AFTER, HeaderValue::from(DEFAULT_RETRY_AFTER_SECONDS));
    }
    (http_status(error), headers)
}

/// OTLP's clients retry `UNAVAILABLE` always, and `RESOURCE_EXHAUSTED` only when the answer says that they may.
pub fn grpc_status(error: &StorageError) -> tonic::Status {
    let code = match error {
        StorageError::Busy(_) => tonic::Code::ResourceExhausted,
        StorageError::Unavailable(..) => tonic::Code::Unavailable,
        StorageError::Rejected(_) | StorageError::InvalidQuery(_) => tonic::Code::InvalidArgument,
    };
    if retryable(error) { retry_later(code, error.to_string()) } else { tonic::Status::new(code, error.to_string()) }
}

/// A status that tells the client when to come back (`google.rpc.RetryInfo`).
pub fn retry_later(code: tonic::Code, message: String) -> tonic::Status {
    let delay = Duration::from_secs(DEFAULT_RETRY_AFTER_SECONDS);
    tonic::Status::with_error_details(code, message, ErrorDetails::with_retry_info(Some(delay)))
}

/// Writes a failure of the server to its log; clients see only its first line.
pub fn log(error: &StorageError) {
    if http_status(error).is_server_error() {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let causes: Vec<String> = causes.map(|cause| cause.to_string()).collect();
        tracing::warn!(error = %error, causes = causes.join(": "), "a request failed");
    }
}

fn retryable(error: &StorageError) -> bool {
    matches!(error, StorageError::Busy(_) | StorageError::Unavailable(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_whether_to_try_again() {
        let cases = [
            (StorageError::Busy("full".into()), 503, tonic::Code::ResourceExhausted, true),
            (StorageError::Unavailable("down".into(), None), 503, tonic::Code::Unavailable, true),
            (StorageError::Rejected("too long".into()), 400, tonic::Code::InvalidArgument, false),
            (StorageError::InvalidQuery("no service".into()), 400, tonic::Code::InvalidArgument, false),
        ];
        for (error, status, code, retry) in cases {
            let (found, headers) = http_parts(&error);
            assert_eq!((found.as_u16(), headers.contains_key(RETRY_AFTER)), (status, retry), "{error}");
            let grpc = grpc_status(&error);
            assert_eq!((grpc.code(), grpc.message()), (code, error.to_string().as_str()));
            let delay = grpc.get_error_details().retry_info().and_then(|info| info.retry_delay);
            assert_eq!(delay, retry.then_some(Duration::from_secs(1)), "{error}");
        }
    }
}
