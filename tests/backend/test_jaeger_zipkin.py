"""Clients of Jaeger and Zipkin, in Python and Node, send to ours by every way in that they have; both APIs show what was sent."""

import json
import os
import socket
import struct
import subprocess
import time
from pathlib import Path

import grpc
import pytest
from server import http

HERE = Path(__file__).parent
SEND_SECONDS_MAX = 60
SHOWN_SECONDS_MAX = 10

# Client, and what the log calls the port that it sends to.
PYTHON = {
    "jaeger-udp": "Jaeger compact Thrift over UDP",
    "jaeger-thrift-http": "Jaeger Thrift over HTTP",
    "jaeger-grpc": "Jaeger gRPC",
    "zipkin-json-v1": "Zipkin",
    "zipkin-json-v2": "Zipkin",
    "zipkin-protobuf": "Zipkin",
}
NODE = {
    "jaeger-udp": "Jaeger binary Thrift over UDP",
    "jaeger-thrift-http": "Jaeger Thrift over HTTP",
    "zipkin": "Zipkin",
    "remote-sampler": "Zipkin",
    "jaeger-client": "Jaeger binary Thrift over UDP",
}


def send(command, **environment):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=SEND_SECONDS_MAX, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def python(script, *arguments):
    return send([os.environ["JQS_CLIENTS_PYTHON"], HERE / "python-clients" / script, *arguments])


def node(*arguments):
    return send(["node", HERE / "node-clients" / "send.js", *arguments], NODE_PATH=os.environ["JQS_CLIENTS_NODE_PATH"])


def shown(server, sent):
    """The spans of the trace by name, once they are there: UDP says nothing."""
    deadline = time.monotonic() + SHOWN_SECONDS_MAX
    while time.monotonic() < deadline:
        answer = http.get(f"{server.query_url}/api/traces/{sent['trace_id']}", params={"raw": "true"})
        if answer.status_code == 200 and len(answer.json()["data"][0]["spans"]) == len(sent["spans"]):
            [trace] = answer.json()["data"]
            return {span["operationName"]: span | {"process": trace["processes"][span["processID"]]} for span in trace["spans"]}
        time.sleep(0.05)
    raise AssertionError(f"{sent} is not shown: {answer.text}\n{server.log()}")


def tags(span):
    return {tag["key"]: tag["value"] for tag in span["tags"]}


def fields(span):
    return [{field["key"]: field["value"] for field in log["fields"]} for log in span["logs"]]


@pytest.mark.parametrize("client", PYTHON)
def test_python(server, client):
    sent = python("send.py", client, server.address(PYTHON[client]))
    spans = shown(server, sent)
    is_zipkin = client.startswith("zipkin")
    for original in sent["spans"]:
        span = spans[original["name"]]
        assert span["spanID"] == original["span_id"]
        # The exporter for gRPC reckons times as floating point, and loses some hundred nanoseconds.
        slack = 1 if client == "jaeger-grpc" else 0
        assert abs(span["startTime"] - original["start_us"]) <= slack
        assert abs(span["duration"] - original["duration_us"]) <= slack
        assert span["process"]["serviceName"] == sent["service"]
        parents = [reference["spanID"] for reference in span["references"] if reference["refType"] == "CHILD_OF"]
        assert parents == [original["parent_id"]] * bool(original["parent_id"])
        # Zipkin has no links, and all of its values are texts.
        links = [reference["spanID"] for reference in span["references"] if reference["refType"] == "FOLLOWS_FROM"]
        assert links == ([] if is_zipkin else original["links"])
        found = tags(span)
        # The exporter does not say the kind in Zipkin's first version.
        assert found.get("span.kind") == (None if client == "zipkin-json-v1" else original["kind"])
        assert found["otel.scope.name"] == "made-up.instrumentation"
        for key, value in original["tags"].items():
            assert found[key] == (as_text(value) if is_zipkin else as_json(value)), key
    call = tags(spans["call"])
    assert (call["error"], call["otel.status_code"], call["otel.status_description"]) == (True, "ERROR", "timed out")
    [event] = fields(spans["call"])
    assert "retry" in json.dumps(event) and "2" in json.dumps(event)
    assert server.metric("otelcol_receiver_accepted_spans", receiver=client.split("-")[0]) > 0
    assert traces_with_error(server, sent["service"]) == [sent["trace_id"]]


def as_json(value):
    """Integers beyond what JavaScript holds are texts."""
    return str(value) if isinstance(value, int) and abs(value) >= 2**53 else value


def as_text(value):
    return json.dumps(value) if isinstance(value, bool) else str(value)


def traces_with_error(server, service):
    params = {"service": service, "tags": json.dumps({"error": "true"}), "operation": "call"}
    return [trace["traceID"] for trace in http.get(f"{server.query_url}/api/traces", params=params).json()["data"]]


@pytest.mark.parametrize("client", NODE)
def test_node(server, client):
    sent = node(client, server.address(NODE[client]), server.address("sampling over HTTP"))
    spans = shown(server, sent)
    assert {name: span["spanID"] for name, span in spans.items()} == {span["name"]: span["span_id"].zfill(16) for span in sent["spans"]}
    assert spans["serve"]["references"] == []
    [parent] = spans["call"]["references"]
    assert (parent["refType"], parent["spanID"]) == ("CHILD_OF", spans["serve"]["spanID"])
    assert tags(spans["serve"])["span.kind"] == "server"
    assert tags(spans["call"])["error"] is True
    [event] = fields(spans["call"])
    assert event["event"] == "retry"


def test_jaegers_own_python_client_is_told_what_to_sample(server):
    port = lambda name: server.address(name).rsplit(":", 1)[1]
    sent = python("jaeger_client_send.py", "python-jaeger-client", port("Jaeger compact Thrift over UDP"), port("sampling over HTTP"))
    spans = shown(server, sent)
    serve = tags(spans["serve"])
    assert (serve["answer"], serve["sampler.type"], serve["sampler.param"]) == (42, "probabilistic", 1)
    assert tags(spans["call"])["error"] is True
    assert fields(spans["call"]) == [{"event": "retry", "attempt": 2}]
    process = {tag["key"]: tag["value"] for tag in spans["serve"]["process"]["tags"]}
    assert process["jaeger.version"].startswith("Python-")


def test_strategies_come_from_a_file_that_is_read_again_when_it_changes(start, tmp_path):
    file = tmp_path / "strategies.json"
    operations = [{"operation": "/health", "type": "probabilistic", "param": 0.0}]
    default = {"type": "probabilistic", "param": 0.5, "operation_strategies": operations}
    file.write_text(json.dumps({"service_strategies": [{"service": "bank", "type": "ratelimiting", "param": 5}, {"service": "shop", "type": "probabilistic", "param": 0.25}], "default_strategy": default}))
    server = start("--sampling-strategies-file", file)
    url = f"http://{server.address('sampling over HTTP')}"
    per_operation = {
        "defaultSamplingProbability": 0.5,
        "defaultLowerBoundTracesPerSecond": 0.0,
        "defaultUpperBoundTracesPerSecond": 0.0,
        "perOperationStrategies": [{"operation": "/health", "probabilisticSampling": {"samplingRate": 0.0}}],
    }
    of_cart = {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0.5}, "operationSampling": per_operation}
    collector = f"http://{server.address('Jaeger Thrift over HTTP')}"
    for address in (f"{url}/sampling", f"{url}/", f"{url}/api/sampling", f"{collector}/api/sampling"):
        assert http.get(address, params={"service": "cart"}).json() == of_cart
    bank = http.get(f"{url}/sampling?service=bank").json()
    assert (bank["strategyType"], bank["rateLimitingSampling"]) == ("RATE_LIMITING", {"maxTracesPerSecond": 5})
    shop = http.get(f"{url}/sampling?service=shop").json()
    assert shop["probabilisticSampling"] == {"samplingRate": 0.25}
    for query in ("", "?service=", "?service=a&service=b"):
        answer = http.get(f"{url}/sampling{query}")
        assert (answer.status_code, answer.text.strip()) == (400, "'service' parameter must be provided once")

    file.write_text("{")
    wait_until(lambda: "the sampling strategies stay as they were" in server.log())
    assert http.get(f"{url}/sampling?service=cart").json() == of_cart
    file.write_text(json.dumps({"default_strategy": {"type": "probabilistic", "param": 1}}))
    whole = {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 1.0}}
    wait_until(lambda: http.get(f"{url}/sampling?service=bank").json() == whole)


def wait_until(holds):
    deadline = time.monotonic() + SHOWN_SECONDS_MAX
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_file_of_strategies_that_is_broken_keeps_the_server_from_starting(collector, tmp_path):
    file = tmp_path / "strategies.json"
    file.write_text('{"default_strategy": {"type": "probabilistic", "param": 80}}')
    code, said = collector("all-in-one", "--sampling-strategies-file", str(file))
    assert code == 1
    assert "the default strategy has the `param` 80; a rate is from 0 to 1" in said


def test_ports_can_be_off(start):
    flags = ["--jaeger-grpc-port", "--jaeger-http-port", "--jaeger-compact-port", "--jaeger-binary-port", "--zipkin-compact-port"]
    flags += ["--zipkin-port", "--sampling-http-port", "--sampling-grpc-port"]
    server = start(*(argument for flag in flags for argument in (flag, "off")))
    assert "Jaeger" not in server.log() and "Zipkin" not in server.log()


def test_strategies_are_told_over_grpc(start, tmp_path):
    file = tmp_path / "strategies.json"
    file.write_text(json.dumps({"service_strategies": [{"service": "shop", "type": "probabilistic", "param": 0.25}]}))
    server = start("--sampling-strategies-file", file)
    for port in ("sampling over gRPC", "Jaeger gRPC"):
        with grpc.insecure_channel(server.address(port)) as channel:
            ask = channel.unary_unary("/jaeger.api_v2.SamplingManager/GetSamplingStrategy")
            # The service's name is field 1; the answer has the rate, a double, as field 1 of its field 2.
            assert ask(b"\x0a\x04shop", timeout=10) == b"\x12\x09\x09" + struct.pack("<d", 0.25)
            with pytest.raises(grpc.RpcError) as refused:
                ask(b"\x0a\x09shop", timeout=10)
            assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_request_that_is_to_be_debugged_makes_debug_spans(server):
    body = b'[{"traceId":"deb","id":"1","localEndpoint":{"serviceName":"debugged"}}]'
    assert post(server, "Zipkin", "/", body, content_type="application/json", x_b3_flags="1").status_code == 202
    [trace] = http.get(f"{server.query_url}/api/traces/deb").json()["data"]
    assert tags(trace["spans"][0])["jaeger.debug"] is True


def post(server, port, path, body, **headers):
    return http.post(f"http://{server.address(port)}{path}", content=body, headers={key.replace("_", "-"): value for key, value in headers.items()})


# Way in, path, content type, body, status and a part of the answer.
REFUSED = [
    ("Jaeger Thrift over HTTP", "/api/traces", "text/plain", b"", 400, "Unsupported content type"),
    ("Jaeger Thrift over HTTP", "/api/traces", "application/x-thrift", b"", 400, "ends in the middle"),
    ("Jaeger Thrift over HTTP", "/api/traces", "application/x-thrift", b"\x00", 400, "`process` is missing"),
    ("Jaeger Thrift over HTTP", "/api/traces", "application/x-thrift", b"\x0f\x00\x02\x0c\x7f\xff\xff\xff", 400, "length"),
    ("Jaeger Thrift over HTTP", "/api/traces", "application/x-thrift", b"\x0c\x00\x05" * 1000, 400, "nested deeper"),
    ("Zipkin", "/api/v2/spans", "application/json", b"{}", 400, "a list of spans"),
    ("Zipkin", "/api/v2/spans", "application/json", b'[{"traceId":"x","id":"1"}]', 400, "`traceId` is no id"),
    ("Zipkin", "/api/v2/spans", "application/x-protobuf", b"\x0a\x7f", 400, "ends in the middle"),
    ("Zipkin", "/api/v2/spans", "application/x-thrift", b"\x0c", 415, "unsupported media type"),
    ("Zipkin", "/api/v1/spans", "application/x-protobuf", b"", 415, "unsupported media type"),
]


@pytest.mark.parametrize(("port", "path", "content_type", "body", "status", "told"), REFUSED)
def test_what_is_refused_says_why(server, port, path, content_type, body, status, told):
    answer = post(server, port, path, body, content_type=content_type)
    assert (answer.status_code, answer.text.count("\n")) == (status, 1), answer.text
    assert told in answer.text


@pytest.mark.parametrize("port", ["Jaeger Thrift over HTTP", "Zipkin", "OTLP HTTP"])
def test_an_unknown_encoding_is_refused(server, port):
    path = {"Zipkin": "/api/v2/spans", "OTLP HTTP": "/v1/traces"}.get(port, "/api/traces")
    kind = {"Zipkin": "application/json", "OTLP HTTP": "application/json"}.get(port, "application/x-thrift")
    answer = post(server, port, path, b"x", content_type=kind, content_encoding="br")
    assert answer.status_code == 415
    assert "`Content-Encoding: br` is not supported" in answer.text


def test_garbage_on_udp_is_counted_and_hurts_nobody(server):
    for name, transport in (("Jaeger compact Thrift over UDP", "udp_thrift_compact"), ("Jaeger binary Thrift over UDP", "udp_thrift_binary")):
        host, port = server.address(name).rsplit(":", 1)
        before = server.metric("jqs_receiver_refused_requests", transport=transport)
        packets = [b"", b"\x00", b"\xff" * 60_000, b"\x82\x21\x00\x09emitBatch\x1c" * 100, os.urandom(1_000)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for packet in packets:
                sender.sendto(packet, (host, int(port)))
        wait_until(lambda: server.metric("jqs_receiver_refused_requests", transport=transport) == before + len(packets))
    assert server.is_running()


def preflight(server, origin):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-key"}
    return http.options(server.traces_url, headers=headers)


def test_a_page_may_send_if_its_origin_is_named(start):
    server = start("--otlp-http-cors-origins", "https://shop.example,http://localhost:3000")
    answer = preflight(server, "https://shop.example")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-allow-headers"] == "content-type,x-key"
    assert "access-control-allow-origin" not in preflight(server, "https://other.example").headers
    sent = http.post(server.traces_url, json={}, headers={"Origin": "http://localhost:3000"})
    assert (sent.status_code, sent.headers["access-control-allow-origin"]) == (200, "http://localhost:3000")


def test_without_a_word_no_page_may_send(server):
    answer = preflight(server, "https://shop.example")
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


def test_an_origin_that_is_none_is_named(collector):
    code, said = collector("all-in-one", "--otlp-http-port", "0", "--otlp-grpc-port", "0", "--otlp-http-cors-origins", "shop.example")
    assert code == 1
    assert "`shop.example` is no origin" in said
