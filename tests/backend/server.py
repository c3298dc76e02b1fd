"""One running server: started on free ports, read by its log and its metrics."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

# One client for every question: making one reads the certificates of the whole world. Connections are not kept, so that a server
# that is told to stop finds none of ours.
http = httpx.Client(timeout=30, limits=httpx.Limits(max_keepalive_connections=0))

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 20

# What the log calls a port, and the flag that sets it.
PORTS = {
    "OTLP gRPC": "--otlp-grpc-port",
    "OTLP HTTP": "--otlp-http-port",
    "Jaeger gRPC": "--jaeger-grpc-port",
    "Jaeger Thrift over HTTP": "--jaeger-http-port",
    "Jaeger compact Thrift over UDP": "--jaeger-compact-port",
    "Jaeger binary Thrift over UDP": "--jaeger-binary-port",
    "Zipkin compact Thrift over UDP": "--zipkin-compact-port",
    "Zipkin": "--zipkin-port",
    "sampling over HTTP": "--sampling-http-port",
    "sampling over gRPC": "--sampling-grpc-port",
    "the query API and the page": "--query-port",
    "the query API over gRPC": "--query-grpc-port",
    "health": "--health-port",
    "admin": "--admin-port",
    "metrics": "--metrics-port",
}
# The same in what `jqs up --json` prints.
READY = {
    "otlp_grpc": "OTLP gRPC",
    "otlp_http": "OTLP HTTP",
    "jaeger_grpc": "Jaeger gRPC",
    "jaeger_http": "Jaeger Thrift over HTTP",
    "jaeger_compact": "Jaeger compact Thrift over UDP",
    "jaeger_binary": "Jaeger binary Thrift over UDP",
    "zipkin_compact": "Zipkin compact Thrift over UDP",
    "zipkin": "Zipkin",
    "sampling_http": "sampling over HTTP",
    "sampling_grpc": "sampling over gRPC",
    "page": "the query API and the page",
    "query_grpc": "the query API over gRPC",
    "health": "health",
    "admin": "admin",
    "metrics": "metrics",
}

def free_ports(flags):
    """A free port for every way in and out that `flags` say nothing of."""
    return [argument for flag in PORTS.values() if flag not in flags for argument in (flag, "0")]


class Server:
    """`with` it, and it is gone at the end, however the test ends."""

    def __init__(self, command, *flags, log):
        self.log_path = Path(log)
        off = {flag for flag, value in zip(flags, flags[1:]) if value == "off"}
        self._ports = {name for name, flag in PORTS.items() if flag not in off}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*map(str, command), *free_ports(flags), *map(str, flags)], stdout=log, stderr=log)
        try:
            self._addresses = self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def terminate(self):
        """As an orchestrator stops it. Returns the exit code and the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_SECONDS_MAX)
        return code, time.monotonic() - began

    def log(self):
        return self.log_path.read_text()

    def address(self, port):
        """HOST:PORT of what the log calls so."""
        return self._addresses[port]

    @property
    def otlp_grpc(self):
        return self._addresses["OTLP gRPC"]

    @property
    def otlp_http(self):
        return self._addresses["OTLP HTTP"]

    @property
    def traces_url(self):
        return f"http://{self.otlp_http}/v1/traces"

    @property
    def query_url(self):
        return f"http://{self._addresses['the query API and the page']}"

    @property
    def health_url(self):
        return f"http://{self._addresses['health']}"

    @property
    def admin_url(self):
        return f"http://{self._addresses['admin']}"

    @property
    def metrics_url(self):
        return f"http://{self._addresses['metrics']}"

    def metric(self, name, **labels):
        """The sum of the samples of `name` that have all `labels`."""
        samples = [sample for sample in self.metrics() if sample[0] == name and labels.items() <= sample[1].items()]
        assert samples, f"no metric {name} with {labels}"
        return sum(value for _, _, value in samples)

    def metrics(self):
        answer = http.get(f"{self.metrics_url}/metrics")
        assert answer.status_code == 200
        return [_sample(line) for line in answer.text.splitlines() if line and not line.startswith("#")]

    def resident_bytes(self):
        return self._memory("VmRSS")

    def peak_resident_bytes(self):
        return self._memory("VmHWM")

    def _memory(self, name):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) * 1024

    def is_running(self):
        return self.process.poll() is None

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.log()}"
            addresses = _addresses(self.log())
            if addresses.keys() >= self._ports and _is_healthy(addresses["health"]):
                return addresses
            time.sleep(0.01)
        raise AssertionError(f"the server was not ready after {START_SECONDS_MAX} s:\n{self.log()}")


def _addresses(log):
    addresses = {}
    for line in log.splitlines():
        if not line.startswith("{"):
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue  # the line is still being written
        if record.get("type") == "ready":  # `jqs up --json`
            return {name: urlsplit(record[key]).netloc for key, name in READY.items()}
        fields = record.get("fields", {})
        message = fields.get("message", "")
        if message.startswith("listening for "):
            addresses[message.removeprefix("listening for ")] = fields["address"]
    return addresses


def _is_healthy(address):
    try:
        return http.get(f"http://{address}/status").status_code == 200
    except httpx.TransportError:
        return False


def _sample(line):
    name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
    return name, dict(re.findall(r'(\w+)="([^"]*)"', labels or "")), float(value)
