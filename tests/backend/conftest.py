"""The programs under test, and servers of them that never outlive a test."""

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from server import Server

BIN_DIR = Path(os.environ["JQS_BIN_DIR"])
COLLECTOR = BIN_DIR / "jqs-collector"
ALL_IN_ONE = [COLLECTOR, "all-in-one"]
DEMO = [BIN_DIR / "jqs", "up", "--demo", "--json"]


@pytest.fixture
def start(tmp_path):
    """Starts servers: `start("--flag", …)`; each is killed at the end of the test."""
    with ExitStack() as servers:
        count = iter(range(100))

        def start(*flags, command=ALL_IN_ONE):
            return servers.enter_context(Server(command, *flags, log=tmp_path / f"server-{next(count)}.log"))

        yield start


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    """A server that the tests of one file share, with the flags that the file names in `SERVER_FLAGS`."""
    flags = getattr(request.module, "SERVER_FLAGS", [])
    with Server(ALL_IN_ONE, *flags, log=tmp_path_factory.mktemp("server") / "server.log") as server:
        yield server
        assert server.is_running(), f"the server ended:\n{server.log()}"


@pytest.fixture
def collector():
    """Runs the program to its end: exit code and what it wrote to stderr."""

    def run(*arguments):
        done = subprocess.run([COLLECTOR, *arguments], capture_output=True, text=True, timeout=20)
        assert done.stdout == ""
        return done.returncode, done.stderr

    return run
