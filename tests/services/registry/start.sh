#!/bin/bash
# Usage: start.sh PORT DATADIR
# Starts Docker's registry on 127.0.0.1:PORT and waits until it answers. Stop it with stop.sh DATADIR.
# Environment: REGISTRY_HTPASSWD, a file of users (bcrypt) without whom nothing is answered.
set -euo pipefail

STARTUP_TIMEOUT_SECONDS=20

port=$1
mkdir -p "$2"
data=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
"$here/install.sh"
program=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/registry/${REGISTRY_VERSION:-2.8.2+ds1-1}/usr/bin/docker-registry

cat > "$data/config.yml" << YAML
version: 0.1
log: {level: info}
storage:
  filesystem: {rootdirectory: "$data/storage"}
http: {addr: "127.0.0.1:$port"}
YAML
if [ -n "${REGISTRY_HTPASSWD:-}" ]; then
  printf 'auth:\n  htpasswd: {realm: jqs, path: "%s"}\n' "$REGISTRY_HTPASSWD" >> "$data/config.yml"
fi
# Variables that begin so would change the configuration.
env -u REGISTRY_HTPASSWD -u REGISTRY_VERSION setsid "$program" serve "$data/config.yml" > "$data/stdout.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$data/pid"

deadline=$((SECONDS + STARTUP_TIMEOUT_SECONDS))
until curl --silent --output /dev/null "http://127.0.0.1:$port/v2/"; do
  if ! kill -0 "$pid" 2> /dev/null; then
    tail -5 "$data/stdout.log" >&2
    echo "the registry ended before it was ready" >&2
    exit 1
  fi
  if [ "$SECONDS" -ge "$deadline" ]; then
    kill "$pid"
    echo "the registry was not ready after $STARTUP_TIMEOUT_SECONDS seconds: see $data/stdout.log" >&2
    exit 1
  fi
  sleep 0.1
done
echo "ready, pid $pid"
