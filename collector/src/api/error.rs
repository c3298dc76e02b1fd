//! What a storage's answer means to clients: the one mapping to HTTP statuses and gRPC codes, for the APIs and the receivers.

use std::{error::Error as _, time::Duration};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};
use prost::Message;

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
    let message = error.to_string();
    if !retryable(error) {
        return tonic::Status::new(code, message);
    }
    let details = retry_details(code, &message, Duration::from_secs(DEFAULT_RETRY_AFTER_SECONDS));
    tonic::Status::with_details(code, message, details.into())
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

/// An encoded `google.rpc.Status` that holds a `google.rpc.RetryInfo`.
fn retry_details(code: tonic::Code, message: &str, delay: Duration) -> Vec<u8> {
    let delay = ProtoDuration { seconds: delay.as_secs() as i64, nanos: delay.subsec_nanos() as i32 };
    let info = RetryInfo { retry_delay: Some(delay) };
    let any = Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".into(), value: info.encode_to_vec() };
    RpcStatus { code: code as i32, message: message.into(), details: vec![any] }.encode_to_vec()
}

#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<ProtoDuration>,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoDuration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
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
            let details = RpcStatus::decode(grpc.details()).expect("a google.rpc.Status").details;
            let delay = details.first().map(|any| RetryInfo::decode(any.value.as_slice()).expect("a RetryInfo"));
            let wanted = retry.then_some(RetryInfo { retry_delay: Some(ProtoDuration { seconds: 1, nanos: 0 }) });
            assert_eq!(delay, wanted, "{error}");
        }
    }
}
