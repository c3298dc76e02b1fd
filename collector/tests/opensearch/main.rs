//! The OpenSearch backend against a real OpenSearch, which the first test starts and which ends with the test program.

#![allow(clippy::unwrap_used)]

mod documents;
mod faults;
mod jaeger;
mod retention;
mod round_trip;
mod search;
mod server;
mod spans;
