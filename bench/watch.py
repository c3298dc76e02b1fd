"""What bench/watch.sh needs: templates, a proxy that counts calls, and the comparison afterwards.

  watch.py templates FOLDER                      a tree of twelve stacks
  watch.py proxy PORT UPSTREAM COUNTS            counts calls to CloudFormation until it is ended, then writes them
  watch.py stamp                                 adds the moment at which it came to each line of JSON
  watch.py report ENDPOINT STACK FOLDER          calls a minute, and whether and when each event of each stack was told

In the FOLDER are NAME.json, the calls of each watcher, and NAME.out, what those that tell events have told.
"""

import collections
import datetime
import http.client
import http.server
import json
import signal
import statistics
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

PARTS = 9
RESOURCES = 5


def stack_of(children):
    resources = {
        name: {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": file}} for name, file in children
    }
    return {"Resources": resources}


def templates(folder):
    """A root, two stacks that only hold others, and nine with resources."""
    folder = Path(folder)
    leaf = {f"Topic{number}": {"Type": "AWS::SNS::Topic"} for number in range(RESOURCES)}
    (folder / "part.json").write_text(json.dumps({"Resources": leaf}))
    names = [f"Part{number}" for number in range(PARTS)]
    for holder, part in (("first", names[:4]), ("second", names[4:])):
        (folder / f"{holder}.json").write_text(json.dumps(stack_of((name, "part.json") for name in part)))
    (folder / "root.json").write_text(json.dumps(stack_of((("First", "first.json"), ("Second", "second.json")))))


def proxy(port, upstream, counts):
    calls = []
    host = urllib.parse.urlparse(upstream).netloc

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            action = urllib.parse.parse_qs(body.decode(errors="replace")).get("Action", ["other"])[0]
            calls.append((time.time(), action))
            connection = http.client.HTTPConnection(host)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = forward

        def log_message(self, *_):
            pass

    def end(*_):
        Path(counts).write_text(json.dumps(calls))
        sys.exit(0)

    class Server(http.server.ThreadingHTTPServer):
        # A client that hangs up before it has its answer is its own affair.
        def handle_error(self, *_):
            pass

    signal.signal(signal.SIGTERM, end)
    Server(("127.0.0.1", int(port)), Handler).serve_forever()


def stamp():
    for line in sys.stdin:
        print(json.dumps(json.loads(line) | {"told": time.time()}), flush=True)


def lateness(event):
    moment = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
    return event["told"] - moment.timestamp()


def events_of(endpoint, stack):
    """All events of a tree, as anybody can read them afterwards."""
    command = ["aws", "cloudformation", "describe-stack-events", "--endpoint-url", endpoint, "--stack-name", stack]
    events = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["StackEvents"]
    found = [(event["StackId"], event["LogicalResourceId"], event["ResourceStatus"]) for event in events]
    own = events[0]["StackId"]
    nested = {
        event["PhysicalResourceId"]
        for event in events
        if event["ResourceType"] == "AWS::CloudFormation::Stack" and event.get("PhysicalResourceId") not in (None, "", own)
    }
    return found + [event for child in sorted(nested) for event in events_of(endpoint, child)]


def report(endpoint, stack, folder):
    happened = collections.Counter(events_of(endpoint, stack))
    stacks = len({stack_id for stack_id, _, _ in happened})
    print(f"\n{stacks} stacks, {happened.total()} events\n")
    print(f"{'':12}{'calls':>8}{'minutes':>9}{'a minute':>10}{'missed':>8}{'median':>9}{'at most':>9}")
    for file in sorted(Path(folder).glob("*.json")):
        calls = json.loads(file.read_text())
        # Signing in is no part of watching.
        calls = [(moment, action) for moment, action in calls if action not in ("GetCallerIdentity", "other")]
        minutes = (calls[-1][0] - calls[0][0]) / 60
        print(f"{file.stem:12}{len(calls):8}{minutes:9.1f}{len(calls) / minutes:10.2f}{told(file, happened):26}", end="  ")
        print(", ".join(f"{action} {count}" for action, count in collections.Counter(a for _, a in calls).most_common()))


def told(file, happened):
    """How many events a watcher has missed, and how many seconds after it happened it has told each."""
    output = file.with_suffix(".out")
    if not output.exists():
        return ""
    records = (json.loads(line) for line in output.read_text().splitlines())
    events = [record for record in records if record["type"] == "event"]
    shown = collections.Counter((event["stack_id"], event["logical_id"], event["status"]) for event in events)
    late = sorted(map(lateness, events))
    return f"{(happened - shown).total():8}{statistics.median(late):9.1f}{late[-1]:9.1f}"


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    {"templates": templates, "proxy": proxy, "stamp": stamp, "report": report}[verb](*rest)
