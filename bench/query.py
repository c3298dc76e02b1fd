"""How long the query API takes, asked one question after the other over one connection."""

import http.client
import json
import statistics
import time
import urllib.parse

WARM_UPS = 2
REPEATS = 10
SERVICE = "service-00"


def questions(traces):
    """Name, path, and what the answer must hold; `traces` maps the number of spans to a trace id."""
    now = int(time.time() * 1e6)
    window = {"service": SERVICE, "start": now - 3_600_000_000, "end": now + 1_000_000}

    def find(**more):
        return "/api/traces?" + urllib.parse.urlencode(window | more)

    yield "services", "/api/services", lambda data: len(data) == 20
    yield "find 20 traces", find(limit=20), lambda data: len(data) == 20
    yield "find 200 traces", find(limit=200), lambda data: len(data) == 200
    absent = json.dumps({"customer.id": "nobody"})
    yield "find by a tag that none has", find(limit=20, tags=absent), lambda data: len(data) == 0
    for spans, trace_id in traces.items():
        yield f"trace of {spans:,} spans", f"/api/traces/{trace_id}", lambda data, n=spans: len(data[0]["spans"]) == n


def measure(port, traces):
    """The median milliseconds of each question."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    medians = {}
    for name, path, is_right in questions(traces):
        times = []
        for _ in range(WARM_UPS + REPEATS):
            began = time.perf_counter()
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            times.append((time.perf_counter() - began) * 1000)
        if answer.status != 200 or not is_right(json.loads(body)["data"] or []):
            raise SystemExit(f"error: `{name}` got a wrong answer: {answer.status} {body[:200]!r}")
        medians[name] = statistics.median(times[WARM_UPS:])
    connection.close()
    return medians
