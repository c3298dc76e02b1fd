#!/bin/bash
# Usage: install.sh
# Installs OpenSearch from Maven Central, once: its "integ-test-zip" is the whole server without plugins.
set -euo pipefail
version=${OPENSEARCH_VERSION:-3.8.0}
home=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/opensearch
repository=${M2_REPO:-$HOME/.m2/repository}
target=$home/dist/opensearch-$version
[ -e "$target/installed" ] && exit 0

mkdir -p "$home/dist"
exec 9> "$home/install.lock"
flock 9
[ -e "$target/installed" ] && exit 0
mvn -B -q -Dmaven.repo.local="$repository" dependency:get -Dtransitive=false \
  -Dartifact="org.opensearch.distribution.integ-test-zip:opensearch:$version:zip"
unzip -q -o "$repository/org/opensearch/distribution/integ-test-zip/opensearch/$version/opensearch-$version.zip" -d "$home/dist"
# Modules that tracing does not use cost start-up time and memory.
rm -rf "$target"/modules/{ingest-geoip,ingest-user-agent,transport-grpc,opensearch-dashboards}
rm -rf "$target"/modules/reindex/{parent-join,transport-netty4}
touch "$target/installed"
