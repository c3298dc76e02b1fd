"""What the receivers say to requests that cannot be taken."""

import gzip
import json

import grpc
import otlp
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from server import http

VALID = otlp.request(spans=2).SerializeToString()
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT.value[0]
GZIP = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (b"\xff\xff\xff", {}, "not an OTLP ExportTraceServiceRequest"),
        (VALID[:-1], {}, "not an OTLP ExportTraceServiceRequest"),
        (b"\x0a\xff\x01x", {}, "ends in the middle of a field"),
        (b"no gzip at all", GZIP, "not valid gzip"),
        (gzip.compress(VALID)[:-9], GZIP, "not valid gzip"),
        (gzip.compress(b"\xff\xff\xff"), GZIP, "not an OTLP ExportTraceServiceRequest"),
    ],
    ids=["random", "cut off", "string too short", "no gzip", "gzip cut off", "random in gzip"],
)
def test_malformed_protobuf_is_a_status_in_protobuf(server, body, headers, words):
    answer = otlp.post(server, body, **headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert "retry-after" not in answer.headers
    status = Status.FromString(answer.content)
    assert status.code == INVALID_ARGUMENT
    assert words in status.message


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff", b'{"resourceSpans": 7}', b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":{}}]}]}]}'],
    ids=["empty", "cut off", "a list", "not UTF-8", "wrong type", "wrong type inside"],
)
def test_malformed_json_is_a_status_in_json(server, body):
    answer = otlp.post(server, body, otlp.JSON)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    status = answer.json()
    assert status["code"] == INVALID_ARGUMENT
    assert status["message"].startswith("the body is not OTLP JSON: ")


def test_malformed_grpc_message(server):
    with pytest.raises(grpc.RpcError) as error:
        otlp.export_bytes(server, b"\xff\xff\xff")
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "not an OTLP ExportTraceServiceRequest" in error.value.details()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_is_allowed(server, method):
    answer = http.request(method, server.traces_url)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/grpc"}])
def test_other_content_types_are_refused(server, headers):
    answer = http.post(server.traces_url, content=VALID, headers=headers)
    assert answer.status_code == 415
    assert "application/x-protobuf" in answer.text


def test_other_content_encodings_are_refused(server):
    answer = otlp.post(server, VALID, **{"Content-Encoding": "br"})
    assert answer.status_code == 415
    assert Status.FromString(answer.content).message.startswith("`Content-Encoding: br` is not supported")


def test_unknown_paths_are_not_found(server):
    assert http.post(f"http://{server.otlp_http}/v1/metrics", content=b"").status_code == 404


@pytest.mark.parametrize("field", ["trace_id", "span_id"])
@pytest.mark.parametrize("length", [1, 7, 9, 15, 17])
def test_ids_of_the_wrong_length_are_refused(server, field, length):
    body = otlp.request(**{field: b"x" * length}).SerializeToString()
    answer = otlp.post(server, body)
    assert answer.status_code == 400
    assert f"a span's `{field}` has {length} bytes; it must have" in Status.FromString(answer.content).message


def test_spans_with_zero_ids_are_left_out_and_counted(server):
    message = otlp.request(spans=3)
    spans = message.resource_spans[0].scope_spans[0].spans
    spans[0].trace_id = bytes(16)
    spans[1].span_id = b""
    accepted = server.metric("otelcol_receiver_accepted_spans")
    refused = server.metric("otelcol_receiver_refused_spans")
    over_http = ExportTraceServiceResponse.FromString(otlp.post(server, message.SerializeToString()).content)
    over_grpc = otlp.export(server, message)
    for response in (over_http, over_grpc):
        assert response.partial_success.rejected_spans == 2
        assert "all-zero trace or span id" in response.partial_success.error_message
    assert server.metric("otelcol_receiver_accepted_spans") - accepted == 2
    assert server.metric("otelcol_receiver_refused_spans") - refused == 4


def test_what_was_taken_whole_has_no_partial_success(server):
    assert not otlp.export(server, otlp.request()).HasField("partial_success")
    assert otlp.post(server, b"").content == b""
    answer = otlp.post(server, json.dumps({"resourceSpans": []}).encode(), otlp.JSON)
    assert (answer.status_code, answer.json()) == (200, {"partialSuccess": {}})
