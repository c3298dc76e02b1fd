//! What each port is for.

use std::net::SocketAddr;

use super::StartError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    OtlpGrpc,
    OtlpHttp,
    JaegerGrpc,
    JaegerHttp,
    JaegerCompact,
    JaegerBinary,
    ZipkinCompact,
    Zipkin,
    SamplingHttp,
    SamplingGrpc,
    Query,
    QueryGrpc,
    Health,
    Admin,
    Metrics,
}

impl Purpose {
    pub fn name(self) -> &'static str {
        match self {
            Self::OtlpGrpc => "OTLP gRPC",
            Self::OtlpHttp => "OTLP HTTP",
            Self::JaegerGrpc => "Jaeger gRPC",
            Self::JaegerHttp => "Jaeger Thrift over HTTP",
            Self::JaegerCompact => "Jaeger compact Thrift over UDP",
            Self::JaegerBinary => "Jaeger binary Thrift over UDP",
            Self::ZipkinCompact => "Zipkin compact Thrift over UDP",
            Self::Zipkin => "Zipkin",
            Self::SamplingHttp => "sampling over HTTP",
            Self::SamplingGrpc => "sampling over gRPC",
            Self::Query => "the query API and the page",
            Self::QueryGrpc => "the query API over gRPC",
            Self::Health => "health",
            Self::Admin => "admin",
            Self::Metrics => "metrics",
        }
    }

    /// Ports that tell how the server is: they answer until everything else has ended.
    pub(super) fn is_for_operators(self) -> bool {
        matches!(self, Self::Health | Self::Admin | Self::Metrics)
    }

    pub(super) fn cannot_listen(self, address: SocketAddr, source: std::io::Error) -> StartError {
        let is_optional = match self {
            Self::OtlpGrpc | Self::OtlpHttp | Self::Query | Self::Health | Self::Admin | Self::Metrics => false,
            Self::JaegerGrpc | Self::JaegerHttp | Self::JaegerCompact | Self::JaegerBinary => true,
            Self::ZipkinCompact | Self::Zipkin | Self::SamplingHttp | Self::SamplingGrpc | Self::QueryGrpc => true,
        };
        let or_none = if is_optional { ", or do without: `off`" } else { "" };
        StartError::Bind { address, purpose: self.name(), flag: self.flag(), or_none, source }
    }

    fn flag(self) -> &'static str {
        match self {
            Self::OtlpGrpc => "--otlp-grpc-port",
            Self::OtlpHttp => "--otlp-http-port",
            Self::JaegerGrpc => "--jaeger-grpc-port",
            Self::JaegerHttp => "--jaeger-http-port",
            Self::JaegerCompact => "--jaeger-compact-port",
            Self::JaegerBinary => "--jaeger-binary-port",
            Self::ZipkinCompact => "--zipkin-compact-port",
            Self::Zipkin => "--zipkin-port",
            Self::SamplingHttp => "--sampling-http-port",
            Self::SamplingGrpc => "--sampling-grpc-port",
            Self::Query => "--query-port",
            Self::QueryGrpc => "--query-grpc-port",
            Self::Health => "--health-port",
            Self::Admin => "--admin-port",
            Self::Metrics => "--metrics-port",
        }
    }
}
