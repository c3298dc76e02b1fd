#!/bin/bash
# Usage: stop.sh DATADIR
set -euo pipefail
pid=$(cat "$1/pid")
kill "$pid" 2> /dev/null || exit 0
for _ in $(seq 1 150); do
  kill -0 "$pid" 2> /dev/null || exit 0
  sleep 0.2
done
kill -9 "$pid"
