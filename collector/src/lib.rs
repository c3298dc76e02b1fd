//! A Jaeger-compatible tracing backend: receivers → admission → storage → query → APIs.

pub mod api;
pub mod configuration;
pub mod model;
pub mod query;
pub mod receiver;
pub mod sampling;
pub mod server;
pub mod settings;
pub mod shutdown;
pub mod storage;
pub mod telemetry;
