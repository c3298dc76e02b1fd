#!/bin/bash
# Usage: bench/taskcat.sh [JQS]
#
# `jqs test run` beside TaskCat's `test run`, on the same project and the same AWS stand-in, in turn, each through a proxy that
# counts its calls: six tests in two regions, two of them with a nested stack, with resources that take 5 s and 0.5 s; then the
# same with a creation that fails, and with a deletion that fails. TaskCat is installed from PyPI by name and version.
# Environment: ROUNDS (3).
set -euo pipefail

TASKCAT_VERSION=0.9.58

root=$(cd "$(dirname "$0")/.." && pwd)
jqs=$(realpath "${1:-$root/target/release/jqs}")
venv=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/taskcat-$TASKCAT_VERSION

if [ ! -x "$jqs" ]; then
    echo "error: $jqs is missing (make build)" >&2
    exit 1
fi
if [ ! -x "$venv/bin/taskcat" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "taskcat==$TASKCAT_VERSION"
fi
JQS_SERVICES_HOME=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}
export JQS_SERVICES_HOME
exec python3 "$root/bench/taskcat.py" "$jqs" "$venv/bin/taskcat" "${ROUNDS:-3}"
