#!/bin/bash
# Compares jqs with Jaeger on this machine and prints a Markdown table.
# Usage: JAEGER=/path/to/jaeger run.sh [PATH_OF_JQS_COLLECTOR] [--rounds N] [--spans N]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
jqs=${CARGO_TARGET_DIR:-$here/../target}/release/jqs-collector
if [[ $# -gt 0 && $1 != --* ]]; then
  jqs=$1
  shift
fi

fail() {
  echo "error: $1" >&2
  exit 1
}

[[ -n ${JAEGER:-} ]] || fail "set JAEGER to the path of a Jaeger v2 binary; it is what jqs is compared with"
[[ -x $JAEGER ]] || fail "\`$JAEGER\` (from JAEGER) is not a program"
[[ -x $jqs ]] || fail "\`$jqs\` is missing; build it with \`cargo build --release -p jqs-collector\`"
command -v go >/dev/null || fail "\`go\` is missing; the generator of spans is written in Go"
command -v python3 >/dev/null || fail "\`python3\` is missing; it runs the rounds"

loadgen=$(mktemp -d)/loadgen
trap 'rm -r "$(dirname "$loadgen")"' EXIT
go -C "$here/loadgen" build -o "$loadgen" .
python3 "$here/compare.py" --jqs "$jqs" --jaeger "$JAEGER" --loadgen "$loadgen" "$@"
