"""The ports that operators and orchestrators ask: health, the admin port of Jaeger 1.x, Prometheus' metrics."""

import re
from datetime import UTC, datetime

import otlp
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from server import http

COUNTERS = {
    "otelcol_receiver_accepted_spans": "counter",
    "otelcol_receiver_refused_spans": "counter",
    "jqs_receiver_refused_requests": "counter",
    "jqs_receiver_in_flight_bytes": "gauge",
    "jqs_storage_memory_bytes": "gauge",
    "jqs_storage_memory_spans": "gauge",
    "jqs_storage_memory_traces": "gauge",
}


def test_health_has_the_shape_of_jaeger_2(server):
    answer = http.get(f"{server.health_url}/status")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"start_time", "healthy", "status", "status_time"}
    assert (body["healthy"], body["status"]) == (True, "StatusOK")
    started, now = (datetime.fromisoformat(body[key]) for key in ("start_time", "status_time"))
    assert started < now <= datetime.now(UTC)


def test_an_export_of_no_spans_is_acknowledged(server):
    """So the templates let an application load balancer check a gRPC target, which it asks by gRPC alone."""
    assert otlp.export_bytes(server, b"") == ExportTraceServiceResponse()


def test_admin_has_the_shape_of_jaeger_1(server):
    answer = http.get(f"{server.admin_url}/")
    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() == {"status", "upSince", "uptime"}
    assert body["status"] == "Server available"
    assert datetime.fromisoformat(body["upSince"]) < datetime.now(UTC)
    assert re.fullmatch(r"[\d.hm]+s", body["uptime"])


def test_metrics_are_named_described_and_the_same_on_both_ports(server):
    for url in (server.metrics_url, server.admin_url):
        answer = http.get(f"{url}/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", answer.text, re.MULTILINE))
        assert COUNTERS.items() <= kinds.items()
        described = set(re.findall(r"^# HELP (\w+) \S", answer.text, re.MULTILINE))
        assert COUNTERS.keys() <= described


def test_accepted_spans_are_counted_by_transport(server):
    def accepted(transport):
        return server.metric("otelcol_receiver_accepted_spans", receiver="otlp", transport=transport)

    http, grpc = accepted("http"), accepted("grpc")
    assert otlp.post(server, otlp.request(spans=3).SerializeToString()).status_code == 200
    otlp.export(server, otlp.request(spans=5))
    assert (accepted("http") - http, accepted("grpc") - grpc) == (3, 5)


def test_health_command_asks_the_server(server, collector):
    port = server.health_url.rsplit(":", 1)[1]
    assert collector("health", "--health-port", port) == (0, "")
    code, error = collector("health", "--health-port", server.metrics_url.rsplit(":", 1)[1])
    assert code == 1
    assert "is not healthy: HTTP/1.1 404" in error


def test_questions_to_the_storage_are_counted_and_timed_as_jaeger_does(server):
    labels = {"operation": "get_services", "result": "ok"}
    assert http.get(f"{server.query_url}/api/services").status_code == 200
    names = ("jaeger_storage_requests_total", "jaeger_storage_latency_seconds_count")
    before = [server.metric(name, **labels) for name in names]
    assert http.get(f"{server.query_url}/api/services").status_code == 200
    assert [server.metric(name, **labels) for name in names] == [count + 1 for count in before]
    assert server.metric("jaeger_storage_latency_seconds_bucket", le="30", **labels) == before[1] + 1
