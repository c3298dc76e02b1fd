#!/bin/bash
# Usage: run.sh BIN_DIR [PYTEST-ARGUMENT ...]
#
# Tests the image: made twice, pushed to a real registry, pulled, run from its root alone, and deployed to an AWS stand-in.
# BIN_DIR holds `jqs` and a static `jqs-collector`; `make test-image` builds both.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
services=$here/../services
bin=$(cd "${1:?name the folder of the built programs}" && pwd)
shift

venv=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/image-tests-$(cksum < "$here/requirements.txt" | cut -d' ' -f1)
if [ ! -x "$venv/bin/pytest" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
fi

data=$(mktemp -d)
stop() {
    [ ! -e "$data/registry/pid" ] || "$services/registry/stop.sh" "$data/registry"
    [ ! -e "$data/aws/pid" ] || "$services/aws/stop.sh" "$data/aws"
    rm -rf "$data"
}
trap stop EXIT

# Copies, for what else is beside `jqs` there is not to be taken for a collector.
mkdir "$data/bin"
cp --reflink=auto "$bin/jqs" "$data/bin/jqs"
cp --reflink=auto "$bin/jqs-collector" "$data/bin/jqs-collector-amd64"

# The passwords are `secret`, and the token that the stand-in's ECR grants.
cat > "$data/users" << 'USERS'
jqs:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW
AWS:$2b$04$abcdefghijklmnopqrstuuiFmBv/9Mcu1OansfXyDfsdGqryTgAAO
USERS

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
registry=$(free_port)
REGISTRY_HTPASSWD=$data/users "$services/registry/start.sh" "$registry" "$data/registry"
aws=$(free_port)
SHIM_ECR_ENDPOINT=http://127.0.0.1:$registry "$services/aws/start.sh" "$aws" "$data/aws"

export JQS_PROGRAM=$data/bin/jqs JQS_REGISTRY=127.0.0.1:$registry JQS_AWS=http://127.0.0.1:$aws PYTHONDONTWRITEBYTECODE=1
"$venv/bin/pytest" -p no:cacheprovider --quiet --durations=5 "$here" "$@"
