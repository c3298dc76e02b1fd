#!/bin/bash
# Usage: lint.sh [FLAT…]
#
# Checks every template with cfn-lint, informational rules included, in the regions below, and templates that `jqs render
# --flat` wrote in two of them. Any finding fails.
set -euo pipefail

VERSION=1.58.0
# Commercial regions on every continent, China and GovCloud. ca-west-1 and eu-south-1 are left out: they lack the default
# instance type of the domain, for which a user there names another.
REGIONS=(
    af-south-1 ap-northeast-1 ap-south-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-west-1 il-central-1
    me-central-1 sa-east-1 us-east-1 us-east-2 us-west-2 cn-north-1 us-gov-west-1
)

root=$(cd "$(dirname "$0")/../.." && pwd)
venv=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/cfn-lint-$VERSION

if [ ! -x "$venv/bin/cfn-lint" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "cfn-lint==$VERSION"
fi

cd "$root"
"$venv/bin/cfn-lint" --include-checks I --regions "${REGIONS[@]}" -- templates/*.yaml templates/modules/*.yaml

# A parameter that may be empty reaches, once merged, places that take no empty text. Conditions keep it from them, which
# these two rules do not see.
for flat in "$@"; do
    "$venv/bin/cfn-lint" --include-checks I --ignore-checks W1030 W1033 --regions eu-west-1 us-gov-west-1 -- "$flat"
done
echo "no findings"
