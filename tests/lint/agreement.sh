#!/bin/bash
# Usage: agreement.sh [JQS]
#
# Lints the corpus of broken templates with `jqs` and with cfn-lint, and writes into docs/lint.md where they agree and where
# they do not. Every difference has its explanation in tests/lint/differences.txt; one without fails.
set -euo pipefail

VERSION=1.58.0

root=$(cd "$(dirname "$0")/../.." && pwd)
jqs=${1:-$root/target/debug/jqs}
venv=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/cfn-lint-$VERSION

if [ ! -x "$jqs" ]; then
    echo "error: $jqs is missing; build it first (make build)" >&2
    exit 1
fi
if [ ! -x "$venv/bin/cfn-lint" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "cfn-lint==$VERSION"
fi

cd "$root"
exec "$venv/bin/python" tests/lint/agreement.py "$jqs" "$venv/bin/cfn-lint"
