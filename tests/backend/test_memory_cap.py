"""The memory storage keeps to its cap, keeps the newest, and counts what it did."""

import otlp
import pytest
from server import http
from slow_sender import wait_until

CAP_BYTES = 24 << 20
SENT_BYTES = 4 * CAP_BYTES
SPANS_PER_TRACE = 10
TRACES_PER_REQUEST = 5
# The cap counts the encoded spans, their indexes and an estimate for the allocator. Beside it the process holds its own code and
# threads, the request in flight (one here, of about 200 kB, held as received and as stored), and what the allocator keeps of
# what was freed. A quarter of the cap for the allocator and a fixed sum for the rest is what is promised here.
RESIDENT_BYTES_MAX = CAP_BYTES * 5 // 4 + (48 << 20)
SERVER_FLAGS = ["--memory-max-bytes", str(CAP_BYTES)]


@pytest.fixture(scope="module")
def sent(server):
    """The ids of the traces that were sent, the oldest first, and the largest resident size in between."""
    ids, sent_bytes, peak = [], 0, 0
    while sent_bytes < SENT_BYTES:
        message = otlp.request(spans=0)
        for _ in range(TRACES_PER_REQUEST):
            trace = otlp.request(spans=SPANS_PER_TRACE, attribute_bytes=4_000)
            ids.append(otlp.first_trace_id(trace))
            message.MergeFrom(trace)
        body = message.SerializeToString()
        assert otlp.post(server, body).status_code == 200
        sent_bytes += len(body)
        peak = max(peak, server.resident_bytes())
    wait_until(lambda: stored(server, "traces") + evicted(server) == len(ids), "the gauges are up to date")
    return ids, peak


def stored(server, what):
    return server.metric(f"jqs_storage_memory_{what}")


def evicted(server):
    return server.metric("jqs_storage_memory_evicted_traces")


def test_the_process_stays_within_its_bound(server, sent):
    _, peak = sent
    assert peak < RESIDENT_BYTES_MAX
    assert server.resident_bytes() < RESIDENT_BYTES_MAX


def test_the_cap_is_kept_and_used(server, sent):
    assert 0.9 * CAP_BYTES < stored(server, "bytes") <= CAP_BYTES


def test_the_newest_traces_stay_whole_and_the_oldest_are_gone(server, sent):
    ids, _ = sent
    kept = int(stored(server, "traces"))
    assert 0 < kept < len(ids) / 3
    newest = ids[-kept:]
    # Traces of one request are equally old: which of them go first is open.
    for trace_id in (newest[TRACES_PER_REQUEST], newest[kept // 2], newest[-1]):
        answer = http.get(f"{server.query_url}/api/traces/{trace_id}")
        assert answer.status_code == 200
        assert len(answer.json()["data"][0]["spans"]) == SPANS_PER_TRACE
    for trace_id in (ids[0], ids[len(ids) // 2], ids[-kept - TRACES_PER_REQUEST]):
        assert http.get(f"{server.query_url}/api/traces/{trace_id}").status_code == 404


def test_the_metrics_account_for_every_span(server, sent):
    ids, _ = sent
    assert server.metric("otelcol_receiver_accepted_spans") == len(ids) * SPANS_PER_TRACE
    assert server.metric("otelcol_receiver_refused_spans") == 0
    assert stored(server, "spans") == stored(server, "traces") * SPANS_PER_TRACE
    assert stored(server, "traces") + evicted(server) == len(ids)


def test_a_trace_that_can_never_fit_is_refused_and_counted(start):
    server = start("--memory-max-bytes", "1MiB")
    too_large = otlp.request(spans=3, attribute_bytes=500_000)
    answer = otlp.post(server, too_large.SerializeToString())
    assert answer.status_code == 400
    assert server.metric("otelcol_receiver_refused_spans", transport="http") == 3
    assert server.metric("otelcol_receiver_accepted_spans") == 0
    assert otlp.post(server, otlp.request().SerializeToString()).status_code == 200
