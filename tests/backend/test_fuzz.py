"""Whatever bytes come, the server answers, lives, and can show everything that it took."""

import gzip
import http.client
import json
import random

import grpc
import httpx
import otlp
import pytest

SEED = 20_240_229
PROTOBUF_BODIES = 6_000
JSON_BODIES = 2_000
GZIP_BODIES = 1_000
GRPC_BODIES = 1_000
ZIPKIN_BODIES = 1_000

JSON_SEED = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "fuzz"}}]},
            "scopeSpans": [
                {
                    "scope": {"name": "made-up", "version": "1"},
                    "spans": [
                        {
                            "traceId": "5b8efff798038103d269b633813fc60c",
                            "spanId": "eee19b7ec3c1b174",
                            "name": "operation",
                            "kind": 2,
                            "startTimeUnixNano": "1544712660000000000",
                            "endTimeUnixNano": "1544712661000000000",
                            "attributes": [
                                {"key": "n", "value": {"intValue": "7"}},
                                {"key": "list", "value": {"arrayValue": {"values": [{"doubleValue": 0.5}]}}},
                            ],
                            "events": [{"timeUnixNano": "1544712660500000000", "name": "event"}],
                            "links": [{"traceId": "5b8efff798038103d269b633813fc60d", "spanId": "eee19b7ec3c1b175"}],
                            "status": {"code": 2, "message": "late"},
                        }
                    ],
                }
            ],
        }
    ]
}

ZIPKIN_SEED = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "id": "eee19b7ec3c1b174",
    "parentId": "eee19b7ec3c1b175",
    "kind": "SERVER",
    "name": "operation",
    "timestamp": 1_544_712_660_000_000,
    "duration": 1_000,
    "localEndpoint": {"serviceName": "fuzz-zipkin", "ipv4": "192.0.2.1", "port": 80},
    "annotations": [{"timestamp": 1_544_712_660_000_001, "value": "event"}],
    "tags": {"error": "late", "n": "7"},
}


def mutations(chance, seed, count):
    """`seed` with some of its bytes changed, cut out, doubled or cut off, and now and then no trace of it."""
    for _ in range(count):
        if chance.random() < 0.05:
            yield chance.randbytes(chance.randrange(400))
            continue
        body = bytearray(seed)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(body) + 1)
            length = chance.randrange(16)
            match chance.randrange(5):
                case 0 if at < len(body):
                    body[at] = chance.randrange(256)
                case 1:
                    del body[at : at + length]
                case 2:
                    body[at:at] = body[at : at + length]
                case 3:
                    body[at:at] = chance.choice([b"\x00", b"\xff" * 9, b"\x80" * 11, b"\xff\xff\xff\xff\x0f"])
                case 4 if chance.random() < 0.2:
                    del body[at:]
        yield bytes(body)


@pytest.fixture
def post(server):
    yield from poster(server.otlp_http)


@pytest.fixture
def post_zipkin(server):
    yield from poster(server.address("Zipkin"))


def poster(address):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=10)

    def post(body, headers, path="/v1/traces"):
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    yield post
    connection.close()


def rich_request():
    message = otlp.request(spans=3, service="fuzz")
    span = message.resource_spans[0].scope_spans[0].spans[0]
    span.events.add(name="event", time_unix_nano=span.start_time_unix_nano)
    span.links.add(trace_id=b"l" * 16, span_id=b"l" * 8, trace_state="a=b")
    span.status.message = "late"
    nested = span.attributes.add(key="nested").value
    for _ in range(5):
        nested = nested.array_value.values.add()
    nested.int_value = -1
    return message.SerializeToString()


def test_mutated_protobuf(server, post):
    bodies = mutations(random.Random(SEED), rich_request(), PROTOBUF_BODIES)
    statuses = [post(body, otlp.PROTOBUF) for body in bodies]
    assert set(statuses) == {200, 400}


def test_mutated_json(server, post):
    bodies = mutations(random.Random(SEED + 1), json.dumps(JSON_SEED).encode(), JSON_BODIES)
    statuses = [post(body, otlp.JSON) for body in bodies]
    assert set(statuses) == {200, 400}


def test_mutated_gzip(server, post):
    bodies = mutations(random.Random(SEED + 2), gzip.compress(rich_request()), GZIP_BODIES)
    statuses = [post(body, {**otlp.PROTOBUF, "Content-Encoding": "gzip"}) for body in bodies]
    assert set(statuses) <= {200, 400, 413}
    assert 400 in statuses


def test_mutated_zipkin(server, post_zipkin):
    for path in ("/api/v1/spans", "/api/v2/spans"):
        bodies = mutations(random.Random(SEED + 4), json.dumps([ZIPKIN_SEED] * 2).encode(), ZIPKIN_BODIES)
        statuses = [post_zipkin(body, otlp.JSON, path) for body in bodies]
        assert set(statuses) == {202, 400}


def test_mutated_grpc_messages(server):
    codes = set()
    with grpc.insecure_channel(server.otlp_grpc) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        for body in mutations(random.Random(SEED + 3), rich_request(), GRPC_BODIES):
            try:
                export(body, timeout=10)
                codes.add(grpc.StatusCode.OK)
            except grpc.RpcError as error:
                codes.add(error.code())
    assert codes == {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}


def test_what_was_taken_can_be_shown(server):
    assert "panicked" not in server.log()
    with httpx.Client(base_url=server.query_url, timeout=30) as client:
        services = client.get("/api/services").json()["data"]
        assert "fuzz" in services
        ids = set()
        for service in services:
            found = client.get("/api/traces", params={"service": service, "limit": 10_000, "start": 0, "end": 2**53})
            assert found.status_code == 200, service
            ids.update(trace["traceID"] for trace in found.json()["data"])
        assert len(ids) > 10
        for trace_id in ids:
            assert client.get(f"/api/traces/{trace_id}", params={"raw": "true"}).status_code == 200, trace_id
            assert client.get(f"/api/v3/traces/{trace_id}").status_code == 200, trace_id
