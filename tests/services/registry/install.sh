#!/bin/bash
# Usage: install.sh
# Installs Docker's registry from Debian's package, once: unpacked, so that no service is started and no root is needed.
set -euo pipefail
version=${REGISTRY_VERSION:-2.8.2+ds1-1}
home=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/registry
target=$home/$version
[ -x "$target/usr/bin/docker-registry" ] && exit 0

mkdir -p "$home"
exec 9> "$home/install.lock"
flock 9
[ -x "$target/usr/bin/docker-registry" ] && exit 0
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
# apt reads packages as a user of its own.
chmod 755 "$download"
fetch() (cd "$download" && apt-get -qq download "docker-registry=$version" 2> /dev/null)
if ! fetch; then
  # Package lists may be missing or old. Whoever is not root can only use what is there.
  apt-get -qq update > /dev/null 2>&1 || true
  fetch || { echo "error: apt has no package docker-registry=$version; REGISTRY_VERSION takes another" >&2; exit 1; }
fi
dpkg-deb -x "$download"/docker-registry_*.deb "$target"
