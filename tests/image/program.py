"""`jqs`, run with an environment of its own."""

import json
import os
import subprocess
from dataclasses import dataclass

PROGRAM = os.environ["JQS_PROGRAM"]
COLLECTOR = PROGRAM + "-collector-amd64"
REGISTRY = os.environ["JQS_REGISTRY"]
AWS = os.environ["JQS_AWS"]
ACCOUNT = "123456789012"
REGION = "eu-west-1"
USER, PASSWORD = "jqs", "secret"
RUN_SECONDS_MAX = 120

AWS_ENVIRONMENT = {
    "AWS_ENDPOINT_URL": AWS,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": ACCOUNT,
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass
class Run:
    code: int
    stdout: str
    stderr: str

    def records(self, kind):
        lines = [json.loads(line) for line in self.stdout.splitlines()]
        return [line for line in lines if line["type"] == kind]


def jqs(home, *arguments, expect=0, stdin="", environment=None, umask=0o022):
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], **(environment or {})}
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=home,
        env=variables,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
        umask=umask,
        check=False,
    )
    assert done.returncode == expect, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return Run(done.returncode, done.stdout, done.stderr)
