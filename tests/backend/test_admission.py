"""A collector that is full says so, in bytes, and comes back by itself."""

from contextlib import ExitStack

import grpc
import otlp
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from slow_sender import SlowSender, wait_until

REQUEST_MAX_BYTES = 64 << 10
# The least that `--in-flight-max-bytes` may be.
IN_FLIGHT_MAX_BYTES = 3 * REQUEST_MAX_BYTES
LIMITS = ["--request-max-bytes", str(REQUEST_MAX_BYTES), "--in-flight-max-bytes", str(IN_FLIGHT_MAX_BYTES)]
SENDERS = 3
HELD_BYTES = 65_000


def sized(length):
    """A valid request of `length` bytes (256 to 16,383): a field of an unknown number fills it up."""
    body = otlp.request().SerializeToString()
    filler = length - len(body) - 3
    return body + b"\x7a" + bytes([filler & 0x7F | 0x80, filler >> 7]) + bytes(filler)


def body_of_slow_sender():
    body = otlp.request(attribute_bytes=REQUEST_MAX_BYTES - 300).SerializeToString()
    assert HELD_BYTES < len(body) <= REQUEST_MAX_BYTES
    return body


@pytest.fixture
def full(start):
    """A server of whose bytes in flight all but a few are held by slow senders; and these."""
    server = start(*LIMITS)
    with ExitStack() as connections:
        body = body_of_slow_sender()
        senders = [connections.enter_context(SlowSender(server, body, sent=HELD_BYTES)) for _ in range(SENDERS)]
        wait_until(lambda: in_flight(server) == SENDERS * HELD_BYTES, "the slow senders' bytes are counted")
        yield server, senders


def in_flight(server):
    return server.metric("jqs_receiver_in_flight_bytes")


FREE_BYTES = IN_FLIGHT_MAX_BYTES - SENDERS * HELD_BYTES


def test_exactly_the_bytes_that_fit_are_admitted(full):
    server, senders = full
    assert otlp.post(server, sized(FREE_BYTES)).status_code == 200
    refused = otlp.post(server, sized(FREE_BYTES + 1))
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    status = Status.FromString(refused.content)
    assert status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert status.message == (
        f"the collector is full: {SENDERS * HELD_BYTES} of {IN_FLIGHT_MAX_BYTES} bytes are in flight; try again later"
    )
    assert server.metric("jqs_receiver_refused_requests", transport="http") == 1
    assert [sender.finish() for sender in senders] == [200] * SENDERS
    assert otlp.post(server, sized(FREE_BYTES + 1)).status_code == 200
    wait_until(lambda: in_flight(server) == 0, "every byte is given back")
    assert server.metric("otelcol_receiver_accepted_spans", transport="http") == SENDERS + 2


def test_grpc_clients_are_told_when_to_come_back(full):
    server, senders = full
    message = otlp.request(attribute_bytes=2 * FREE_BYTES)
    with pytest.raises(grpc.RpcError) as error:
        otlp.export(server, message)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    details = dict(error.value.trailing_metadata())["grpc-status-details-bin"]
    retry = RetryInfo()
    assert Status.FromString(details).details[0].Unpack(retry)
    assert retry.retry_delay.seconds == 1
    assert server.metric("jqs_receiver_refused_requests", transport="grpc") == 1
    assert [sender.finish() for sender in senders] == [200] * SENDERS
    otlp.export(server, message)


def test_a_sender_that_goes_away_gives_its_bytes_back(full):
    server, senders = full
    for sender in senders:
        sender.__exit__()
    wait_until(lambda: in_flight(server) == 0, "every byte is given back")
    assert otlp.post(server, sized(10_000)).status_code == 200
    assert server.metric("otelcol_receiver_accepted_spans") == 1
