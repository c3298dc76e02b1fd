"""One configuration: flags over the environment over a YAML file, checked, printed and read again."""

import json
import os
import signal
import subprocess
import time

from conftest import ALL_IN_ONE, COLLECTOR

RELOAD_SECONDS_MAX = 15


def run(*arguments, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JQS_", "RUST_"))}
    done = subprocess.run(
        [COLLECTOR, *map(str, arguments)], capture_output=True, text=True, timeout=20, env={**environment, **variables}
    )
    return done.returncode, done.stdout, done.stderr


def test_check_says_where_each_value_comes_from(tmp_path):
    file = tmp_path / "jqs.yaml"
    file.write_text("query-port: 1\nadmin-port: 1\notlp-grpc-port: 1\nopensearch-password: hunter2\n")
    code, out, error = run(
        "config", "check", "--config", file, "--query-port", "3", JQS_ADMIN_PORT="2", COLLECTOR_ZIPKIN_HOST_PORT=":4"
    )
    assert (code, error) == (0, "")
    rows = [line.split(maxsplit=2) for line in out.splitlines()[1:]]
    assert sorted(rows) == [
        ["admin-port", "2", "(environment, JQS_ADMIN_PORT)"],
        ["opensearch-password", "***", f"(file, {file}:4)"],
        ["otlp-grpc-port", "1", f"(file, {file}:3)"],
        ["query-port", "3", "(flag)"],
        ["zipkin-port", "4", "(environment, COLLECTOR_ZIPKIN_HOST_PORT)"],
    ]


def test_faults_have_a_place_and_an_exit_code(tmp_path):
    file = tmp_path / "jqs.yaml"
    file.write_text("query-prt: 1\n")
    for command in (["config", "check"], ["all-in-one"]):
        code, out, error = run(*command, JQS_CONFIG=str(file))
        assert (code, out) == (1, "")
        assert error.startswith("error: unknown key `query-prt`\n") and f"--> {file}:1:1\n" in error
    assert run("config", "check", "--nonsense")[0] == 2
    code, _, error = run("config", "check", "--config", file, JQS_CONFIG_CONTENT="query-port: 1")
    assert code == 2 and "give one of them" in error
    code, _, error = run("config", "check", "--role", "collector")
    assert code == 1 and "needs a storage that it shares" in error


def test_what_is_printed_can_be_given_back():
    content = "query-port: 7\nopensearch-urls: [http://a:1, http://b:2]\nopensearch-password: hunter2\nlog-level: warn\n"
    code, printed, error = run("config", "print", JQS_CONFIG_CONTENT=content)
    assert (code, error) == (0, "")
    assert "hunter2" not in printed
    again = run("config", "print", JQS_CONFIG_CONTENT=printed, ES_PASSWORD="hunter2")
    assert again == (0, printed, "")


def test_a_certificate_in_the_file_goes_with_a_key_among_the_flags():
    """Rules between flags hold wherever the values come from."""
    assert run("config", "check", "--tls-key", "key.pem", JQS_CONFIG_CONTENT="tls-cert: cert.pem")[0] == 0
    code, _, error = run("config", "check", JQS_CONFIG_CONTENT="tls-cert: cert.pem")
    assert code == 2 and "--tls-key" in error


def test_the_log_level_is_read_again_and_the_rest_needs_a_restart(start, tmp_path):
    file = tmp_path / "jqs.yaml"
    file.write_text("log-level: info\nmax-connections: 10\n")
    server = start("--config", file, command=ALL_IN_ONE)

    def wait_for(text):
        deadline = time.monotonic() + RELOAD_SECONDS_MAX
        while text not in server.log():
            assert time.monotonic() < deadline, server.log()
            assert server.is_running()
            time.sleep(0.05)

    file.write_text("log-level: debug\nmax-connections: 11\n")
    server.process.send_signal(signal.SIGHUP)
    wait_for("the configuration has changed in what needs a restart")
    records = [json.loads(line) for line in server.log().splitlines()]
    fields = [record["fields"] for record in records]
    assert {"message": "the configuration has changed", "log_level": "debug"} in fields
    assert any(field.get("keys") == "max-connections" for field in fields)
    assert all({"timestamp", "level", "target", "fields"} <= record.keys() for record in records)
    file.write_text("log-level: [\n")
    wait_for("the configuration stays as it was")
