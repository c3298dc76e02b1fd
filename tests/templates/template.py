"""The templates as the tests read them: YAML with CloudFormation's short tags in their long form."""

from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "templates"
ENTRIES = ["jaeger-existing-vpc.yaml", "jaeger-new-vpc.yaml"]
MODULES = sorted(f"modules/{path.name}" for path in (FOLDER / "modules").glob("*.yaml"))
ALL = ENTRIES + MODULES
URL_OF_CHILD = "https://${TemplateBucket}.s3.${TemplateBucketRegion}.${AWS::URLSuffix}/${TemplatePrefix}"


class Loader(yaml.SafeLoader):
    pass


def construct_tag(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", construct_tag)


@cache
def load(name):
    return yaml.load((FOLDER / name).read_text(), Loader)


def walk(value):
    """Every mapping inside a value, itself included."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def resources(template, resource_type):
    return {
        logical_id: resource
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == resource_type
    }


def children(template):
    """The nested stacks: logical id to file and parameters."""
    nested = resources(template, "AWS::CloudFormation::Stack")
    found = {}
    for logical_id, resource in nested.items():
        url = resource["Properties"]["TemplateURL"]["Fn::Sub"]
        assert url.startswith(URL_OF_CHILD), f"{logical_id} is not below the prefix"
        found[logical_id] = (url.removeprefix(URL_OF_CHILD), resource["Properties"]["Parameters"])
    return found


def holds(expression, parameters):
    """The value of a rule's expression for these parameters."""
    [(function, arguments)] = expression.items()

    def value(argument):
        return str(parameters[argument["Ref"]]) if isinstance(argument, dict) else str(argument)

    match function:
        case "Fn::And":
            return all(holds(each, parameters) for each in arguments)
        case "Fn::Or":
            return any(holds(each, parameters) for each in arguments)
        case "Fn::Not":
            return not holds(arguments[0], parameters)
        case "Fn::Equals":
            return value(arguments[0]) == value(arguments[1])
        case "Fn::Contains":
            return value(arguments[1]) in [value(each) for each in arguments[0]]
    raise ValueError(f"rules know no {function}")


def admits(rule, parameters):
    if not holds(rule.get("RuleCondition", {"Fn::And": []}), parameters):
        return True
    return all(holds(assertion["Assert"], parameters) for assertion in rule["Assertions"])
