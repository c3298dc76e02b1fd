#!/bin/bash
# Usage: permissions.sh > ../src/policy/permissions.tsv.gz
#
# Writes down which actions CloudFormation's handlers need for each type of resource, from the provider schemas that AWS
# publishes (MIT-0), as the wheel of cfn-lint carries them. The wheel is installed from PyPI by name and version.
set -euo pipefail

VERSION=1.58.0
venv=${JQS_SERVICES_HOME:-$HOME/.cache/jqs-services}/cfn-lint-$VERSION

if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "cfn-lint==$VERSION"
fi
"$venv/bin/python" - "$VERSION" <<'PYTHON' | gzip --no-name --best
import json
import sys
from pathlib import Path

import cfnlint

folder = Path(cfnlint.__file__).parent / "data" / "schemas"
date = json.loads((folder / "version.json").read_text())["schema_date"][:10]
print(f"# Provider schemas of {date}, from cfn-lint {sys.argv[1]}; made by taskcat/data/permissions.sh.")
print("# type\tcreate\tread and list\tupdate\tdelete")
rows = {}
for path in (folder / "resources").glob("*.json"):
    schema = json.loads(path.read_text())
    handlers = schema.get("handlers")
    if not handlers:
        continue
    row = [set() for _ in range(4)]
    for name, column in (("create", 0), ("read", 1), ("list", 1), ("update", 2), ("delete", 3)):
        # Some schemas name an action twice, or with a space around it.
        row[column] |= {action.strip() for action in handlers.get(name, {}).get("permissions", [])}
    rows[schema["typeName"]] = row
for name in sorted(rows):
    print("\t".join([name, *(",".join(sorted(actions)) for actions in rows[name])]))
PYTHON
