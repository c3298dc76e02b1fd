//! Questions about stored traces: the storage's answers, put in order for whoever reads them.

pub mod adjuster;
mod duration;
mod service;

pub use duration::{Nanos, ParseDurationError, parse_duration};
pub use service::{DEFAULT_TRACE_SPANS_MAX, QueryOptions, QueryService};
