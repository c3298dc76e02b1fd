#!/bin/bash
# Usage: run.sh [PYTEST-ARGUMENT ...]
#
# Tests the templates: their contracts as text, and their deployment to an AWS stand-in, which it starts and stops.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
aws=$here/../services/aws
venv=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/templates-$(cksum < "$here/requirements.txt" | cut -d' ' -f1)

if [ ! -x "$venv/bin/pytest" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
fi

data=$(mktemp -d)
stop() {
    [ ! -e "$data/pid" ] || "$aws/stop.sh" "$data"
    rm -rf "$data"
}
trap stop EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
AUTH=true "$aws/start.sh" "$port" "$data"

export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_EC2_METADATA_DISABLED=true
export AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null PYTHONDONTWRITEBYTECODE=1
"$venv/bin/pytest" -p no:cacheprovider --quiet "$here" "$@"
