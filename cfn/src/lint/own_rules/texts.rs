//! Parameters, and texts for people (J3).

use super::super::catalog::{
    OwnRule,
    Ruleset::{Default, QuickStart},
};
use super::{rule, twin};
use crate::diagnostic::Severity::Warning;

pub(super) const RULES: &[OwnRule] = &[
    rule(
        "J3001",
        Warning,
        QuickStart,
        "A parameter has no description",
        "Whoever fills in the form in the console sees nothing else. Say what the value is for and what it may be.",
    ),
    rule(
        "J3002",
        Warning,
        QuickStart,
        "A constrained parameter has no `ConstraintDescription`",
        "Without one, the console answers a wrong value with a regular expression.",
    ),
    rule(
        "J3003",
        Warning,
        QuickStart,
        "A parameter has no label",
        "Give it one below `ParameterLabels` of `AWS::CloudFormation::Interface`.",
    ),
    rule(
        "J3004",
        Warning,
        QuickStart,
        "A parameter is in no group",
        "The console shows what is in no group at the very end. Put it below `ParameterGroups` of `AWS::CloudFormation::Interface`.",
    ),
    rule(
        "J3005",
        Warning,
        Default,
        "`AWS::CloudFormation::Interface` names no parameter",
        "The parameter was renamed or removed. Correct the name, or remove the entry.",
    ),
    rule(
        "J3006",
        Warning,
        Default,
        "A secret parameter can be read by everybody",
        "Its value shows in the console and in `DescribeStacks`. Set `NoEcho: true`, or better, take it from Secrets Manager.",
    ),
    rule("J3007", Warning, QuickStart, "An output has no description", "Say what the value is, and who needs it."),
    rule(
        "J3008",
        Warning,
        QuickStart,
        "A template has no description",
        "It is the first thing that the console shows of a template.",
    ),
    rule(
        "J3009",
        Warning,
        QuickStart,
        "No rule refuses a choice that cannot work",
        "Under this choice a parameter is used that may be empty, and no entry of `Rules` says so: the stack fails while it is being made. Add a rule that asserts the parameter is not empty.",
    ),
    twin(
        rule(
            "J3010",
            Warning,
            Default,
            "An output shows a secret",
            "`NoEcho` hides the parameter, but not the output: everybody who may describe the stack reads it. Output the ARN of a secret instead.",
        ),
        &["W2010"],
    ),
];
