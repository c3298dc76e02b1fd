#!/bin/bash
# Usage: stop.sh DATADIR
#
# Stops what start.sh started with this DATADIR, and returns when it has ended.
set -euo pipefail

STOP_TIMEOUT_SECONDS=10

pid=$(cat "$1/pid")
kill "$pid" 2> /dev/null || exit 0
deadline=$((SECONDS + STOP_TIMEOUT_SECONDS))
while kill -0 "$pid" 2> /dev/null; do
    if [ "$SECONDS" -ge "$deadline" ]; then
        kill -9 "$pid"
        exit 0
    fi
    sleep 0.1
done
