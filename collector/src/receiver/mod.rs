//! The ways in: decode (size-capped) → admission → storage → reply.

mod admission;
mod body;
mod format;
pub(crate) mod grpc;
mod intake;
pub mod jaeger;
mod metered_body;
pub mod otlp_grpc;
pub mod otlp_http;
pub(crate) mod otlp_json;
mod reply;
#[cfg(test)]
mod tests;
mod thrift;
pub mod zipkin;

pub use admission::{Admission, AdmissionFull, DEFAULT_IN_FLIGHT_BYTES_MAX, Ticket};
pub use body::DEFAULT_ZSTD_WINDOW_LOG_MAX;
pub use format::Format;
pub use intake::{Accepted, DEFAULT_REQUEST_BYTES_MAX, Intake, IntakeError, Transport};
pub use thrift::{DEFAULT_THRIFT_DEPTH_MAX, ThriftError};

use crate::model::wire::WireError;

/// Why a body of Jaeger's or Zipkin's is none.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("the body is not valid Thrift: {0}")]
    Thrift(#[from] ThriftError),
    #[error("the body is not valid protobuf: {0}")]
    Protobuf(#[from] WireError),
    #[error("the body is not valid JSON of Zipkin's spans: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a span's `{field}` has {len} bytes; it must have at most {max}")]
    IdLength { field: &'static str, len: usize, max: usize },
    #[error("a span's `{field}` is no id: `{value}`; it must have up to {digits} hexadecimal digits")]
    Id { field: &'static str, value: String, digits: usize },
    #[error("a span has {len} bytes of JSON, more than the {max} that one may have")]
    SpanLength { len: usize, max: usize },
}
