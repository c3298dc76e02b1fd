"""Compares jqs with Jaeger, both with their memory storage, in turn within one run. The table is Markdown, on stdout."""

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import query
from servers import Server

SETTLE_SECONDS = 2
TRACES = (1_000, 10_000)

# Name, key in the generator's report or the round, unit, decimals.
MEASURES = [
    ("CPU of the server per million spans", "cpu_seconds_per_million_spans", "s", 2),
    ("spans accepted", "spans_per_second", "spans/s", 0),
    ("acknowledged, p50", "ack_p50_ms", "ms", 1),
    ("acknowledged, p95", "ack_p95_ms", "ms", 1),
    ("acknowledged, p99", "ack_p99_ms", "ms", 1),
    ("memory per stored span", "resident_bytes_per_span", "B", 0),
    ("start until healthy", "start_ms", "ms", 0),
]


def main():
    options = parse()
    programs = {"jqs": options.jqs, "Jaeger": options.jaeger}
    rounds = {name: [] for name in programs}
    with tempfile.TemporaryDirectory(prefix="jqs-bench-") as folder:
        for number in range(options.rounds):
            # Who goes first changes, so that a trend of the machine favours neither.
            for name in sorted(programs, reverse=number % 2 == 1):
                print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr)
                rounds[name].append(play(name, programs[name], options, Path(folder)))
    print_table(rounds, options)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jqs", required=True, help="path of jqs-collector")
    parser.add_argument("--jaeger", required=True, help="path of jaeger (v2)")
    parser.add_argument("--loadgen", required=True, help="path of the generator")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--spans", type=int, default=1_000_000)
    return parser.parse_args()


def play(name, program, options, folder):
    """One round on a fresh server."""
    with Server(name, program, folder) as server:
        result = load(options, server, options.spans)
        result["start_ms"] = server.start_ms
        traces = {spans: secrets.token_hex(16) for spans in TRACES}
        for spans, trace_id in traces.items():
            # Whole batches, so that the trace has exactly that many spans.
            load(options, server, spans, "-trace-id", trace_id, "-batch", "500")
        time.sleep(SETTLE_SECONDS)
        result["answers"] = query.measure(server.query_port, traces)
        return result


def load(options, server, spans, *arguments):
    command = [options.loadgen, "-address", server.otlp, "-pid", str(server.pid), "-spans", str(spans), *arguments]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    if report["failed"] or report["partial"]:
        raise SystemExit(f"error: {server.name} did not take every span: {report}")
    return report


def print_table(rounds, options):
    jqs, jaeger = rounds["jqs"], rounds["Jaeger"]
    bytes_per_span = statistics.median(one["bytes_per_span"] for one in jqs)
    print(f"{options.rounds} rounds of {options.spans:,} spans of {bytes_per_span:.0f} bytes; median (least–most)\n")
    print("| Measure | jqs | Jaeger | jqs / Jaeger |")
    print("|---|---|---|---|")
    for label, key, unit, decimals in MEASURES:
        print_row(label, [one[key] for one in jqs], [one[key] for one in jaeger], unit, decimals)
    for question in jqs[0]["answers"]:
        print_row(question, *([one["answers"][question] for one in side] for side in (jqs, jaeger)), "ms", 2)


def print_row(label, ours, theirs, unit, decimals):
    ratio = statistics.median(ours) / statistics.median(theirs)
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    spread = f"{ratio:.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
    print(f"| {label} | {cell(ours, unit, decimals)} | {cell(theirs, unit, decimals)} | {spread} |")


def cell(values, unit, decimals):
    median, least, most = (f"{value:,.{decimals}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{median} {unit} ({least}–{most})"


if __name__ == "__main__":
    main()
