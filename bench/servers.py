"""The two servers that are compared, each started afresh for every round."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 30
# Room for every span of a round, and more.
MEMORY_MAX = "8GiB"
HERE = Path(__file__).parent


class Server:
    """One server of one round, gone at the end of `with`."""

    def __init__(self, name, program, folder):
        self.name = name
        self._ports = dict(zip(("OTLP_PORT", "QUERY_PORT", "QUERY_GRPC_PORT", "HEALTH_PORT"), free_ports(4), strict=True))
        self._log = open(folder / f"{name}.log", "wb")
        command = JQS if name == "jqs" else JAEGER
        began = time.monotonic()
        self._process = subprocess.Popen(
            [program, *(argument.format(**self._ports) for argument in command)],
            env={**os.environ, **{key: str(port) for key, port in self._ports.items()}},
            stdout=self._log,
            stderr=self._log,
        )
        try:
            self._wait_until_healthy()
        except BaseException:
            self.__exit__()
            raise
        self.start_ms = (time.monotonic() - began) * 1000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    @property
    def pid(self):
        return self._process.pid

    @property
    def otlp(self):
        return f"127.0.0.1:{self._ports['OTLP_PORT']}"

    @property
    def query_port(self):
        return self._ports["QUERY_PORT"]

    def _wait_until_healthy(self):
        url = f"http://127.0.0.1:{self._ports['HEALTH_PORT']}/status"
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if urllib.request.urlopen(url, timeout=1).status == 200:
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.002)
        raise SystemExit(f"error: {self.name} is not healthy; its log is {self._log.name}")


JQS = [
    *("all-in-one", "--memory-max-bytes", MEMORY_MAX, "--otlp-grpc-port", "{OTLP_PORT}", "--query-port", "{QUERY_PORT}"),
    *("--health-port", "{HEALTH_PORT}", "--otlp-http-port", "0", "--admin-port", "0", "--metrics-port", "0"),
]
JAEGER = ["--config", str(HERE / "jaeger.yaml")]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
