"""A client that sends part of a request and then takes its time."""

import socket
import time


class SlowSender:
    """Announces `body`, sends the first `sent` bytes of it, and waits to be told to go on."""

    def __init__(self, server, body, sent):
        host, port = server.otlp_http.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), timeout=10)
        head = (
            f"POST /v1/traces HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-protobuf\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._rest = body[sent:]
        self._socket.sendall(head.encode() + body[:sent])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def finish(self):
        """Sends the rest and returns the status code."""
        self._socket.sendall(self._rest)
        answer = b""
        while part := self._socket.recv(4096):
            answer += part
        return int(answer.split(b" ", 2)[1])


def wait_until(condition, what, seconds_max=5):
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, f"not after {seconds_max} s: {what}"
        time.sleep(0.02)
