//! The ways in: decode (size-capped) → admission → storage → reply.

mod admission;
mod intake;
mod metered_body;
pub mod otlp_grpc;
pub mod otlp_http;
pub(crate) mod otlp_json;

pub use admission::{Admission, AdmissionFull, DEFAULT_IN_FLIGHT_BYTES_MAX, Ticket};
pub use intake::{Accepted, DEFAULT_REQUEST_BYTES_MAX, Intake, IntakeError, Transport};
