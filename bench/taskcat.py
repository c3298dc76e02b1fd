"""What bench/taskcat.sh measures: `jqs test run` beside TaskCat on one project. The tables are Markdown, on stdout.

  taskcat.py JQS TASKCAT ROUNDS
"""

import collections
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "111122223333"
TIMEOUT_SECONDS = 600
REGIONS = ["us-east-1", "eu-west-1"]
ENTRY = """\
AWSTemplateFormatVersion: '2010-09-09'
Description: A topic, and a queue in a nested stack
Parameters:
  Name: {Type: String, Default: first}
  TemplateBucket: {Type: String, Default: none}
Conditions:
  IsNested: !Not [!Equals [!Ref TemplateBucket, none]]
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Name}}
  Child:
    Type: AWS::CloudFormation::Stack
    Condition: IsNested
    Properties:
      TemplateURL: !Sub https://${TemplateBucket}.s3.${AWS::URLSuffix}/bench/templates/child.yaml
Outputs:
  Topic: {Value: !Ref Topic}
"""
CHILD = "AWSTemplateFormatVersion: '2010-09-09'\nDescription: A queue\nResources: {Queue: {Type: AWS::SQS::Queue}}\n"
STUCK = "AWSTemplateFormatVersion: '2010-09-09'\nDescription: A topic\nResources: {Stuck: {Type: AWS::SNS::Topic}}\n"
# Milliseconds that each resource takes: no real one is done as soon as the first says.
SOON, LATER = 500, 5000
# What the stand-in is made to do, tests beside the six, how long a resource takes, and whether there are several rounds.
SCENARIOS = {
    "everything passes, 5 s a resource": ({}, "", LATER, True),
    "everything passes, 0.5 s a resource": ({}, "", SOON, True),
    "a creation fails": ({"SHIM_FAIL_LOGICAL": "Queue"}, "", SOON, False),
    "a deletion fails": ({"SHIM_FAIL_DELETION": "Stuck"}, "  stuck: {template: templates/stuck.yaml}\n", SOON, False),
}


def project(folder, more):
    (folder / "templates").mkdir(parents=True)
    for name, text in (("entry", ENTRY), ("child", CHILD), ("stuck", STUCK)):
        (folder / "templates" / f"{name}.yaml").write_text(text)
    tests = "".join(f"  plain-{number}: {{parameters: {{Name: n{number}}}}}\n" for number in range(4))
    tests += "".join(f"  nested-{number}: {{parameters: {{TemplateBucket: '$[taskcat_autobucket]'}}}}\n" for number in range(2))
    config = f"project:\n  name: bench\n  regions: {json.dumps(REGIONS)}\n  template: templates/entry.yaml\n  package_lambda: false\n"
    (folder / ".taskcat.yml").write_text(f"{config}tests:\n{tests}{more}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def tree_bytes(pid):
    """What a process and all below it have in memory."""
    pids, total = [pid], 0
    while pids:
        one = pids.pop()
        try:
            status = Path(f"/proc/{one}/status").read_text()
            pids += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
        rss = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
        total += int(rss[0]) * 1024 if rss else 0
    return total


def play(command, settings, more, delay):
    """One run on a fresh stand-in."""
    data = Path(tempfile.mkdtemp(prefix="jqs-bench-"))
    port, proxy_port = free_port(), free_port()
    aws = ROOT / "tests/services/aws"
    subprocess.run([aws / "start.sh", str(port), data / "cloud"], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **settings, "SHIM_DELAY_MS": str(delay)})
    counts = data / "counts.json"
    proxy = subprocess.Popen([sys.executable, ROOT / "bench/watch.py", "proxy", str(proxy_port), f"http://127.0.0.1:{port}", counts])
    try:
        project(data / "project", more)
        home = data / "home/.aws"
        home.mkdir(parents=True)
        (home / "credentials").write_text(f"[default]\naws_access_key_id = {ACCOUNT}\naws_secret_access_key = secret\n")
        (home / "config").write_text("[default]\nregion = us-east-1\n")
        while socket.socket().connect_ex(("127.0.0.1", proxy_port)):
            time.sleep(0.05)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(data / "home"),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy_port}",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        began, peak = time.time(), 0
        with open(data / "out", "w") as out:
            process = subprocess.Popen(command, cwd=data / "project", env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
            while process.poll() is None:
                peak = max(peak, tree_bytes(process.pid))
                if time.time() - began > TIMEOUT_SECONDS:
                    process.kill()
                time.sleep(0.05)
        took = time.time() - began
        proxy.send_signal(signal.SIGTERM)
        proxy.wait()
        calls = json.loads(counts.read_text())
        first = [at for at, action in calls if action == "CreateStack"]
        return {
            "wall": took,
            "first": first[0] - began if first else float("nan"),
            "calls": len(calls),
            "by_action": collections.Counter(action for _, action in calls),
            "peak": peak,
            "exit": process.returncode,
            "said": (data / "out").read_text(),
        }
    finally:
        proxy.kill()
        subprocess.run([aws / "stop.sh", data / "cloud"], check=False)
        shutil.rmtree(data, ignore_errors=True)


def main():
    jqs, taskcat, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    programs = {"jqs": [jqs, "test", "run"], "TaskCat": [taskcat, "test", "run"]}
    for scenario, (settings, more, delay, is_repeated) in SCENARIOS.items():
        results = {name: [] for name in programs}
        for number in range(rounds if is_repeated else 1):
            for name in sorted(programs, reverse=number % 2 == 1):
                print(f"{scenario}: {name}", file=sys.stderr)
                results[name].append(play(programs[name], settings, more, delay))
        show(scenario, results)


def show(scenario, results):
    ours, theirs = results["jqs"], results["TaskCat"]
    print(f"\n### {scenario[0].upper()}{scenario[1:]}\n\n| | jqs | TaskCat | TaskCat / jqs |\n|---|---|---|---|")
    for label, key, unit, scale in (
        ("to the first stack", "first", "s", 1),
        ("the whole run", "wall", "s", 1),
        ("calls to AWS", "calls", "", 1),
        ("largest resident size", "peak", "MB", 1e-6),
    ):
        one, other = (statistics.median(run[key] for run in side) * scale for side in (ours, theirs))
        form = "{:.0f}" if unit in ("", "MB") else "{:.2f}"
        print(f"| {label} | {form.format(one)} {unit} | {form.format(other)} {unit} | {other / one:.1f} |")
    print(f"| exit code | {ours[0]['exit']} | {theirs[0]['exit']} | |")
    actions = sorted(set(ours[0]["by_action"]) | set(theirs[0]["by_action"]))
    counts = ", ".join(f"{action} {ours[0]['by_action'][action]} : {theirs[0]['by_action'][action]}" for action in actions)
    print(f"\nCalls of one round, jqs : TaskCat: {counts}.")
    for name, runs in results.items():
        lines = [line for line in runs[-1]["said"].splitlines() if "rror" in line or "✗" in line or "FAILED" in line or "passed" in line]
        print(f"\n{name} says:\n```\n" + "\n".join(line[:200] for line in lines[-8:]) + "\n```")


main()
