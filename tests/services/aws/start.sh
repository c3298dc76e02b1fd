#!/bin/bash
# Usage: start.sh PORT DATADIR
#
# Starts MiniStack as AWS on 127.0.0.1:PORT: every service on one endpoint (AWS_ENDPOINT_URL), any region, and any 12-digit
# access key id as the account. The folder shim adds what it lacks. Returns when it answers; its process id is in DATADIR/pid.
set -euo pipefail

VERSION=1.5.33
STARTUP_TIMEOUT_SECONDS=30

port=$1
data=$2
here=$(cd "$(dirname "$0")" && pwd)
venv=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/aws-$VERSION

if [ ! -x "$venv/bin/ministack" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "ministack==$VERSION"
fi

mkdir -p "$data/home"
data=$(cd "$data" && pwd)
cd "$data/home"
env HOME="$data/home" GATEWAY_PORT="$port" EDGE_PORT="$port" \
    GATEWAY_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 BIND_HOST=127.0.0.1 \
    PERSIST_STATE=0 STATE_DIR="$data/state" S3_DATA_DIR="$data/s3" LAMBDA_EXECUTOR=local \
    PYTHONDONTWRITEBYTECODE=1 \
    setsid "$venv/bin/python" "$here/shim" > "$data/stdout.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$data/pid"

deadline=$((SECONDS + STARTUP_TIMEOUT_SECONDS))
until curl --silent --output /dev/null "http://127.0.0.1:$port/"; do
    if ! kill -0 "$pid" 2> /dev/null; then
        echo "the AWS stand-in ended before it was ready:" >&2
        tail -5 "$data/stdout.log" >&2
        exit 1
    fi
    if [ "$SECONDS" -ge "$deadline" ]; then
        echo "the AWS stand-in was not ready after $STARTUP_TIMEOUT_SECONDS seconds: see $data/stdout.log" >&2
        kill "$pid"
        exit 1
    fi
    sleep 0.1
done
echo "ready, pid $pid"
