//! The ways in, and what clients are told to sample.

use std::path::PathBuf;

use clap::Args;

/// A port, or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionalPort(pub Option<u16>);

impl std::str::FromStr for OptionalPort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self(None)),
            number => number.parse().map(|port| Self(Some(port))).map_err(|_| "it must be a port, or `off`"),
        }
    }
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Ways in")]
pub struct ReceiverArgs {
    /// Port of OTLP over gRPC (0: any free port, on this and every other port)
    #[arg(long, value_name = "PORT", env = "JQS_OTLP_GRPC_PORT", default_value_t = 4317)]
    pub otlp_grpc_port: u16,

    /// Port of OTLP over HTTP
    #[arg(long, value_name = "PORT", env = "JQS_OTLP_HTTP_PORT", default_value_t = 4318)]
    pub otlp_http_port: u16,

    /// Pages that may send OTLP over HTTP from a browser, such as `https://shop.example`; `*` for any [default: none]
    #[arg(long, value_name = "ORIGIN,ORIGIN", env = "JQS_OTLP_HTTP_CORS_ORIGINS", value_delimiter = ',')]
    pub otlp_http_cors_origins: Vec<String>,

    /// Port of Jaeger's `CollectorService` over gRPC, or `off`
    #[arg(long, value_name = "PORT", env = "JQS_JAEGER_GRPC_PORT", default_value = "14250")]
    pub jaeger_grpc_port: OptionalPort,

    /// Port of Jaeger's Thrift over HTTP (`/api/traces`), or `off`
    #[arg(long, value_name = "PORT", env = "JQS_JAEGER_HTTP_PORT", default_value = "14268")]
    pub jaeger_http_port: OptionalPort,

    /// UDP port of Jaeger's agent for compact Thrift, or `off`
    #[arg(long, value_name = "PORT", env = "JQS_JAEGER_COMPACT_PORT", default_value = "6831")]
    pub jaeger_compact_port: OptionalPort,

    /// UDP port of Jaeger's agent for binary Thrift, or `off`
    #[arg(long, value_name = "PORT", env = "JQS_JAEGER_BINARY_PORT", default_value = "6832")]
    pub jaeger_binary_port: OptionalPort,

    /// UDP port of Jaeger's agent for Zipkin's compact Thrift, or `off`
    #[arg(long, value_name = "PORT", env = "JQS_ZIPKIN_COMPACT_PORT", default_value = "5775")]
    pub zipkin_compact_port: OptionalPort,

    /// Port of Zipkin's HTTP API for spans, or `off`
    #[arg(long, value_name = "PORT", env = "JQS_ZIPKIN_PORT", default_value = "9411")]
    pub zipkin_port: OptionalPort,

    /// Port that tells clients over HTTP what to sample (`/sampling?service=…`), or `off`
    #[arg(long, value_name = "PORT", env = "JQS_SAMPLING_HTTP_PORT", default_value = "5778")]
    pub sampling_http_port: OptionalPort,

    /// Port that tells clients over gRPC what to sample, or `off`
    #[arg(long, value_name = "PORT", env = "JQS_SAMPLING_GRPC_PORT", default_value = "5779")]
    pub sampling_grpc_port: OptionalPort,

    /// What clients are told to sample: JSON of Jaeger's form, read again when it changes [default: everything with all-in-one,
    /// one trace in a thousand otherwise]
    #[arg(long = "sampling-strategies-file", value_name = "FILE", env = "SAMPLING_STRATEGIES_FILE")]
    pub strategies_file: Option<PathBuf>,
}
