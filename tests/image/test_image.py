"""The image from the binary to the answer of its container."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

import registry
from container import Container, unpack
from program import COLLECTOR, PASSWORD, REGISTRY, USER, jqs

READY_SECONDS_MAX = 20
# Of a release build; what these tests build is larger before it is packed, and has to fit as well.
COMPRESSED_BYTES_MAX = 15_000_000
TRACE_ID = "5b8aa5a2d2c872e8321cf37308d69df2"
PORTS = ["JQS_OTLP_GRPC_PORT", "JQS_OTLP_HTTP_PORT", "JQS_QUERY_PORT", "JQS_HEALTH_PORT", "JQS_ADMIN_PORT", "JQS_METRICS_PORT"]


@pytest.fixture(scope="session")
def pushed(built, tmp_path_factory):
    home = tmp_path_factory.mktemp("pushed")
    return push(home, built[0], "--repository", f"{REGISTRY}/team/jqs:1")


def push(home, layout, *arguments):
    login = ["--username", USER, "--password-stdin"]
    return jqs(home, "--json", "image", "push", layout, *arguments, *login, stdin=PASSWORD + "\n")


def test_the_same_input_gives_the_same_digest_whatever_is_around(built, tmp_path):
    tar, said = built
    other = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "USER": "somebody"}
    # A copy has another time and another mode; the folder is read in another order.
    copy = tmp_path / "another-name"
    copy.write_bytes(Path(COLLECTOR).read_bytes())
    copy.chmod(0o400)
    os.utime(copy, (0, 0))
    out = tmp_path / "again.tar"
    again = jqs(tmp_path, "image", "build", "--binary", copy, "--out", out, environment=other, umask=0o077)
    assert again.stdout.strip() == said["digest"]
    assert out.read_bytes() == tar.read_bytes()
    dated = jqs(tmp_path, "image", "build", "--out", "dated", environment={"SOURCE_DATE_EPOCH": "1767225600"})
    assert dated.stdout.strip() != said["digest"]


def test_it_is_small(built):
    [platform] = built[1]["platforms"]
    assert (platform["os"], platform["architecture"]) == ("linux", "amd64")
    assert platform["compressed_bytes"] <= COMPRESSED_BYTES_MAX


def test_a_program_that_the_image_cannot_run_is_refused(tmp_path):
    dynamic = jqs(tmp_path, "image", "build", "--binary", "/bin/sh", expect=2)
    assert "linked dynamically" in dynamic.stderr and "make static" in dynamic.stderr
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    assert "no Linux executable" in jqs(tmp_path, "image", "build", "--binary", script, expect=2).stderr
    lock = tmp_path / "Cargo.lock"
    lock.write_text('version = 4\n[[package]]\nname = "jqs-collector"\nversion = "0.0.1"\n')
    other = jqs(tmp_path, "image", "build", "--binary", COLLECTOR, "--lock", lock, expect=2)
    assert f"was not built from `{lock}`" in other.stderr
    assert not (tmp_path / "jqs-image.tar").exists()


def test_what_is_in_the_registry_is_not_sent_again(built, pushed, tmp_path):
    tar, said = built
    [result] = pushed.records("result")
    assert result["digest"] == said["digest"] == registry.tagged("team/jqs", "1")
    assert result["sent_bytes"] > 0 and not result["was_there"]
    [again] = push(tmp_path, tar, "--repository", f"{REGISTRY}/team/jqs:1").records("result")
    assert again["was_there"] and again["sent_bytes"] == 0
    other_tag = push(tmp_path, tar, "--repository", f"{REGISTRY}/team/jqs:2")
    assert all(layer["was_there"] for layer in other_tag.records("layer"))
    assert registry.tagged("team/jqs", "2") == said["digest"]


def test_credentials_come_from_docker_and_wrong_ones_are_told(built, tmp_path):
    target = ["image", "push", built[0], "--repository", f"{REGISTRY}/from-docker:1"]
    anonymous = jqs(tmp_path, *target, expect=1)
    assert "asks for a username and a password" in anonymous.stderr
    wrong = jqs(tmp_path, *target, "--username", USER, "--password-stdin", stdin="wrong", expect=1)
    assert "does not accept the credentials" in wrong.stderr and "wrong" not in wrong.stderr
    assert registry.tagged("from-docker", "1") is None
    (tmp_path / ".docker").mkdir()
    config = {"auths": {REGISTRY: {"username": USER, "password": PASSWORD}}}
    (tmp_path / ".docker/config.json").write_text(json.dumps(config))
    assert jqs(tmp_path, *target).stdout.strip().endswith(registry.tagged("from-docker", "1"))


def test_a_damaged_layout_is_not_pushed(built, tmp_path):
    (tmp_path / "layout").mkdir()
    subprocess.run(["tar", "-xf", built[0], "-C", tmp_path / "layout"], check=True)
    largest = max((tmp_path / "layout/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    with open(largest, "r+b") as blob:
        blob.seek(1000)
        blob.write(b"flipped")
    refused = jqs(tmp_path, "image", "push", "layout", "--repository", f"{REGISTRY}/damaged:1", expect=2)
    assert "holds something else" in refused.stderr
    assert registry.tagged("damaged", "1") is None


@pytest.mark.usefixtures("pushed")
def test_the_container_takes_a_trace_tells_its_health_and_stops(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    tmp_path.chmod(0o755)
    config = unpack("team/jqs", "1", root)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    assert files == ["etc/ssl/certs/ca-certificates.crt", "jqs-collector", "usr/share/doc/jqs-collector/sbom.cdx.json"]
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    with Container(root, config, ports, tmp_path / "log") as container:
        wait_until_healthy(container)
        send_trace(f"http://127.0.0.1:{ports['JQS_OTLP_HTTP_PORT']}/v1/traces")
        url = f"http://127.0.0.1:{ports['JQS_QUERY_PORT']}/api/traces/{TRACE_ID}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            [trace] = json.load(answer)["data"]
        assert [span["operationName"] for span in trace["spans"]] == ["checkout"]
        assert container.stop() == 0
    unhealthy = container.run("health")
    assert unhealthy.returncode != 0, "nobody is there any more"


@pytest.mark.usefixtures("pushed")
def test_the_authorities_and_the_dependencies_can_be_read_by_others(tmp_path):
    unpack("team/jqs", "1", tmp_path)
    bundle = tmp_path / "etc/ssl/certs/ca-certificates.crt"
    read = subprocess.run(
        ["openssl", "crl2pkcs7", "-nocrl", "-certfile", bundle], capture_output=True, check=True
    ).stdout
    listed = subprocess.run(["openssl", "pkcs7", "-print_certs", "-noout"], input=read, capture_output=True, check=True)
    assert listed.stdout.count(b"subject=") == bundle.read_text().count("BEGIN CERTIFICATE") > 100
    sbom = json.loads((tmp_path / "usr/share/doc/jqs-collector/sbom.cdx.json").read_text())
    names = {component["name"] for component in sbom["components"]}
    assert {"tokio", "rustls", "tonic"} <= names and "jqs-cfn" not in names


def send_trace(url):
    start = time.time_ns()
    span = {
        "traceId": TRACE_ID, "spanId": "051581bf3cb55c13", "name": "checkout", "kind": 2,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + 1_000_000),
    }
    service = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    body = {"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [span]}]}]}
    header = "Content-Type: application/json"
    curl = ["curl", "--silent", "--show-error", "--fail", "--header", header, "--data", json.dumps(body), url]
    subprocess.run(curl, check=True, capture_output=True)


def wait_until_healthy(container):
    deadline = time.monotonic() + READY_SECONDS_MAX
    while (health := container.run("health")).returncode != 0:
        assert container.process.poll() is None, "the container ended"
        assert time.monotonic() < deadline, health.stderr
        time.sleep(0.1)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
