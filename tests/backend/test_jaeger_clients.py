"""A client of Jaeger's query API that is not ours, the MCP server `jaeger-mcp`, gets from ours what it expects of Jaeger's."""

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack

import pytest
import shop
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

CALL_SECONDS_MAX = 30


@pytest.fixture(scope="module")
def sent(server):
    return shop.send(lambda: OTLPSpanExporter(server.traces_url), prefix="client")


@pytest.fixture(scope="module")
def call(server):
    """Calls one tool of the MCP server, which asks our query API, and returns its structured answer."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "jaeger_mcp.server"],
        env={**os.environ, "JAEGER_URL": server.query_url, "JAEGER_RETRY_ATTEMPTS": "0"},
    )

    async def ask(tool, arguments):
        async with AsyncExitStack() as stack:
            streams = await stack.enter_async_context(stdio_client(command))
            session = await stack.enter_async_context(ClientSession(*streams))
            await session.initialize()
            result = await session.call_tool(tool, arguments)
            assert not result.isError, result.content
            return result.structuredContent or json.loads(result.content[0].text)

    def call(tool, **arguments):
        return asyncio.run(asyncio.wait_for(ask(tool, arguments), CALL_SECONDS_MAX))

    return call


def test_services(call, sent):
    answer = call("jaeger_list_services")
    assert answer["services"] == sorted(sent.services)
    assert answer["services_count"] == 3


def test_operations(call, sent):
    answer = call("jaeger_list_operations", service=sent.services[0])
    assert answer["operations"] == [shop.CHECKOUT, "call cart"]


def test_search(call, sent):
    web, _, bank = sent.services
    [found] = call("jaeger_search_traces", service=web)["traces"]
    assert found == {
        "trace_id": sent.trace_id,
        "root_operation": shop.CHECKOUT,
        "root_service": web,
        "start_time_us": sent.start_ns // 1_000,
        "duration_us": 900_000,
        "span_count": 5,
        "service_count": 3,
        "errors_count": 1,
    }
    limits = {"operation": shop.PAY, "min_duration": "99ms", "max_duration": "101ms"}
    assert ids(call("jaeger_search_traces", service=bank, **limits)) == [sent.trace_id]
    assert ids(call("jaeger_search_traces", service=bank, **limits | {"min_duration": "101ms"})) == []


def test_search_by_tags(call, sent):
    bank = sent.services[2]
    assert ids(call("jaeger_find_test_traces", service=bank, tags={"error": "true", "amount": "19.99"})) == [sent.trace_id]
    assert ids(call("jaeger_find_test_traces", service=bank, tags={"error": "true", "amount": "20"})) == []


def test_trace(call, sent):
    answer = call("jaeger_get_trace", trace_id=sent.trace_id)
    assert (answer["span_count"], answer["service_count"], answer["errors_count"]) == (5, 3, 1)
    spans = {span["operation_name"]: span for span in answer["spans"]}
    assert spans.keys() == sent.spans.keys()
    for name, span in spans.items():
        original = sent.spans[name]
        assert span["span_id"] == f"{original.context.span_id:016x}"
        assert span["parent_span_id"] == f"{original.parent.span_id:016x}"
        assert span["start_time_us"] == original.start_time // 1_000
        assert span["is_error"] == (name == shop.PAY)
    assert spans[shop.PAY]["tags"]["amount"] == "19.99"


def test_dependencies(call, sent):
    web, cart, bank = sent.services
    edges = call("jaeger_get_dependencies")["edges"]
    assert [(edge["parent"], edge["child"], edge["call_count"]) for edge in edges] == [(cart, bank, 1), (web, cart, 1)]


def test_critical_path(call, sent):
    path = call("jaeger_critical_path", trace_id=sent.trace_id)
    assert sent.trace_id in json.dumps(path)
    assert shop.CHECKOUT in json.dumps(path)


def ids(answer):
    return [trace["trace_id"] for trace in answer["traces"]]
