//! A Jaeger-compatible tracing backend: receivers → admission → storage → query → APIs.

pub mod model;
pub mod storage;
