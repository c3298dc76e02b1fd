#!/bin/bash
# Runs the tests of the backend: real clients, a real browser, real servers on free ports of this host.
# Usage: run.sh [BIN_DIR] [PYTEST_ARGUMENT...]     BIN_DIR (or $JQS_BIN_DIR) holds `jqs-collector` and `jqs`
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [[ $# -gt 0 && -d $1 && $1 != *.py ]]; then
  JQS_BIN_DIR=$1
  shift
fi
: "${JQS_BIN_DIR:?name the folder of the built programs as the first argument or in JQS_BIN_DIR}"
JQS_BIN_DIR=$(cd "$JQS_BIN_DIR" && pwd)
export JQS_BIN_DIR
for program in jqs-collector jqs; do
  if [[ ! -x $JQS_BIN_DIR/$program ]]; then
    echo "error: $JQS_BIN_DIR/$program is missing; build it first (cargo build --workspace)" >&2
    exit 1
  fi
done

JQS_CHROMIUM=$("$here/../services/chromium/install.sh")
export JQS_CHROMIUM

# The environment is made once for each list of requirements.
home=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/backend-tests
venv=$home/venv-$(sha256sum "$here/requirements.txt" | cut -c1-12)
if [[ ! -e $venv/complete ]]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
  touch "$venv/complete"
fi

cd "$here"
exec "$venv/bin/python" -m pytest "$@"
