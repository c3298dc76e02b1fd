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

# Environments are made once for each list of requirements.
home=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/backend-tests

python_environment() {
  local requirements=$1
  local venv=$home/venv-$(sha256sum "$requirements" | cut -c1-12)
  if [[ ! -e $venv/complete ]]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    touch "$venv/complete"
  fi
  echo "$venv/bin/python"
}

python=$(python_environment "$here/requirements.txt")
JQS_CLIENTS_PYTHON=$(python_environment "$here/python-clients/requirements.txt")
node=$home/node-$(sha256sum "$here/node-clients/package-lock.json" | cut -c1-12)
if [[ ! -e $node/complete ]]; then
  rm -rf "$node"
  mkdir -p "$node"
  cp "$here"/node-clients/package*.json "$node"
  npm ci --prefix "$node" --no-audit --no-fund --silent
  touch "$node/complete"
fi
JQS_CLIENTS_NODE_PATH=$node/node_modules
export JQS_CLIENTS_PYTHON JQS_CLIENTS_NODE_PATH

cd "$here"
exec "$python" -m pytest "$@"
