#!/bin/bash
# Usage: start.sh PORT DATADIR
# Starts one OpenSearch node on 127.0.0.1:PORT and waits until it answers. Stop it with stop.sh DATADIR.
# Environment: OPENSEARCH_HEAP (512m), OPENSEARCH_VERSION (3.8.0), OPENSEARCH_JAVA_HOME (a JDK of at least 21).
set -euo pipefail
port=$1 data=$2
here=$(cd "$(dirname "$0")" && pwd)
version=${OPENSEARCH_VERSION:-3.8.0} heap=${OPENSEARCH_HEAP:-512m}
"$here/install.sh"
dist=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/opensearch/dist/opensearch-$version

java_home() {
  local java home
  for java in "${OPENSEARCH_JAVA_HOME:-/nonexistent}"/bin/java /usr/lib/jvm/*/bin/java "$(command -v java || true)"; do
    [ -x "$java" ] || continue
    home=$(dirname "$(dirname "$(readlink -f "$java")")")
    (( $("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p' | cut -d. -f1) >= 21 )) || continue
    echo "$home" && return
  done
  echo "OpenSearch needs a JDK of at least 21; set OPENSEARCH_JAVA_HOME" >&2
  return 1
}
java=$(java_home)

mkdir -p "$data"/{data,logs,config,tmp}
cp -r "$dist"/config/. "$data/config/"
cat > "$data/config/opensearch.yml" <<YAML
cluster.name: jqs
node.name: n1
path.data: $data/data
path.logs: $data/logs
http.host: 127.0.0.1
http.port: $port
transport.host: 127.0.0.1
transport.port: 0
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
YAML
# The C1 compiler alone starts a short-lived server soonest.
printf -- '-Xms%s\n-Xmx%s\n-XX:TieredStopAtLevel=1\n' "$heap" "$heap" > "$data/config/jvm.options.d/jqs.options"
sed -i "s#logs/gc.log#$data/logs/gc.log#; s#logs/hs_err#$data/logs/hs_err#; s#HeapDumpPath=data#HeapDumpPath=$data/data#" \
  "$data/config/jvm.options"

run=()
if [ "$(id -u)" = 0 ]; then
  # OpenSearch refuses root, and nobody else can read below root's home: nobody runs a copy.
  cp -r "$dist" "$data/dist"
  dist=$data/dist
  chown -R 65534:65534 "$data"
  run=(setpriv --reuid 65534 --regid 65534 --clear-groups)
fi
cd "$dist"
OPENSEARCH_JAVA_HOME=$java OPENSEARCH_PATH_CONF="$data/config" OPENSEARCH_TMPDIR="$data/tmp" HOME="$data" \
  setsid "${run[@]}" "$dist/bin/opensearch" > "$data/logs/stdout.log" 2>&1 < /dev/null &
echo $! > "$data/pid"

for _ in $(seq 1 600); do
  curl -sf "http://127.0.0.1:$port/_cluster/health?wait_for_status=yellow&timeout=1s" > /dev/null 2>&1 && exit 0
  kill -0 "$(cat "$data/pid")" 2> /dev/null || { tail -20 "$data/logs/stdout.log" >&2; echo "OpenSearch ended before it was ready" >&2; exit 1; }
  sleep 0.2
done
"$here/stop.sh" "$data"
echo "OpenSearch was not ready after two minutes; see $data/logs" >&2
exit 1
