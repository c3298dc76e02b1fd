"""Compares two linters on the corpus, line by line, and writes the table into docs/lint.md."""

import json
import pathlib
import re
import subprocess
import sys

BEGIN, END = "<!-- agreement -->", "<!-- end of agreement -->"
FOLDERS = ["tests/lint/broken", "tests/lint/missed"]


def templates():
    return sorted(str(path) for folder in FOLDERS for path in pathlib.Path(folder).rglob("*.yaml"))


def of_jqs(program, files):
    """Rules by file and line. Published templates are linted as such."""
    found = {}
    is_published = lambda file: pathlib.Path(file).read_text().startswith("# ruleset: quickstart")
    for ruleset in ["default", "quickstart"]:
        chosen = [file for file in files if is_published(file) == (ruleset == "quickstart")]
        # A template with an interface asks for the rules of published ones itself.
        options = ["--ruleset", ruleset] if ruleset == "quickstart" else []
        command = [program, "lint", "--json", "--severity", "info", *options, *chosen]
        output = subprocess.run(command, capture_output=True, text=True)
        if output.returncode not in (0, 1):
            sys.exit(f"error: jqs lint failed: {output.stderr}")
        for finding in json.loads(output.stdout)["findings"]:
            found.setdefault((finding["file"], finding["line"]), set()).add(finding["rule"])
    return found


def of_cfn_lint(program, files):
    command = [program, "--include-checks", "I", "--regions", "us-east-1", "--format", "json", "--", *files]
    output = subprocess.run(command, capture_output=True, text=True)
    found = {}
    for finding in json.loads(output.stdout):
        line = finding["Location"]["Start"]["LineNumber"]
        found.setdefault((finding["Filename"], line), set()).add(finding["Rule"]["Id"])
    return found


def explanations():
    """`FILE: WHY` for each file in which the two differ."""
    lines = pathlib.Path("tests/lint/differences.txt").read_text().splitlines()
    pairs = [line.split(": ", 1) for line in lines if line and not line.startswith("#")]
    return {file: why for file, why in pairs}


def short(file):
    return re.sub(r"^tests/lint/(broken|missed)/", "", file)


def rows(files, ours, theirs):
    known, unexplained = explanations(), []
    both, table = 0, []
    for file in files:
        of_file = lambda found: {(line, rule) for (name, line), rules in found.items() if name == file for rule in rules}
        one, other = of_file(ours), of_file(theirs)
        # The validator calls what CloudFormation refuses `F…` with cfn-lint's number.
        alike = lambda rule: "E" + rule[1:] if rule.startswith("F") else rule
        if {line for line, _ in one} == {line for line, _ in other}:
            both += 1
            if {(line, alike(rule)) for line, rule in one} == other:
                continue
        only_ours = sorted({rule for line, rule in one if (line, alike(rule)) not in other})
        only_theirs = sorted({rule for line, rule in other if rule not in {alike(mine) for at, mine in one if at == line}})
        why = known.get(short(file)) or automatic(only_ours, only_theirs, one, other)
        if why is None:
            unexplained.append(f"{short(file)}: ours {one}, cfn-lint's {other}")
        listed = lambda rules: ", ".join(rules) or "–"
        table.append(f"| {short(file)} | {listed(only_ours)} | {listed(only_theirs)} | {why} |")
    return both, table, unexplained


def automatic(only_ours, only_theirs, one, other):
    """What needs no explanation of its own."""
    if only_ours and all(rule.startswith("J") for rule in only_ours) and not only_theirs:
        return "a rule of ours"
    if {line for line, _ in one} == {line for line, _ in other}:
        return "the same lines under other numbers"
    return None


def main():
    files = templates()
    ours, theirs = of_jqs(sys.argv[1], files), of_cfn_lint(sys.argv[2], files)
    both, table, unexplained = rows(files, ours, theirs)
    if unexplained:
        print("error: explain these in tests/lint/differences.txt:", *unexplained, sep="\n  ", file=sys.stderr)
        sys.exit(1)
    same = len(files) - len(table)
    text = (
        f"{len(files)} templates: in {both} the same lines are found, in {same} of these under the same numbers "
        f"(`F…` and `E…` being one).\n\n"
        "| Template | only `jqs` | only cfn-lint | Why |\n|---|---|---|---|\n" + "\n".join(table) + "\n"
    )
    page = pathlib.Path("docs/lint.md")
    before, rest = page.read_text().split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{text}{END}{after}")
    print(f"{same} the same, {len(table)} different and explained, of {len(files)}")


main()
