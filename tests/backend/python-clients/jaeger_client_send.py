"""Sends one trace with Jaeger's own Python client, sampled as the remote sampler of the agent says.

  jaeger_client_send.py SERVICE UDP_PORT SAMPLING_PORT     writes to stdout what was sent, as JSON
"""

import json
import sys
import time

from jaeger_client import Config

FLUSH_SECONDS_MAX = 10


def main():
    service, udp_port, sampling_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    settings = {
        "sampler": {},
        "local_agent": {"reporting_host": "127.0.0.1", "reporting_port": udp_port, "sampling_host": "127.0.0.1", "sampling_port": sampling_port},
        "sampling_refresh_interval": 1,
        "logging": False,
        "generate_128bit_trace_id": True,
    }
    tracer = Config(settings, service_name=service, validate=True).initialize_tracer()
    # The first strategy comes in the background; what is begun before it is sampled by `param`.
    deadline = time.monotonic() + FLUSH_SECONDS_MAX
    while time.monotonic() < deadline:
        span = tracer.start_span("serve")
        if span.is_sampled():
            break
        time.sleep(0.05)
    else:
        sys.exit("nothing was sampled")
    with span:
        span.set_tag("span.kind", "server").set_tag("answer", 42)
        with tracer.start_span("call", child_of=span) as child:
            child.set_tag("error", True)
            child.log_kv({"event": "retry", "attempt": 2})
    names = {"serve": span, "call": child}
    spans = [{"name": name, "span_id": f"{one.span_id:016x}"} for name, one in names.items()]
    closed = tracer.close()
    while not closed.done() and time.monotonic() < deadline:
        time.sleep(0.05)
    print(json.dumps({"service": service, "trace_id": f"{span.trace_id:032x}", "spans": spans}))


main()
