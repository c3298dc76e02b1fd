//! What the server says of itself: logs on stderr, metrics in Prometheus' format.

use std::{io::IsTerminal as _, sync::OnceLock};

use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, Registry, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _};

use crate::settings::LogFormat;

/// From what memory answers in to what a dashboard gives up at.
const STORAGE_LATENCY_BUCKETS_SECONDS: [f64; 11] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// The process's metrics. The first call installs the recorder; one process has one.
pub fn metrics() -> &'static PrometheusHandle {
    METRICS.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(
            Matcher::Full("jaeger_storage_latency_seconds".into()),
            &STORAGE_LATENCY_BUCKETS_SECONDS,
        );
        // Fails only without buckets.
        let recorder = builder.unwrap_or_default().build_recorder();
        let handle = recorder.handle();
        // Fails only when the program that embeds us has a recorder of its own; then that one has our metrics.
        let _ = ::metrics::set_global_recorder(recorder);
        describe();
        handle
    })
}

fn describe() {
    use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("jaeger_storage_requests_total", "Questions to the storage");
    describe_histogram!("jaeger_storage_latency_seconds", Unit::Seconds, "How long the storage took to answer");
    describe_counter!("otelcol_receiver_accepted_spans", "Spans that the storage has");
    describe_counter!("otelcol_receiver_refused_spans", "Spans that were turned away");
    describe_counter!("jqs_receiver_refused_requests", "Requests turned away before their spans were counted");
    describe_gauge!("jqs_receiver_in_flight_bytes", "What the requests in flight hold");
    describe_gauge!("jqs_storage_memory_bytes", "What the stored traces take");
    describe_gauge!("jqs_storage_memory_spans", "Stored spans");
    describe_gauge!("jqs_storage_memory_traces", "Stored traces");
    describe_counter!("jqs_storage_memory_evicted_traces", "Traces that made room for newer ones");
    // A dashboard wants to see a zero, not nothing.
    for (receiver, transport) in [
        ("otlp", "grpc"),
        ("otlp", "http"),
        ("jaeger", "grpc"),
        ("jaeger", "thrift_http"),
        ("jaeger", "udp_thrift_binary"),
        ("jaeger", "udp_thrift_compact"),
        ("zipkin", "http"),
    ] {
        for name in
            ["otelcol_receiver_accepted_spans", "otelcol_receiver_refused_spans", "jqs_receiver_refused_requests"]
        {
            counter!(name, "receiver" => receiver, "transport" => transport).increment(0);
        }
    }
}

pub fn set_in_flight(bytes: usize) {
    gauge!("jqs_receiver_in_flight_bytes").set(bytes as f64);
}

pub fn set_memory_usage(usage: crate::storage::memory::MemoryUsage) {
    gauge!("jqs_storage_memory_bytes").set(usage.bytes as f64);
    gauge!("jqs_storage_memory_spans").set(usage.spans as f64);
    gauge!("jqs_storage_memory_traces").set(usage.traces as f64);
    counter!("jqs_storage_memory_evicted_traces").absolute(usage.evicted_traces);
}

/// Logs go to stderr, so that stdout stays data: as lines on a terminal, as JSON elsewhere. `RUST_LOG` chooses what is said.
pub fn init_logs(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    init_filtered_logs(filter, None);
}

/// The filter of what is logged, which can be changed while the process runs.
#[derive(Clone)]
pub struct LogLevel(reload::Handle<EnvFilter, Registry>);

impl LogLevel {
    /// False if the logs are no longer ours.
    pub fn set(&self, filter: EnvFilter) -> bool {
        self.0.reload(filter).is_ok()
    }
}

/// As [`init_logs`], with everything said; `None`: by whether stderr is a terminal.
pub fn init_filtered_logs(filter: EnvFilter, format: Option<LogFormat>) -> LogLevel {
    let (filter, handle) = reload::Layer::new(filter);
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let detected = if std::io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json };
    let registry = tracing_subscriber::registry().with(filter);
    // A second call, as tests make it, changes nothing.
    let _ = match format.unwrap_or(detected) {
        LogFormat::Text => registry.with(logs.with_target(false)).try_init(),
        LogFormat::Json => registry.with(logs.json()).try_init(),
    };
    LogLevel(handle)
}
