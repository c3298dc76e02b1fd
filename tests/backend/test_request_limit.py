"""No request takes more than its limit, whatever it claims and however it is packed."""

import gzip
import zlib

import grpc
import otlp
import pytest
from google.rpc.status_pb2 import Status

REQUEST_MAX_BYTES = 1 << 20
SERVER_FLAGS = ["--request-max-bytes", str(REQUEST_MAX_BYTES)]
VALID = otlp.request().SerializeToString()
GZIP = {"Content-Encoding": "gzip"}
# What a bomb unpacks to, and what a refused one may add to the process: a few requests of the largest size.
BOMB_BYTES = 256 << 20
BOMB_RESIDENT_BYTES_MAX = 16 << 20


@pytest.fixture(scope="module")
def bomb():
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    packed = b"".join(packer.compress(block) for _ in range(BOMB_BYTES // len(block))) + packer.flush()
    assert len(packed) < REQUEST_MAX_BYTES
    return packed


def test_the_largest_body_is_taken_and_one_byte_more_is_not(server):
    largest = filled(REQUEST_MAX_BYTES)
    assert otlp.post(server, largest).status_code == 200
    assert otlp.post(server, gzip.compress(largest), **GZIP).status_code == 200
    otlp.export_bytes(server, largest)
    for body, headers in [(filled(REQUEST_MAX_BYTES + 1), {}), (gzip.compress(filled(REQUEST_MAX_BYTES + 1)), GZIP)]:
        answer = otlp.post(server, body, **headers)
        assert answer.status_code == 413
        assert f"more than {REQUEST_MAX_BYTES} bytes" in Status.FromString(answer.content).message
    with pytest.raises(grpc.RpcError) as error:
        otlp.export_bytes(server, filled(REQUEST_MAX_BYTES + 1))
    assert error.value.code() == grpc.StatusCode.OUT_OF_RANGE


def test_a_gzip_bomb_is_not_unpacked_over_http(server, bomb):
    before = server.peak_resident_bytes()
    assert otlp.post(server, bomb, **GZIP).status_code == 413
    assert server.peak_resident_bytes() - before < BOMB_RESIDENT_BYTES_MAX


def test_a_gzip_bomb_is_not_unpacked_over_grpc(server):
    before = server.peak_resident_bytes()
    with pytest.raises(grpc.RpcError) as error:
        otlp.export_bytes(server, bytes(BOMB_BYTES), compression=grpc.Compression.Gzip)
    assert error.value.code() in {grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert server.peak_resident_bytes() - before < BOMB_RESIDENT_BYTES_MAX


def filled(length):
    """A valid request of `length` bytes: a field of an unknown number fills it up."""
    filler = length - len(VALID) - 4
    return VALID + b"\x7a" + bytes([filler & 0x7F | 0x80, filler >> 7 & 0x7F | 0x80, filler >> 14]) + bytes(filler)
