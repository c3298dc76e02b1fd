"""What strangers may send, and what they get: the table of docs/receivers.md, row by row."""

import gzip
import json
import os
import re
import socket
import time
import zlib
from pathlib import Path

import grpc
import otlp
import pytest
from server import http
from slow_sender import wait_until

STALL_SECONDS = 2
CONNECTIONS_MAX = 400
REQUEST_MAX_BYTES = 2 << 20
SERVER_FLAGS = [
    "--client-stall-seconds", STALL_SECONDS,
    "--max-connections", CONNECTIONS_MAX,
    "--request-max-bytes", REQUEST_MAX_BYTES,
]  # fmt: skip
DOCS = Path(__file__).parents[2] / "docs" / "receivers.md"
ROWS = {}
ATTEMPTS = int(os.environ.get("JQS_CONNECTION_ATTEMPTS", 5_000))
# What a bomb or a flood may add to the process for as long as it lasts.
RESIDENT_BYTES_MAX = 64 << 20


def row(name):
    """The test of one row of the table; it is given the server, and returns what the table has to say."""

    def note(test):
        ROWS[name] = test
        return test

    return note


def documented():
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", DOCS.read_text().split("## What strangers send")[1], re.M)
    return dict(rows[1:])


def span(**fields):
    message = otlp.request()
    one = message.resource_spans[0].scope_spans[0].spans[0]
    for name, value in fields.items():
        setattr(one, name, value)
    return message


def shown(server, message):
    """The first trace as the query API shows it."""
    answer = http.get(f"{server.query_url}/api/traces/{otlp.first_trace_id(message)}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"][0]


def status(server, body, headers=otlp.PROTOBUF, **more):
    return str(otlp.post(server, body, headers, **more).status_code)


def warnings(trace):
    return sorted({warning for one in trace["spans"] for warning in one["warnings"] or []})


def connect(address):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=30)


def ending(connection):
    """What is read until the server ends the connection, and whether that took about as long as it is patient."""
    began, read = time.monotonic(), b""
    try:
        while part := connection.recv(65536):
            read += part
    except ConnectionResetError:
        pass
    seconds = time.monotonic() - began
    assert STALL_SECONDS * 0.5 < seconds < STALL_SECONDS * 5, f"{seconds} s, {read[:200]}"
    return read


@row("a bomb in gzip, zlib or zstd")
def bombs(server):
    zeros = bytes(256 << 20)
    bombs = {
        "gzip": gzip.compress(zeros, 6),
        "deflate": zlib.compress(zeros, 6),
        "zstd": zstd_of_zeros(len(zeros)),
    }
    answers = {status(server, bomb, **{"Content-Encoding": name}) for name, bomb in bombs.items()}
    (answer,) = answers
    return answer


def zstd_of_zeros(length):
    """A frame with a window of 1 MiB, of blocks that repeat one byte (RFC 8878, sections 3.1.1.1 and 3.1.1.2)."""
    block = 128 << 10
    blocks = [(block << 3 | 1 << 1 | (start + block >= length)).to_bytes(3, "little") for start in range(0, length, block)]
    return b"\x28\xb5\x2f\xfd\x00\x50" + b"".join(header + b"\x00" for header in blocks)


@row("snappy that announces 4 GiB")
def snappy(server):
    return status(server, b"\xff\xff\xff\xff\x0f" + b"\x00" * 20, **{"Content-Encoding": "snappy"})


@row("a connection on which nothing comes")
def silence(server):
    for address in [server.otlp_http, server.otlp_grpc]:
        with connect(address) as connection:
            assert ending(connection) == b""
    return "closed"


@row("half of what an HTTP/2 client begins with")
def half_preface(server):
    for address in [server.otlp_http, server.otlp_grpc]:
        with connect(address) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n")
            assert ending(connection) == b""
    return "closed"


@row("a head that comes byte by byte")
def slow_head(server):
    with connect(server.otlp_http) as connection:
        began = time.monotonic()
        connection.sendall(b"POST /v1/traces HTTP/1.1\r\n")
        try:
            while time.monotonic() < began + STALL_SECONDS * 5:
                connection.sendall(b"x")
                time.sleep(0.1)
        except (BrokenPipeError, ConnectionResetError):
            return "closed"
    return "waited for"


@row("a body that stops in the middle, over HTTP")
def stalled_body(server):
    with connect(server.otlp_http) as connection:
        head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head + bytes(100))
        return ending(connection).split(b" ", 2)[1].decode()


@row("a body that stops in the middle, over gRPC")
def stalled_message(server):
    def messages():
        time.sleep(STALL_SECONDS * 3)
        yield otlp.request().SerializeToString()

    with grpc.insecure_channel(server.otlp_grpc) as channel:
        method = channel.stream_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as error:
            method(messages(), timeout=20)
    return f"`{error.value.code().name}`"


@row("an answer that is not read")
def deaf(server):
    message = otlp.request(spans=2_000, attribute_bytes=500)
    for index, one in enumerate(message.resource_spans[0].scope_spans[0].spans):
        one.name = f"operation {index}"
    assert otlp.post(server, message.SerializeToString()).status_code == 200
    trace = otlp.first_trace_id(message)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, port = server.address("the query API and the page").rsplit(":", 1)
    connection.connect((host, int(port)))
    with connection:
        # Several answers, so that they fit into no buffer between here and there.
        connection.sendall(f"GET /api/traces/{trace} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 8)
        time.sleep(STALL_SECONDS * 2)
        connection.settimeout(10)
        read = 0
        try:
            while part := connection.recv(1 << 20):
                read += len(part)
        except ConnectionResetError:
            pass
        whole = len(http.get(f"{server.query_url}/api/traces/{trace}").content)
        assert read < whole * 8, "all of it was sent"
    return "closed"


@row("more connections than there are places")
def crowd(server):
    crowd = [connect(server.otlp_http) for _ in range(CONNECTIONS_MAX + 50)]
    try:
        # The silent ones give their places back.
        assert otlp.post(server, otlp.request().SerializeToString()).status_code == 200
    finally:
        for connection in crowd:
            connection.close()
    return "they wait for a place"


@row("connections that are reset as soon as they are made")
def attempts(server):
    descriptors = Path(f"/proc/{server.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    host, port = server.otlp_http.rsplit(":", 1)
    for index in range(ATTEMPTS):
        connection = socket.socket()
        # Reset at once, so that this side does not run out of ports.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.connect((host, int(port)))
        if index % 2:
            connection.sendall(b"POST /v1/traces HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
        connection.close()
    wait_until(lambda: len(list(descriptors.iterdir())) <= before + 5, "the descriptors are given back", 30)
    return "each is closed"


@row("texts of 200 KiB as name, key and value")
def huge_texts(server):
    text = "é" * (100 << 10)
    message = span(name=text)
    one = message.resource_spans[0].scope_spans[0].spans[0]
    attribute = one.attributes.add()
    attribute.key = attribute.value.string_value = text
    assert status(server, message.SerializeToString()) == "200"
    (kept,) = shown(server, message)["spans"]
    assert kept["operationName"] == text
    assert {"key": text, "type": "string", "value": text} in kept["tags"]
    return "kept"


@row("a span that ends before it starts")
def negative_duration(server):
    message = span(start_time_unix_nano=2_000_000, end_time_unix_nano=1_000_000)
    assert status(server, message.SerializeToString()) == "200"
    trace = shown(server, message)
    assert trace["spans"][0]["duration"] == 0
    assert any("before it started" in warning for warning in warnings(trace))
    return "kept, shown with a warning"


@row("times of 0 and of 2^64 - 1")
def times(server):
    for message in [
        span(start_time_unix_nano=0, end_time_unix_nano=0),
        span(start_time_unix_nano=0, end_time_unix_nano=2**64 - 1),
        span(start_time_unix_nano=2**64 - 1, end_time_unix_nano=2**64 - 1),
    ]:
        assert status(server, message.SerializeToString()) == "200"
        assert shown(server, message)
        answer = http.get(f"{server.query_url}/api/v3/traces/{otlp.first_trace_id(message)}")
        assert answer.status_code == 200
    return "kept"


@row("a negative time in JSON")
def negative_time(server):
    one = {"traceId": "1" * 32, "spanId": "1" * 16, "name": "x", "startTimeUnixNano": "-1"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}
    return status(server, json.dumps(body).encode(), otlp.JSON)


@row("a trace id or span id of zeros")
def zero_ids(server):
    for field in [{"trace_id": bytes(16)}, {"span_id": bytes(8)}]:
        answer = otlp.post(server, span(**field).SerializeToString())
        assert answer.status_code == 200
        result = otlp.ExportTraceServiceResponse.FromString(answer.content)
        assert result.partial_success.rejected_spans == 1
    return "left out, counted as rejected"


@row("ids of the wrong length")
def short_ids(server):
    (answer,) = {status(server, span(**f).SerializeToString()) for f in [{"trace_id": b"x"}, {"span_id": bytes(9)}]}
    return answer


@row("one span twice")
def twice(server):
    message = span()
    for _ in range(2):
        assert status(server, message.SerializeToString()) == "200"
    assert len(shown(server, message)["spans"]) == 1
    return "shown once"


@row("different spans with one id")
def duplicate_ids(server):
    message = otlp.request(spans=3, span_id=b"same-id!")
    assert status(server, message.SerializeToString()) == "200"
    trace = shown(server, message)
    assert len(trace["spans"]) == 3
    assert any("same id" in warning for warning in warnings(trace))
    return "kept, shown with a warning"


@row("a span that is its own parent, and parents in a circle")
def circles(server):
    message = otlp.request(spans=4)
    spans = message.resource_spans[0].scope_spans[0].spans
    spans[0].parent_span_id = spans[0].span_id
    for index in range(1, 4):
        spans[index].parent_span_id = spans[index % 3 + 1].span_id
    assert status(server, message.SerializeToString()) == "200"
    assert len(shown(server, message)["spans"]) == 4
    summary = http.get(f"{server.query_url}/api/dependencies", params={"endTs": int(time.time() * 1000) + 1000})
    assert summary.status_code == 200
    return "kept"


@row("a parent that does not exist")
def orphan(server):
    message = span(parent_span_id=b"nobody..")
    assert status(server, message.SerializeToString()) == "200"
    assert any("is not in the trace" in warning for warning in warnings(shown(server, message)))
    return "kept, shown with a warning"


@row("a text that is not UTF-8")
def invalid_text(server):
    body = span(name="AAAA").SerializeToString().replace(b"AAAA", b"\xff\xfe\xff\xfe")
    return status(server, body)


@row("control characters and markup in a text")
def markup(server):
    text = "</script><script>\x00\x1b[31m\u2028"
    message = span(name=text)
    assert status(server, message.SerializeToString()) == "200"
    assert shown(server, message)["spans"][0]["operationName"] == text
    return "kept"


@row("a value that holds values 10,000 deep")
def deep(server):
    body = b'{"intValue":"1"}'
    for _ in range(10_000):
        body = b'{"arrayValue":{"values":[' + body + b"]}}"
    head = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"' + b"1" * 32 + b'","spanId":"' + b"1" * 16
    body = head + b'","attributes":[{"key":"a","value":' + body + b"}]}]}]}]}"
    return status(server, body, otlp.JSON)


@row("a span of a million attributes")
def many_attributes(server):
    # Each takes two bytes, and a hundred once it is decoded.
    attributes = b"\x4a\x00" * 1_000_000

    def wrap(number, bytes_):
        return bytes([number << 3 | 2]) + varint(len(bytes_)) + bytes_

    one = b"\x0a\x10" + b"m" * 16 + b"\x12\x08" + b"m" * 8 + attributes
    return status(server, wrap(1, wrap(2, wrap(2, one))))


def varint(number):
    encoded = b""
    while number > 0x7F:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def test_the_table_and_the_tests_have_the_same_rows():
    assert documented().keys() == ROWS.keys()


@pytest.mark.parametrize("name", ROWS)
def test_the_answer_is_what_the_table_says(server, name):
    before = server.peak_resident_bytes()
    assert ROWS[name](server) == documented()[name]
    assert server.peak_resident_bytes() - before < RESIDENT_BYTES_MAX
    # Whatever it was, the next client is served.
    message = otlp.request()
    assert otlp.post(server, message.SerializeToString()).status_code == 200
    assert shown(server, message)
