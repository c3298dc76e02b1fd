"""The query API over gRPC, by a client that knows nothing but what the server's reflection tells it."""

import base64
import time

import grpc
import otlp
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from server import http

V2 = "jaeger.api_v2.QueryService"
V3 = "jaeger.api_v3.QueryService"
# What clients take by default.
MESSAGE_MAX_BYTES = 4 << 20


class Reflected:
    """Calls methods by name, with messages as dictionaries."""

    def __init__(self, server):
        self.channel = grpc.insecure_channel(server.address("the query API over gRPC"))
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)

    def services(self):
        return sorted(self.database.get_services())

    def stream(self, method, fields=None, service=V3, timeout=30):
        found = self.pool.FindServiceByName(service).FindMethodByName(method)
        question = ParseDict(fields or {}, GetMessageClass(found.input_type)())
        call = self.channel.unary_stream(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(found.output_type).FromString,
        )
        return call(question, timeout=timeout)

    def messages(self, method, fields=None, **more):
        return [MessageToDict(message) for message in self.stream(method, fields, **more)]

    def message(self, method, fields=None, **more):
        (message,) = self.messages(method, fields, **more)
        return message


@pytest.fixture(scope="module")
def client(server):
    client = Reflected(server)
    yield client
    client.channel.close()


@pytest.fixture(scope="module")
def sent(server):
    """A trace with an id of 64 bits, and one of several services in which one calls the other."""
    short = otlp.request(spans=2, service="short", trace_id=bytes(8) + b"\x01short!!")
    calls = otlp.request(spans=1, service="web")
    root = calls.resource_spans[0].scope_spans[0].spans[0]
    root.name, root.kind = "checkout", 3
    other = otlp.request(spans=1, service="cart", trace_id=root.trace_id)
    child = other.resource_spans[0].scope_spans[0].spans[0]
    child.parent_span_id, child.kind, child.name = root.span_id, 2, "pay"
    child.start_time_unix_nano = child.end_time_unix_nano - 300_000_000
    child.status.code = 2
    attribute = child.attributes.add()
    attribute.key, attribute.value.string_value = "customer", "ann"
    calls.MergeFrom(other)
    for message in [short, calls]:
        assert otlp.post(server, message.SerializeToString()).status_code == 200
    return {"short": otlp.first_trace_id(short), "calls": otlp.first_trace_id(calls)}


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def query(**fields):
    return {"query": {"startTimeMin": stamp(-3600), "startTimeMax": stamp(60), **fields}}


def http_v3(server, path, **parameters):
    answer = http.get(f"{server.query_url}/api/v3/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_server_says_what_it_has(client):
    # The client asks by the older version of reflection.
    assert client.services() == ["grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection", V2, V3]
    methods = {method.name for method in client.pool.FindServiceByName(V3).methods}
    assert methods == {"GetTrace", "FindTraces", "FindTraceSummaries", "GetServices", "GetOperations", "GetDependencies"}
    methods = {method.name for method in client.pool.FindServiceByName(V2).methods}
    assert methods == {"GetTrace", "FindTraces", "ArchiveTrace", "GetServices", "GetOperations", "GetDependencies"}


def test_health(client):
    for service in ["", V2, V3]:
        assert client.message("Check", {"service": service}, service="grpc.health.v1.Health") == {"status": "SERVING"}
    with pytest.raises(grpc.RpcError) as error:
        client.message("Check", {"service": "nobody"}, service="grpc.health.v1.Health")
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_services_and_operations(client, server, sent):
    assert {"short", "web", "cart"} <= set(client.message("GetServices")["services"])
    assert client.message("GetOperations", {"service": "web"}) == {"operations": [{"name": "checkout", "spanKind": "client"}]}
    assert client.message("GetOperations", {"service": "web", "spanKind": "server"}) == {}
    assert client.message("GetOperations", {"service": "web", "spanKind": "sideways"}) == {}


@pytest.mark.parametrize("name", ["short", "calls"])
def test_a_trace_is_the_same_as_over_http(client, server, sent, name):
    (message,) = client.stream("GetTrace", {"traceId": sent[name]})
    expected = http_v3(server, f"traces/{sent[name]}")["result"]
    spans = [span for resource in message.resource_spans for scope in resource.scope_spans for span in scope.spans]
    as_json = [span for resource in expected["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]]
    assert [span.span_id.hex() for span in spans] == [span["spanId"] for span in as_json]
    assert {span.trace_id.hex() for span in spans} == {sent[name]}
    assert [span.start_time_unix_nano for span in spans] == [int(span["startTimeUnixNano"]) for span in as_json]
    keys = [[attribute.key for attribute in span.attributes] for span in spans]
    assert keys == [[attribute["key"] for attribute in span["attributes"]] for span in as_json]


@pytest.mark.parametrize(
    "fields",
    [
        {"serviceName": "cart"},
        {"operationName": "pay"},
        {"attributes": {"customer": "ann"}},
        {"serviceName": "cart", "durationMin": "0.2s", "durationMax": "0.4s"},
        {"serviceName": "cart", "searchDepth": 1, "rawTraces": True},
    ],
)
def test_traces_are_found(client, sent, fields):
    messages = list(client.stream("FindTraces", query(**fields)))
    found = {span.trace_id.hex() for m in messages for r in m.resource_spans for s in r.scope_spans for span in s.spans}
    assert found == {sent["calls"]}
    # The whole trace, not only the spans that were asked for.
    assert sum(len(s.spans) for m in messages for r in m.resource_spans for s in r.scope_spans) == 2


@pytest.mark.parametrize(
    "fields",
    [{"serviceName": "nobody"}, {"attributes": {"customer": "bob"}}, {"serviceName": "cart", "durationMin": "2s"}],
)
def test_nothing_is_found(client, sent, fields):
    assert client.messages("FindTraces", query(**fields)) == []
    assert client.message("FindTraceSummaries", query(**fields)) == {}


def test_summaries_and_dependencies_are_the_same_as_over_http(client, server, sent):
    asked = query(serviceName="cart")
    (summary,) = client.message("FindTraceSummaries", asked)["summaries"]
    times = {f"query.{name}": asked["query"][name] for name in ["startTimeMin", "startTimeMax"]}
    (expected,) = http_v3(server, "trace-summaries", **{"query.serviceName": "cart", **times})["summaries"]
    assert summary == expected
    (call,) = client.message("GetDependencies", {"startTime": stamp(-3600), "endTime": stamp(60)})["dependencies"]
    assert call == {"parent": "web", "child": "cart", "callCount": "1"}


def test_a_long_trace_comes_in_messages_that_clients_take(client, server):
    sent = [otlp.request(spans=1_500, attribute_bytes=1_000, trace_id=b"a long trace....") for _ in range(4)]
    for message in sent:
        assert otlp.post(server, message.SerializeToString()).status_code == 200
    messages = list(client.stream("GetTrace", {"traceId": otlp.first_trace_id(sent[0])}))
    assert len(messages) > 4
    assert max(message.ByteSize() for message in messages) < MESSAGE_MAX_BYTES
    for message in messages:
        assert message.resource_spans[0].resource.attributes[0].key == "service.name"
    found = [span.span_id for m in messages for r in m.resource_spans for s in r.scope_spans for span in s.spans]
    assert sorted(found) == sorted(span.span_id for m in sent for span in m.resource_spans[0].scope_spans[0].spans)


def as_older_json(span):
    """A span of `api_v2` as the older HTTP API shows it."""

    def tags(found):
        values = {"STRING": "v_str", "BOOL": "v_bool", "INT64": "v_int64", "FLOAT64": "v_float64", "BINARY": "v_binary"}
        kinds = found[0].DESCRIPTOR.fields_by_name["v_type"].enum_type.values_by_number if found else {}
        names = [kinds[one.v_type].name for one in found]
        shown = [(one.key, name, getattr(one, values[name])) for one, name in zip(found, names)]
        return [
            {"key": key, "type": name.lower(), "value": base64.b64encode(value).decode() if name == "BINARY" else value}
            for key, name, value in shown
        ]

    def reference(one):
        kind = ["CHILD_OF", "FOLLOWS_FROM"][one.ref_type]
        return {"refType": kind, "traceID": one.trace_id.hex(), "spanID": one.span_id.hex()}

    return {
        "traceID": span.trace_id.hex(),
        "spanID": span.span_id.hex(),
        "operationName": span.operation_name,
        "references": [reference(one) for one in span.references],
        "startTime": span.start_time.ToMicroseconds(),
        "duration": span.duration.ToMicroseconds(),
        "tags": tags(span.tags),
        "logs": [{"timestamp": log.timestamp.ToMicroseconds(), "fields": tags(log.fields)} for log in span.logs],
        "warnings": list(span.warnings) or None,
        "process": {"serviceName": span.process.service_name, "tags": tags(span.process.tags)},
    }


def test_spans_of_the_older_service_are_those_of_the_older_json(client, server):
    message = otlp.request(spans=3)
    message.resource_spans[0].resource.attributes.add(key="host").value.int_value = 2**60
    first, second, third = message.resource_spans[0].scope_spans[0].spans
    for key, field, value in [
        ("text", "string_value", "é"),
        ("truth", "bool_value", True),
        ("number", "int_value", -7),
        ("double", "double_value", 0.25),
        ("bytes", "bytes_value", b"\x00\xff"),
    ]:
        setattr(second.attributes.add(key=key).value, field, value)
    second.attributes.add(key="list").value.array_value.values.add().int_value = 1
    second.links.add(trace_id=b"another trace id", span_id=b"a link!!")
    event = second.events.add(name="retry", time_unix_nano=second.start_time_unix_nano + 1_000)
    event.attributes.add(key="attempt").value.int_value = 2
    second.status.code, second.status.message = 2, "too late"
    third.end_time_unix_nano = third.start_time_unix_nano - 1
    assert otlp.post(server, message.SerializeToString()).status_code == 200
    trace = first.trace_id
    chunks = client.stream("GetTrace", {"traceId": base64.b64encode(trace).decode()}, service=V2)
    spans = [as_older_json(span) for chunk in chunks for span in chunk.spans]
    (expected,) = http.get(f"{server.query_url}/api/traces/{trace.hex()}").json()["data"]
    assert len(spans) == 3
    for span, shown in zip(spans, expected["spans"]):
        shown["process"] = expected["processes"][shown.pop("processID")]
        # JavaScript cannot hold it as a number, and protobuf can.
        for tag in shown["process"]["tags"]:
            tag["value"] = int(tag["value"]) if tag["key"] == "host" else tag["value"]
        assert span == shown


def test_the_older_service_finds_what_the_newer_one_finds(client, server, sent):
    asked = query(serviceName="cart")
    chunks = client.stream("FindTraces", asked, service=V2)
    assert {span.trace_id.hex() for chunk in chunks for span in chunk.spans} == {sent["calls"]}
    asked["query"]["tags"] = {"customer": "bob"}
    assert client.messages("FindTraces", asked, service=V2) == []
    assert client.message("GetServices", service=V2) == client.message("GetServices")
    operations = client.message("GetOperations", {"service": "web"}, service=V2)
    assert operations == {"operationNames": ["checkout"], "operations": [{"name": "checkout", "spanKind": "client"}]}
    times = {"startTime": stamp(-3600), "endTime": stamp(60)}
    assert client.message("GetDependencies", times, service=V2) == client.message("GetDependencies", times)


def test_a_long_trace_comes_in_messages_that_clients_of_the_older_service_take(client, server):
    message = otlp.request(spans=1_500, attribute_bytes=1_000)
    assert otlp.post(server, message.SerializeToString()).status_code == 200
    trace = bytes.fromhex(otlp.first_trace_id(message))
    chunks = list(client.stream("GetTrace", {"traceId": base64.b64encode(trace).decode()}, service=V2))
    assert len(chunks) > 1
    assert max(chunk.ByteSize() for chunk in chunks) < MESSAGE_MAX_BYTES
    assert sum(len(chunk.spans) for chunk in chunks) == 1_500


@pytest.mark.parametrize(
    ("method", "fields", "code", "words"),
    [
        ("GetTrace", {"traceId": base64.b64encode(b"no such trace id").decode()}, "NOT_FOUND", "trace not found"),
        ("GetTrace", {"traceId": base64.b64encode(b"short").decode()}, "INVALID_ARGUMENT", "trace_id has 5 bytes"),
        ("GetTrace", {}, "INVALID_ARGUMENT", "trace_id has 0 bytes"),
        ("FindTraces", {}, "INVALID_ARGUMENT", "no `query`"),
        ("ArchiveTrace", {"traceId": base64.b64encode(bytes(16)).decode()}, "UNIMPLEMENTED", "no archive storage"),
    ],
)
def test_what_the_older_service_cannot_answer_says_why(client, method, fields, code, words):
    with pytest.raises(grpc.RpcError) as error:
        client.messages(method, fields, service=V2)
    assert error.value.code().name == code
    assert words in error.value.details()


@pytest.mark.parametrize(
    ("method", "fields", "code", "words"),
    [
        ("GetTrace", {"traceId": "f" * 32}, "NOT_FOUND", "trace not found"),
        ("GetTrace", {"traceId": "0"}, "NOT_FOUND", "trace not found"),
        ("GetTrace", {"traceId": "not an id"}, "INVALID_ARGUMENT", "malformed trace_id"),
        ("FindTraces", {}, "INVALID_ARGUMENT", "no `query`"),
        ("FindTraces", {"query": {}}, "INVALID_ARGUMENT", "start_time_min and start_time_max are required"),
        ("FindTraces", query(startTimeMin=stamp(120)), "INVALID_ARGUMENT", "start_time_min must be before"),
        ("FindTraces", query(searchDepth=-1), "INVALID_ARGUMENT", "from 1 to"),
        ("FindTraces", query(searchDepth=1_000_000), "INVALID_ARGUMENT", "from 1 to"),
        ("FindTraceSummaries", {"query": {}}, "INVALID_ARGUMENT", "are required"),
        ("GetDependencies", {}, "INVALID_ARGUMENT", "start_time and end_time are required"),
    ],
)
def test_what_cannot_be_answered_says_why(client, method, fields, code, words):
    with pytest.raises(grpc.RpcError) as error:
        client.messages(method, fields)
    assert error.value.code().name == code
    assert words in error.value.details()


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (f"/{V3}/Nothing", b"", "UNIMPLEMENTED"),
        ("/jaeger.api_v9.QueryService/GetTrace", b"", "UNIMPLEMENTED"),
        (f"/{V3}/GetTrace", b"\xff\xff\xff", "INVALID_ARGUMENT"),
        (f"/{V3}/GetTrace", b"\x0a\x02\xff\xfe", "INVALID_ARGUMENT"),
        (f"/{V3}/GetTrace", bytes(2 << 20), "OUT_OF_RANGE"),
    ],
)
def test_what_is_no_question_is_refused(client, path, body, code):
    with pytest.raises(grpc.RpcError) as error:
        client.channel.unary_unary(path)(body, timeout=10)
    assert error.value.code().name == code


def test_a_client_that_goes_in_the_middle_of_a_trace_holds_nothing_up(client, server):
    for _ in range(3):
        stream = client.stream("GetTrace", {"traceId": b"a long trace....".hex()})
        next(stream)
        stream.cancel()
    assert client.message("GetServices")["services"]


def test_the_port_can_be_off(start):
    server = start("--query-grpc-port", "off")
    assert http.get(f"{server.query_url}/api/services").status_code == 200
    assert "the query API over gRPC" not in server.log()
