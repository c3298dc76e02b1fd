"""What the OpenTelemetry SDK sends, by either exporter, comes back by both query APIs whole, and is found by every parameter."""

import base64
import json
from datetime import UTC, datetime

import grpc
import pytest
import shop
from google.protobuf import json_format
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from server import http

EXPORTERS = {
    "grpc": lambda server: GrpcExporter(f"http://{server.otlp_grpc}", insecure=True),
    "grpc-gzip": lambda server: GrpcExporter(f"http://{server.otlp_grpc}", insecure=True, compression=grpc.Compression.Gzip),
    "grpc-deflate": lambda server: GrpcExporter(
        f"http://{server.otlp_grpc}", insecure=True, compression=grpc.Compression.Deflate
    ),
    "http": lambda server: HttpExporter(server.traces_url),
    "http-gzip": lambda server: HttpExporter(server.traces_url, compression=Compression.Gzip),
    "http-deflate": lambda server: HttpExporter(server.traces_url, compression=Compression.Deflate),
}
SPANS = 5


@pytest.fixture(scope="module", params=EXPORTERS)
def sent(request, server):
    return shop.send(lambda: EXPORTERS[request.param](server), prefix=f"sdk-{request.param}")


@pytest.fixture(scope="module")
def legacy(server, sent):
    """The trace as `/api/traces/{id}` shows it: its spans by name, each with its process."""
    answer = http.get(f"{server.query_url}/api/traces/{sent.trace_id}")
    assert answer.status_code == 200
    body = answer.json()
    assert body["errors"] is None
    [found] = body["data"]
    assert found["traceID"] == sent.trace_id
    assert len(found["spans"]) == SPANS
    return {span["operationName"]: span | {"process": found["processes"][span["processID"]]} for span in found["spans"]}


class TestV3:
    @pytest.mark.parametrize("raw", ["true", "false"])
    def test_every_field_of_every_span_is_as_it_was_sent(self, server, sent, raw):
        answer = http.get(f"{server.query_url}/api/v3/traces/{sent.trace_id}", params={"rawTraces": raw})
        assert answer.status_code == 200
        result = parse_otlp(answer.json()["result"])
        if raw == "false":
            assert take_warnings(result) == {shop.CHECKOUT}
        found = spans_in_context(result)
        wanted = spans_in_context(encode_spans(list(sent.spans.values())))
        assert found.keys() == wanted.keys()
        for span_id, span in wanted.items():
            assert found[span_id] == span

    def test_search_returns_the_same_trace(self, server, sent):
        params = v3_query(sent) | {"query.rawTraces": "true"}
        answer = http.get(f"{server.query_url}/api/v3/traces", params=params)
        found = spans_in_context(parse_otlp(answer.json()["result"]))
        assert found == spans_in_context(encode_spans(list(sent.spans.values())))

    def test_summary(self, server, sent):
        answer = http.get(f"{server.query_url}/api/v3/trace-summaries", params=v3_query(sent))
        assert answer.status_code == 200
        [summary] = answer.json()["summaries"]
        web, cart, bank = sent.services
        services = {service["name"]: service for service in summary["services"]}
        assert summary["traceId"] == sent.trace_id
        assert summary["rootServiceName"] == web
        assert summary["rootOperationName"] == shop.CHECKOUT
        assert (summary["spanCount"], summary["errorSpanCount"]) == (SPANS, 1)
        assert int(summary["minStartTimeUnixNano"]) == sent.start_ns
        assert int(summary["maxEndTimeUnixNano"]) == sent.start_ns + 900 * shop.MILLISECOND
        assert {name: service["spanCount"] for name, service in services.items()} == {web: 2, cart: 2, bank: 1}
        assert services[bank]["errorSpanCount"] == 1

    def test_services_and_operations(self, server, sent):
        services = http.get(f"{server.query_url}/api/v3/services").json()["services"]
        assert set(sent.services) <= set(services)
        assert services == sorted(services)
        answer = http.get(f"{server.query_url}/api/v3/operations", params={"service": sent.services[1]})
        assert answer.json()["operations"] == [
            {"name": "queue parcel", "spanKind": "producer"},
            {"name": "reserve", "spanKind": "internal"},
        ]


class TestLegacy:
    def test_every_type_of_attribute(self, legacy):
        tags = {tag["key"]: (tag["type"], tag["value"]) for tag in legacy[shop.CHECKOUT]["tags"]}
        assert {key: tags[key] for key in shop.EVERY_TYPE} == {
            "text": ("string", "plain"),
            "text.unicode": ("string", 'Zürich 東京 🫖 \u202e "quoted" <b>&'),
            "text.empty": ("string", ""),
            "bool.yes": ("bool", True),
            "bool.no": ("bool", False),
            "int.small": ("int64", 42),
            "int.negative": ("int64", -7),
            "int.beyond-double": ("int64", "9007199254740993"),
            "int.least": ("int64", "-9223372036854775808"),
            "float": ("float64", 0.1),
            "float.tiny": ("float64", 5e-324),
            "float.huge": ("float64", 1.7976931348623157e308),
            "list.text": ("string", '["a","ü",""]'),
            "list.int": ("string", "[1,9007199254740993]"),
            "list.float": ("string", "[0.5,-2.25]"),
            "list.bool": ("string", "[true,false]"),
        }

    def test_kind_status_scope_and_trace_state(self, legacy):
        kinds = {name: tag(span, "span.kind") for name, span in legacy.items()}
        assert kinds == {
            shop.CHECKOUT: "server",
            "call cart": "client",
            "reserve": "internal",
            "queue parcel": "producer",
            shop.PAY: "consumer",
        }
        statuses = {name: (tag(span, "otel.status_code"), tag(span, "error")) for name, span in legacy.items()}
        assert statuses[shop.PAY] == ("ERROR", True)
        assert statuses["call cart"] == ("OK", None)
        assert statuses[shop.CHECKOUT] == (None, None)
        assert tag(legacy[shop.PAY], "otel.status_description") == "card declined: 拒否"
        for span in legacy.values():
            assert tag(span, "w3c.tracestate") == "vendor=opaque value,other=1"

    def test_scope_and_resource(self, legacy, sent):
        for span in legacy.values():
            everywhere = {tag["key"]: tag["value"] for tag in span["tags"] + span["process"]["tags"]}
            assert everywhere["otel.scope.name"] == "made-up.instrumentation"
            assert everywhere["otel.scope.version"] == "1.2.3"
            assert everywhere["otel.scope.scope.kind"] == "test"
            assert everywhere["otel.scope.scope.size"] == 3
            assert everywhere["service.version"] == "7.0"
            assert everywhere["host.cpus"] == 2
            assert everywhere["labels"] == '["x","y"]'
        services = {name: span["process"]["serviceName"] for name, span in legacy.items()}
        web, cart, bank = sent.services
        assert services == {
            shop.CHECKOUT: web,
            "call cart": web,
            "reserve": cart,
            "queue parcel": cart,
            shop.PAY: bank,
        }

    def test_times_are_microseconds(self, legacy, sent):
        for name, span in legacy.items():
            original = sent.spans[name]
            assert span["startTime"] == original.start_time // 1_000
            assert span["duration"] == (original.end_time - original.start_time) // 1_000

    def test_references_are_parents_and_links(self, legacy, sent):
        for name, span in legacy.items():
            original = sent.spans[name]
            parent = {"refType": "CHILD_OF", "traceID": sent.trace_id, "spanID": f"{original.parent.span_id:016x}"}
            links = [
                {
                    "refType": "FOLLOWS_FROM",
                    "traceID": f"{link.context.trace_id:032x}",
                    "spanID": f"{link.context.span_id:016x}",
                    "tags": [
                        {"key": "attempt", "type": "int64", "value": 2},
                        {"key": "reason", "type": "string", "value": "retry of"},
                    ],
                }
                for link in original.links
            ]
            assert span["references"] == [parent, *links]
        assert len(legacy[shop.CHECKOUT]["references"]) == 2

    def test_events_are_logs(self, legacy, sent):
        logs = legacy[shop.CHECKOUT]["logs"]
        assert [log["timestamp"] for log in logs] == [sent.start_ns // 1_000 + at * 1_000 for at in (5, 6)]
        assert [{field["key"]: field["value"] for field in log["fields"]} for log in logs] == [
            {"event": "cache miss", "key": "cart:7", "size": 3, "warm": False},
            {"event": "second"},
        ]
        [failure] = legacy[shop.PAY]["logs"]
        assert {field["key"]: field["value"] for field in failure["fields"]} == {
            "event": "exception",
            "exception.type": "CardError",
            "exception.message": "declined",
        }

    def test_services_and_operations(self, server, sent):
        body = http.get(f"{server.query_url}/api/services").json()
        assert set(sent.services) <= set(body["data"])
        assert body["total"] == len(body["data"])
        web = sent.services[0]
        operations = http.get(f"{server.query_url}/api/services/{web}/operations").json()["data"]
        assert operations == [shop.CHECKOUT, "call cart"]
        servers = http.get(f"{server.query_url}/api/operations", params={"service": web, "spanKind": "server"})
        assert servers.json()["data"] == [{"name": shop.CHECKOUT, "spanKind": "server"}]


# What one span of the trace has (`found`) and what no single span has (`missed`), by service of the span.
SEARCHES = [
    ("web", {"operation": shop.CHECKOUT}, {"operation": shop.PAY}),
    ("web", {"tag": "text:plain"}, {"tag": "text:other"}),
    ("web", {"tag": "text.unicode:" + shop.EVERY_TYPE["text.unicode"]}, {"tag": "text.unicode:Zurich"}),
    ("web", {"tag": "bool.yes:true"}, {"tag": "bool.yes:false"}),
    ("web", {"tag": "int.beyond-double:9007199254740993"}, {"tag": "int.beyond-double:9007199254740992"}),
    ("web", {"tag": "float:0.1"}, {"tag": "float:0.2"}),
    ("web", {"tag": "key:cart:7"}, {"tag": "key:cart:8"}),
    ("web", {"tag": "service.version:7.0"}, {"tag": "service.version:7.1"}),
    ("web", {"tag": "scope.kind:test"}, {"tag": "scope.kind:other"}),
    ("web", {"tag": "span.kind:client"}, {"tag": "span.kind:consumer"}),
    ("bank", {"tag": "error:true"}, {"tag": "error:false", "operation": shop.PAY}),
    ("bank", {"tag": "otel.status_description:card declined: 拒否"}, {"tag": "otel.status_description:late"}),
    ("web", {"tag": ["text:plain", "int.small:42"]}, {"tag": ["text:plain", "int.small:43"]}),
    ("web", {"tags": '{"text":"plain","bool.no":"false"}'}, {"tags": '{"text":"plain","bool.no":"true"}'}),
    ("web", {"minDuration": "900ms"}, {"minDuration": "900001us"}),
    ("bank", {"maxDuration": "100ms"}, {"maxDuration": "99999us"}),
]


class TestSearch:
    @pytest.mark.parametrize(("service", "found", "missed"), SEARCHES, ids=[str(found) for _, found, _ in SEARCHES])
    def test_by_one_span(self, server, sent, service, found, missed):
        [service] = [name for name in sent.services if name.endswith(service)]
        assert ids_found(server, service=service, **found) == [sent.trace_id]
        assert ids_found(server, service=service, **missed) == []

    def test_by_start_and_end(self, server, sent):
        start, web = sent.start_ns // 1_000, sent.services[0]
        assert ids_found(server, service=web, start=start, end=start) == [sent.trace_id]
        assert ids_found(server, service=web, start=start - 1_000_000, end=start - 1) == []
        assert ids_found(server, service=web, start=start + 10_001, end=start + 1_000_000) == []

    def test_by_trace_id(self, server, sent):
        assert ids_found(server, traceID=sent.trace_id) == [sent.trace_id]
        missing = "f" * 32
        body = http.get(f"{server.query_url}/api/traces", params={"traceID": [sent.trace_id, missing]}).json()
        assert [trace["traceID"] for trace in body["data"]] == [sent.trace_id]
        assert [error["traceID"] for error in body["errors"]] == [missing]

    @pytest.mark.parametrize(
        ("found", "missed"),
        [
            ({"query.operationName": shop.CHECKOUT}, {"query.operationName": shop.PAY}),
            ({"query.attributes": '{"text":"plain"}'}, {"query.attributes": '{"text":"other"}'}),
            ({"query.durationMin": "900ms"}, {"query.durationMin": "901ms"}),
            ({"query.durationMax": "490ms"}, {"query.durationMax": "489ms"}),
        ],
    )
    def test_by_version_3(self, server, sent, found, missed):
        url = f"{server.query_url}/api/v3/trace-summaries"
        summaries = http.get(url, params=v3_query(sent) | found).json()["summaries"]
        assert [summary["traceId"] for summary in summaries] == [sent.trace_id]
        assert http.get(url, params=v3_query(sent) | missed).json() == {"summaries": []}
        assert http.get(f"{server.query_url}/api/v3/traces", params=v3_query(sent) | missed).status_code == 404


def test_the_limit_takes_the_newest(server):
    def new_exporter():
        return HttpExporter(server.traces_url)

    traces = [shop.send(new_exporter, prefix="limit").trace_id for _ in range(3)]
    assert ids_found(server, service="limit-web", limit=2) == [traces[2], traces[1]]
    assert ids_found(server, service="limit-web", limit=3) == traces[::-1]


def tag(span, key):
    values = [tag["value"] for tag in span["tags"] if tag["key"] == key]
    assert len(values) <= 1
    return values[0] if values else None


def ids_found(server, **params):
    answer = http.get(f"{server.query_url}/api/traces", params=params)
    assert answer.status_code == 200, answer.text
    return [trace["traceID"] for trace in answer.json()["data"]]


def v3_query(sent):
    start = datetime.fromtimestamp(sent.start_ns / 1e9 - 60, UTC)
    end = datetime.fromtimestamp(sent.start_ns / 1e9 + 60, UTC)
    return {
        "query.serviceName": sent.services[0],
        "query.startTimeMin": start.isoformat(),
        "query.startTimeMax": end.isoformat(),
    }


def parse_otlp(result):
    """OTLP's JSON writes ids in hexadecimal, where protobuf's own mapping has base64."""

    def convert(value):
        if isinstance(value, list):
            return [convert(one) for one in value]
        if isinstance(value, dict):
            ids = {"traceId", "spanId", "parentSpanId"}
            return {key: to_base64(one) if key in ids else convert(one) for key, one in value.items()}
        return value

    return json_format.Parse(json.dumps(convert(result)), TracesData())


def to_base64(digits):
    return base64.b64encode(bytes.fromhex(digits)).decode()


def take_warnings(message):
    """Removes what the query service says of spans, such as that a parent is missing. Returns the names of these spans."""
    names = set()
    for span in (span for resource in message.resource_spans for scope in resource.scope_spans for span in scope.spans):
        kept = [attribute for attribute in span.attributes if attribute.key != "@jaeger@warnings"]
        if len(kept) < len(span.attributes):
            names.add(span.name)
            del span.attributes[:]
            span.attributes.extend(kept)
    return names


def spans_in_context(message):
    """Each span by its id, with its resource, scope and schema addresses, attributes in the order of their keys."""
    spans = {}
    for resource_spans in message.resource_spans:
        in_order(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            in_order(scope_spans.scope.attributes)
            for span in scope_spans.spans:
                in_order(span.attributes)
                for part in [*span.events, *span.links]:
                    in_order(part.attributes)
                spans[span.span_id.hex()] = (
                    resource_spans.resource,
                    resource_spans.schema_url,
                    scope_spans.scope,
                    scope_spans.schema_url,
                    span,
                )
    return spans


def in_order(attributes):
    attributes.sort(key=lambda attribute: attribute.key)
