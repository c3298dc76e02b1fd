//! Jaeger's own protocols: Thrift over HTTP (14268) and UDP (6831 compact, 6832 binary, 5775 for Zipkin's spans), and
//! `jaeger.api_v2.CollectorService` over gRPC (14250). Definitions: `jaeger.thrift`, `agent.thrift` and `model.proto` of
//! jaegertracing/jaeger-idl.

pub mod grpc;
pub mod http;
mod proto;
mod span;
#[cfg(test)]
mod tests;
mod thrift;
pub mod udp;

pub(super) use proto::{for_each, id_of, read_request};
pub(super) use span::{Microseconds, SpanTranslation};
pub(super) use thrift::{read_batch, read_call, span_id, trace_id};
