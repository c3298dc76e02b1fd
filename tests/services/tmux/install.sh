#!/bin/bash
# Prints the path of tmux, which it installs from Debian's packages if there is none.
set -euo pipefail

if command -v tmux; then
  exit 0
fi
if [[ $(id -u) -eq 0 ]]; then
  as_root=()
elif sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
else
  echo "error: tmux is missing and installing it needs root; run \`sudo apt-get install tmux\`" >&2
  exit 1
fi
{
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" apt-get install -y -q --no-install-recommends tmux
} >&2
command -v tmux
