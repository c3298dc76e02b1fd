#!/bin/bash
# Usage: bench/lint.sh [JQS] [ROUNDS]
#
# `jqs lint` beside cfn-lint on our own templates: wall time of whole processes, the median of the rounds, and the ratio.
# They take turns. `jqs` should be a release build.
set -euo pipefail

VERSION=1.58.0

root=$(cd "$(dirname "$0")/.." && pwd)
jqs=${1:-$root/target/release/jqs}
rounds=${2:-5}
cfn_lint=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/cfn-lint-$VERSION/bin/cfn-lint

for program in "$jqs" "$cfn_lint"; do
    if [ ! -x "$program" ]; then
        echo "error: $program is missing (make build; tests/templates/lint.sh installs cfn-lint)" >&2
        exit 1
    fi
done

cd "$root"
templates=(templates/*.yaml templates/modules/*.yaml)
# One round beforehand, so that both are in the page cache.
"$jqs" lint "${templates[@]}" >/dev/null
"$cfn_lint" --regions us-east-1 -- "${templates[@]}" >/dev/null

seconds() {
    local start end
    start=$(date +%s.%N)
    "$@" >/dev/null
    end=$(date +%s.%N)
    echo "$end - $start" | bc
}

median() { sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

ours=() theirs=()
for _ in $(seq "$rounds"); do
    ours+=("$(seconds "$jqs" lint "${templates[@]}" --regions us-east-1)")
    theirs+=("$(seconds "$cfn_lint" --regions us-east-1 -- "${templates[@]}")")
done
one=$(printf '%s\n' "${ours[@]}" | median)
other=$(printf '%s\n' "${theirs[@]}" | median)
printf 'jqs lint  %.3f s\ncfn-lint  %.3f s\nratio     %.1f\n' "$one" "$other" "$(echo "$other / $one" | bc -l)"
