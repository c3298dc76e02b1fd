#!/bin/bash
# Prints the path of Chromium, which it installs from Debian's packages if there is none.
set -euo pipefail

find_chromium() {
  command -v chromium || command -v chromium-browser || command -v google-chrome
}

if find_chromium; then
  exit 0
fi
if [[ $(id -u) -eq 0 ]]; then
  as_root=()
elif sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
else
  echo "error: Chromium is missing and installing it needs root; run \`sudo apt-get install chromium\`" >&2
  exit 1
fi
{
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" apt-get install -y -q --no-install-recommends chromium
} >&2
find_chromium
