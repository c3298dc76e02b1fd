"""Sends one trace with an older Python client and writes to stdout what was sent, as JSON.

  send.py CLIENT ADDRESS     CLIENT is a key of EXPORTERS; ADDRESS is HOST:PORT
"""

import json
import sys
import time

from opentelemetry import trace
from opentelemetry.exporter.jaeger.proto import grpc as jaeger_grpc
from opentelemetry.exporter.jaeger import thrift as jaeger_thrift
from opentelemetry.exporter.zipkin import json as zipkin_json
from opentelemetry.exporter.zipkin.encoder import Protocol
from opentelemetry.exporter.zipkin.proto import http as zipkin_proto
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

LINKED = SpanContext(0x1111_2222_3333_4444_5555_6666_7777_8888, 0x9999_AAAA_BBBB_CCCC, True, TraceFlags(1))
ATTRIBUTES = {"text": "Zürich 東京", "empty": "", "yes": True, "no": False, "int": -7, "big": 2**53 + 1, "float": 0.1}


def udp(host, port):
    return jaeger_thrift.JaegerExporter(agent_host_name=host, agent_port=port)


def thrift_http(host, port):
    return jaeger_thrift.JaegerExporter(collector_endpoint=f"http://{host}:{port}/api/traces?format=jaeger.thrift")


def grpc(host, port):
    return jaeger_grpc.JaegerExporter(collector_endpoint=f"{host}:{port}", insecure=True)


def zipkin_v1(host, port):
    # It cannot do without this limit.
    return zipkin_json.ZipkinExporter(Protocol.V1, f"http://{host}:{port}/api/v1/spans", max_tag_value_length=4096)


def zipkin_v2(host, port):
    return zipkin_json.ZipkinExporter(Protocol.V2, f"http://{host}:{port}/api/v2/spans")


def zipkin_protobuf(host, port):
    return zipkin_proto.ZipkinExporter(f"http://{host}:{port}/api/v2/spans")


EXPORTERS = {
    "jaeger-udp": udp,
    "jaeger-thrift-http": thrift_http,
    "jaeger-grpc": grpc,
    "zipkin-json-v1": zipkin_v1,
    "zipkin-json-v2": zipkin_v2,
    "zipkin-protobuf": zipkin_protobuf,
}


def main():
    client, address = sys.argv[1:]
    host, port = address.rsplit(":", 1)
    service = f"python-{client}"
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": service, "service.version": "7.0"}))
    provider.add_span_processor(SimpleSpanProcessor(EXPORTERS[client](host, int(port))))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("made-up.instrumentation", "1.2.3")
    # Whole microseconds, which is what these protocols count in.
    start = time.time_ns() // 1_000 * 1_000
    serve = tracer.start_span("serve", kind=SpanKind.SERVER, attributes=ATTRIBUTES, links=[Link(LINKED)], start_time=start)
    call = tracer.start_span("call", trace.set_span_in_context(serve), SpanKind.CLIENT, start_time=start + 1_000_000)
    call.add_event("retry", {"attempt": 2}, start + 2_000_000)
    call.set_status(Status(StatusCode.ERROR, "timed out"))
    call.end(start + 3_000_000)
    serve.end(start + 5_000_000)
    provider.shutdown()
    spans = [
        {
            "name": span.name,
            "span_id": trace.format_span_id(span.context.span_id),
            "parent_id": trace.format_span_id(span.parent.span_id) if span.parent else None,
            "kind": span.kind.name.lower(),
            "start_us": span.start_time // 1_000,
            "duration_us": (span.end_time - span.start_time) // 1_000,
            "tags": dict(span.attributes),
            "events": [event.name for event in span.events],
            "links": [trace.format_span_id(link.context.span_id) for link in span.links],
        }
        for span in memory.get_finished_spans()
    ]
    trace_id = trace.format_trace_id(memory.get_finished_spans()[0].context.trace_id)
    print(json.dumps({"service": service, "trace_id": trace_id, "spans": spans}))


main()
