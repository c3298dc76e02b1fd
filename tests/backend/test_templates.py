"""What the templates tell the image, the image knows: the linter and the AWS stand-in take any name."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import COLLECTOR

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def help_of(*command):
    return subprocess.run([COLLECTOR, *command, "--help"], capture_output=True, text=True, timeout=20, check=True).stdout


@pytest.mark.parametrize(
    "role, module", [("all-in-one", "memory"), ("collector", "collector-query"), ("query", "collector-query")]
)
def test_a_task_has_variables_of_its_role(role, module):
    body = (TEMPLATES / "modules" / f"{module}.yaml").read_text()
    [container] = re.findall(rf"- Name: {role}\n(.*?)\n +HealthCheck:", body, re.S)
    given = re.findall(r"\{Name: ([A-Z_]+), Value:", container)
    known = re.findall(r"\[env: ([A-Z_]+)", help_of(role))
    assert given
    assert set(given) <= set(known)


def test_the_job_has_arguments_of_its_command():
    entry = (TEMPLATES / "jaeger-existing-vpc.yaml").read_text()
    [listed] = re.findall(r"JobCommand: !Join\n +- ','\n((?: +-.*\n)+)", entry)
    command, job, *arguments = [line.split("- ")[-1] for line in listed.splitlines()]
    known = help_of(command, job)
    flags = [argument for argument in arguments if argument.startswith("--")]
    assert flags
    assert all(f"{flag} <" in known for flag in flags)
    assert f"- {arguments[arguments.index('--opensearch-auth') + 1]}:" in known


def test_a_failure_is_logged_as_the_alarm_expects_it(collector):
    code, log = collector("jobs", "clean", "--days", "1", "--opensearch-urls", "http://127.0.0.1:9")
    assert code == 1
    assert [json.loads(line)["level"] for line in log.splitlines()] == ["ERROR"]
    assert """FilterPattern: '{ $.level = "ERROR" }'""" in (TEMPLATES / "modules" / "alarms.yaml").read_text()
