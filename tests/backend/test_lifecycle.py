"""How the server starts, refuses to start, and stops."""

import signal
import socket
import threading
import time

import httpx
import otlp
import pytest
from server import http
from slow_sender import SlowSender, wait_until

BODY = otlp.request(attribute_bytes=10_000).SerializeToString()


def test_a_port_in_use_is_named_with_its_flag(server, collector):
    port = server.otlp_grpc.rsplit(":", 1)[1]
    code, error = collector("all-in-one", "--otlp-grpc-port", port)
    assert code == 1
    assert f"cannot listen on 127.0.0.1:{port} for OTLP gRPC" in error
    assert "`--otlp-grpc-port`" in error


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["all-in-one", "--base-path", "x"], 1, "`--base-path` must start with `/`"),
        (["all-in-one", "--base-path", "/a b"], 1, "not `/a b`"),
        (["all-in-one", "--request-max-bytes", "30MiB", "--in-flight-max-bytes", "80MiB"], 1, "must be at least 3 times"),
        (["query", "--storage", "memory"], 1, "the role `query` needs a storage that it shares"),
        (["collector", "--storage", "memory"], 1, "the role `collector` needs a storage that it shares"),
        (["all-in-one", "--max-connections", "0"], 2, "--max-connections"),
        (["all-in-one", "--otlp-grpc-port", "65536"], 2, "--otlp-grpc-port"),
        (["all-in-one", "--listen-host", "nowhere"], 2, "--listen-host"),
        (["all-in-one", "--memory-max-bytes", "much"], 2, "--memory-max-bytes"),
        (["all-in-one", "--no-such-flag"], 2, "--no-such-flag"),
        (["no-such-role"], 2, "no-such-role"),
    ],
)
def test_what_cannot_stand_is_refused_at_the_start(collector, arguments, code, words):
    found, error = collector(*arguments)
    assert found == code
    assert words in error


def test_the_next_connection_waits_for_a_place(start):
    server = start("--max-connections", "2")
    host, port = server.otlp_http.rsplit(":", 1)
    request = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"
    connections = [socket.create_connection((host, int(port)), timeout=5) for _ in range(3)]
    try:
        first, second, third = connections
        for connection in connections:
            connection.sendall(request)
        assert first.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert second.recv(4096).startswith(b"HTTP/1.1 200 ")
        third.settimeout(0.5)
        with pytest.raises(TimeoutError):
            third.recv(4096)
        first.close()
        third.settimeout(5)
        assert third.recv(4096).startswith(b"HTTP/1.1 200 ")
    finally:
        for connection in connections:
            connection.close()


def in_flight_bytes(server):
    """None before the first request: the gauge appears with it."""
    return sum(value for name, _, value in server.metrics() if name == "jqs_receiver_in_flight_bytes")


def test_a_request_that_was_begun_is_finished_after_sigterm(start):
    server = start()
    with SlowSender(server, BODY, sent=5_000) as sender:
        wait_until(lambda: in_flight_bytes(server) == 5_000, "the sender's bytes are counted")
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_listening(server), "the port is closed")
        # It takes nothing new, and is alive: whoever asks is told so until the end.
        health = http.get(f"{server.health_url}/status")
        assert (health.status_code, health.json()["status"]) == (503, "StatusStopping")
        assert http.get(f"{server.health_url}/live").status_code == 200
        assert http.get(f"{server.admin_url}/").status_code == 503
        assert in_flight_bytes(server) == 5_000
        assert sender.finish() == 200
    assert server.process.wait(5) == 0


def test_every_request_under_load_gets_an_answer_at_sigterm(start):
    server = start()
    sent, answers, broken = [], [], []

    def send():
        with httpx.Client() as client:
            while True:
                try:
                    answers.append(client.post(server.traces_url, content=BODY, headers=otlp.PROTOBUF).status_code)
                except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError) as error:
                    sent.append(error)
                    return
                except httpx.TransportError as error:
                    broken.append(error)
                    return

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answers) > 200, "the load runs")
    code, seconds = server.terminate()
    for thread in threads:
        thread.join(10)
    assert (code, broken) == (0, [])
    assert set(answers) == {200}
    assert seconds < 3


def test_idle_connections_do_not_hold_up_the_stop(start):
    server = start()
    host, port = server.otlp_http.rsplit(":", 1)
    silent = socket.create_connection((host, int(port)))
    with silent, httpx.Client() as kept_alive:
        assert kept_alive.post(server.traces_url, content=b"", headers=otlp.PROTOBUF).status_code == 200
        code, seconds = server.terminate()
    assert code == 0
    assert seconds < 3


def test_a_sender_that_never_ends_is_cut_off_at_the_deadline(start):
    server = start("--shutdown-seconds", "1")
    with SlowSender(server, BODY, sent=5_000):
        wait_until(lambda: in_flight_bytes(server) == 5_000, "the sender's bytes are counted")
        code, seconds = server.terminate()
    assert code == 1
    assert 0.9 < seconds < 3
    assert "were cut off" in server.log()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_second_signal_ends_it_at_once(start, number, code):
    server = start("--shutdown-seconds", "60")
    with SlowSender(server, BODY, sent=5_000):
        wait_until(lambda: in_flight_bytes(server) == 5_000, "the sender's bytes are counted")
        server.process.send_signal(number)
        wait_until(lambda: not is_listening(server), "the port is closed")
        time.sleep(0.2)
        assert server.is_running()
        server.process.send_signal(number)
        assert server.process.wait(2) == code


def is_listening(server):
    host, port = server.otlp_http.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True
