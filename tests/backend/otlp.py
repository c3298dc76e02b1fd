"""Made-up spans as OTLP requests, and the plainest ways to send them."""

import os
import time

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from server import http

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
NANOS_PER_SECOND = 1_000_000_000


def request(spans=1, service="shop", attribute_bytes=0, trace_id=None, span_id=None):
    """One trace of `spans` spans, the first of which is the parent of the others."""
    message = ExportTraceServiceRequest()
    resource_spans = message.resource_spans.add()
    _set(resource_spans.resource.attributes, "service.name", service)
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "made-up"
    trace_id = os.urandom(16) if trace_id is None else trace_id
    now = time.time_ns()
    for index in range(spans):
        span = scope_spans.spans.add()
        span.trace_id = trace_id
        span.span_id = os.urandom(8) if span_id is None else span_id
        if index > 0:
            span.parent_span_id = scope_spans.spans[0].span_id
        span.name = f"operation {index % 10}"
        span.kind = 1 + index % 5
        span.start_time_unix_nano = now - NANOS_PER_SECOND + index
        span.end_time_unix_nano = now
        _set(span.attributes, "http.route", "/cart")
        if attribute_bytes:
            _set(span.attributes, "filler", os.urandom(attribute_bytes // 2).hex())
    return message


def first_trace_id(message):
    return message.resource_spans[0].scope_spans[0].spans[0].trace_id.hex()


def post(server, body, headers=PROTOBUF, **more):
    return http.post(server.traces_url, content=body, headers={**headers, **more})


def export(server, message, **options):
    """By gRPC; raises `grpc.RpcError`."""
    with grpc.insecure_channel(server.otlp_grpc) as channel:
        return TraceServiceStub(channel).Export(message, timeout=30, **options)


def export_bytes(server, body, **options):
    """By gRPC, whatever the bytes are."""
    with grpc.insecure_channel(server.otlp_grpc) as channel:
        method = channel.unary_unary(
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            request_serializer=None,
            response_deserializer=ExportTraceServiceResponse.FromString,
        )
        return method(body, timeout=30, **options)


def _set(attributes, key, value):
    attribute = attributes.add()
    attribute.key = key
    attribute.value.string_value = value
