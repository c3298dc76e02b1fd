"""One trace through three services, made with the OpenTelemetry SDK, that uses everything a span can have."""

import time
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

# The smallest integer above those that a double, and so JavaScript, holds exactly.
BEYOND_DOUBLE = 2**53 + 1
EVERY_TYPE = {
    "text": "plain",
    "text.unicode": 'Zürich 東京 🫖 \u202e "quoted" <b>&',
    "text.empty": "",
    "bool.yes": True,
    "bool.no": False,
    "int.small": 42,
    "int.negative": -7,
    "int.beyond-double": BEYOND_DOUBLE,
    "int.least": -(2**63),
    "float": 0.1,
    "float.tiny": 5e-324,
    "float.huge": 1.7976931348623157e308,
    "list.text": ["a", "ü", ""],
    "list.int": [1, BEYOND_DOUBLE],
    "list.float": [0.5, -2.25],
    "list.bool": [True, False],
}
LINKED = SpanContext(
    trace_id=0x1111_2222_3333_4444_5555_6666_7777_8888,
    span_id=0x9999_AAAA_BBBB_CCCC,
    is_remote=True,
    trace_flags=TraceFlags(1),
    trace_state=TraceState([("vendor", "linked")]),
)
REMOTE_STATE = TraceState([("vendor", "opaque value"), ("other", "1")])
CHECKOUT = "POST /checkout"
PAY = "pay"
MILLISECOND = 1_000_000


@dataclass
class Sent:
    """What the SDK says that it sent."""

    trace_id: str
    spans: dict  # by name
    start_ns: int
    services: list


def send(new_exporter, prefix):
    """Services `<prefix>-web`, `-cart` and `-bank` send one trace, each by an exporter of its own."""
    memory = InMemorySpanExporter()
    services = [f"{prefix}-{name}" for name in ("web", "cart", "bank")]
    providers = [new_provider(service, new_exporter(), memory) for service in services]
    web, cart, bank = (
        provider.get_tracer("made-up.instrumentation", "1.2.3", attributes={"scope.kind": "test", "scope.size": 3})
        for provider in providers
    )
    # Whole microseconds, which is what the older API counts in.
    start = time.time_ns() // 1_000 * 1_000 - 5_000 * MILLISECOND
    remote = SpanContext(
        trace_id=providers[0].id_generator.generate_trace_id(),
        span_id=providers[0].id_generator.generate_span_id(),
        is_remote=True,
        trace_flags=TraceFlags(1),
        trace_state=REMOTE_STATE,
    )

    def span(tracer, name, kind, parent, begin_ms, end_ms, status=None, events=(), **more):
        context = trace.set_span_in_context(parent)
        made = tracer.start_span(name, context, kind, start_time=start + begin_ms * MILLISECOND, **more)
        for at_ms, event, attributes in events:
            made.add_event(event, attributes, timestamp=start + at_ms * MILLISECOND)
        if status is not None:
            made.set_status(status)
        made.end(start + end_ms * MILLISECOND)
        return made

    links = [Link(LINKED, {"reason": "retry of", "attempt": 2})]
    events = [(5, "cache miss", {"key": "cart:7", "size": 3, "warm": False}), (6, "second", {})]
    root = trace.NonRecordingSpan(remote)
    root = span(web, CHECKOUT, SpanKind.SERVER, root, 0, 900, attributes=EVERY_TYPE, links=links, events=events)
    call = span(web, "call cart", SpanKind.CLIENT, root, 10, 500, status=Status(StatusCode.OK))
    work = span(cart, "reserve", SpanKind.INTERNAL, call, 20, 400, attributes={"db.system": "postgresql"})
    span(cart, "queue parcel", SpanKind.PRODUCER, work, 30, 40)
    failure = [(300, "exception", {"exception.type": "CardError", "exception.message": "declined"})]
    declined = Status(StatusCode.ERROR, "card declined: 拒否")
    span(bank, PAY, SpanKind.CONSUMER, work, 250, 350, status=declined, events=failure, attributes={"amount": 19.99})
    for provider in providers:
        provider.shutdown()
    spans = {span.name: span for span in memory.get_finished_spans()}
    return Sent(f"{remote.trace_id:032x}", spans, start, services)


def new_provider(service, exporter, memory):
    resource = Resource(
        {"service.name": service, "service.version": "7.0", "host.cpus": 2, "labels": ["x", "y"]},
        "https://example.com/schema/1",
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    return provider
