//! `jqs up`: the whole backend on this machine, until Ctrl-C.

use jqs_cfn::{Error, ErrorKind, Result};
use jqs_collector::{
    server::{Purpose, Server},
    settings::{Role, Settings, StorageKind},
    shutdown,
};
use serde::Serialize;

use crate::{cli::UpArgs, context::Context, demo, exit::Exit};

/// Where everything is, for `--json`.
#[derive(Serialize)]
struct Ready {
    page: Option<String>,
    query_grpc: Option<String>,
    otlp_grpc: Option<String>,
    otlp_http: Option<String>,
    jaeger_grpc: Option<String>,
    jaeger_http: Option<String>,
    jaeger_compact: Option<String>,
    jaeger_binary: Option<String>,
    zipkin_compact: Option<String>,
    zipkin: Option<String>,
    sampling_http: Option<String>,
    sampling_grpc: Option<String>,
    health: Option<String>,
    admin: Option<String>,
    metrics: Option<String>,
}

pub(crate) async fn up(context: &Context, arguments: UpArgs) -> Result<Exit> {
    let settings = Settings::new(Role::AllInOne, arguments.serve)
        .map_err(|error| Error::new(ErrorKind::Usage, error.to_string()))?;
    let storage = match settings.args.storage {
        StorageKind::Memory => format!("traces in memory (up to {})", settings.args.memory_max_bytes),
        StorageKind::Opensearch => "traces in OpenSearch".to_string(),
    };
    let base_path = settings.base_path.clone();
    let server = Server::bind(settings).await.map_err(|error| failed("cannot start", error))?;
    if arguments.demo && server.is_secured(Purpose::OtlpHttp) {
        return Err(Error::new(ErrorKind::Usage, "the demo sends without TLS: leave out `--demo` or `--tls-cert`"));
    }
    let url = |purpose, path: &str| {
        let scheme = if server.is_secured(purpose) { "https" } else { "http" };
        server.address(purpose).map(|address| format!("{scheme}://{address}{path}"))
    };
    let udp = |purpose| server.address(purpose).map(|address| format!("udp://{address}"));
    let ready = Ready {
        page: url(Purpose::Query, &base_path),
        query_grpc: url(Purpose::QueryGrpc, ""),
        otlp_grpc: url(Purpose::OtlpGrpc, ""),
        otlp_http: url(Purpose::OtlpHttp, ""),
        jaeger_grpc: url(Purpose::JaegerGrpc, ""),
        jaeger_http: url(Purpose::JaegerHttp, "/api/traces"),
        jaeger_compact: udp(Purpose::JaegerCompact),
        jaeger_binary: udp(Purpose::JaegerBinary),
        zipkin_compact: udp(Purpose::ZipkinCompact),
        zipkin: url(Purpose::Zipkin, "/api/v2/spans"),
        sampling_http: url(Purpose::SamplingHttp, "/sampling"),
        sampling_grpc: url(Purpose::SamplingGrpc, ""),
        health: url(Purpose::Health, "/status"),
        admin: url(Purpose::Admin, "/"),
        metrics: url(Purpose::Metrics, "/metrics"),
    };
    let otlp_http = server.address(Purpose::OtlpHttp);
    let serving = tokio::spawn(server.run(shutdown::requested()));
    let demo = match otlp_http.filter(|_| arguments.demo) {
        Some(address) => {
            let demo = demo::fill(address).await.map_err(|error| failed("the demo cannot send its traces", error))?;
            Some(tokio::spawn(demo.keep_going()))
        }
        None => None,
    };
    announce(context, &storage, &ready, demo.is_some());
    let ended = serving.await;
    if let Some(demo) = demo {
        demo.abort();
    }
    match ended {
        Ok(Ok(())) => Ok(Exit::Done),
        Ok(Err(error)) => Err(failed("the server did not end well", error)),
        Err(error) => Err(failed("the server broke", error)),
    }
}

fn announce(context: &Context, storage: &str, ready: &Ready, demo: bool) {
    let printer = &context.printer;
    if printer.is_json() {
        printer.record("ready", ready);
        return;
    }
    printer.note(&format!("jqs {}: all-in-one, {storage}\n", env!("CARGO_PKG_VERSION")));
    let rows: [(&str, &[&Option<String>]); 9] = [
        ("Page", &[&ready.page]),
        ("Queries", &[&ready.query_grpc]),
        ("OTLP gRPC", &[&ready.otlp_grpc]),
        ("OTLP HTTP", &[&ready.otlp_http]),
        ("Jaeger", &[&ready.jaeger_grpc, &ready.jaeger_http, &ready.jaeger_compact, &ready.jaeger_binary]),
        ("Zipkin", &[&ready.zipkin, &ready.zipkin_compact]),
        ("Sampling", &[&ready.sampling_http, &ready.sampling_grpc]),
        ("Health", &[&ready.health]),
        ("Metrics", &[&ready.metrics]),
    ];
    for (name, urls) in rows {
        let urls: Vec<&str> = urls.iter().filter_map(|url| url.as_deref()).collect();
        if !urls.is_empty() {
            printer.note(&format!("  {name:<9}  {}", urls.join("  ")));
        }
    }
    if demo {
        printer.note("\nA made-up shop sends traces, so that there is something to see.");
    }
    printer.note("\nCtrl-C stops it.");
}

fn failed(what: &str, error: impl Into<anyhow::Error>) -> Error {
    Error::new(ErrorKind::Io, format!("{what}: {:#}", error.into()))
}
