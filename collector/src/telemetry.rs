//! What the server says of itself: logs on stderr, metrics in Prometheus' format.

use std::sync::OnceLock;

use metrics::{counter, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// The process's metrics. The first call installs the recorder; one process has one.
pub fn metrics() -> &'static PrometheusHandle {
    METRICS.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // Fails only when the program that embeds us has a recorder of its own; then that one has our metrics.
        let _ = ::metrics::set_global_recorder(recorder);
        describe();
        handle
    })
}

fn describe() {
    use ::metrics::{describe_counter, describe_gauge};
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

/// Logs go to stderr, so that stdout stays data. `RUST_LOG` chooses what is said.
pub fn init_logs(default: &str) {
    use std::io::IsTerminal as _;
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A second call, as tests make it, changes nothing.
    let _ = if std::io::stderr().is_terminal() { logs.try_init() } else { logs.json().try_init() };
}
