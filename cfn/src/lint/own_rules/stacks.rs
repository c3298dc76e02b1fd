//! Nested stacks (J1) and the linter itself (J0).

use super::super::catalog::{
    OwnRule,
    Ruleset::{Default, QuickStart},
};
use super::rule;
use crate::diagnostic::Severity::{Error, Info, Warning};

pub(super) const RULES: &[OwnRule] = &[
    rule(
        "J0001",
        Error,
        Default,
        "A template cannot be read",
        "What is no YAML or JSON, or no template, deploys nothing.",
    ),
    rule(
        "J0002",
        Warning,
        Default,
        "A finding is ignored without a reason",
        "Whoever reads the template next must learn why the finding does not count. Write the reason behind the id: `# jqs:ignore J4003 the action has no resource`.",
    ),
    rule(
        "J0003",
        Warning,
        Default,
        "Something is ignored that is no finding",
        "The fault is gone, or the id is mistyped. Remove the suppression, before it hides a new fault.",
    ),
    rule(
        "J0004",
        Error,
        Default,
        "Rules cannot be evaluated",
        "AWS's validator met something that it does not expect, or a file of Guard rules asks for what nobody has defined, such as a variable: the message says which. All other rules still count. Correct the Guard rules; for the validator, simplify the template, or report the fault.",
    ),
    rule(
        "J1001",
        Error,
        Default,
        "A nested template cannot be found",
        "`TemplateURL` ends in no file next to, below or above this template. The stack would fail while it is being made, after its other resources.",
    ),
    rule(
        "J1002",
        Error,
        Default,
        "A nested template cannot be read",
        "The file that `TemplateURL` names has a syntax fault or is no template. The stack would fail while it is being made.",
    ),
    rule(
        "J1003",
        Error,
        Default,
        "A parameter of a nested stack is missing",
        "The nested template declares it without a default. Pass it below `Parameters`.",
    ),
    rule(
        "J1004",
        Error,
        Default,
        "A parameter is passed that the nested stack does not know",
        "CloudFormation refuses the nested stack. Declare the parameter there, or do not pass it.",
    ),
    rule(
        "J1005",
        Error,
        Default,
        "A nested stack does not admit a value",
        "The value, or one that the parameter passed on may have, is against the type, `AllowedValues`, the pattern or the limits that the nested template declares.",
    ),
    rule(
        "J1006",
        Error,
        Default,
        "An output of a nested stack does not exist",
        "`Fn::GetAtt` names an output that the nested template does not declare.",
    ),
    rule(
        "J1007",
        Info,
        Default,
        "An output of a nested stack is not used",
        "Nothing in the template that nests it reads this output. It may be for other stacks; if not, remove it.",
    ),
    rule(
        "J1008",
        Warning,
        QuickStart,
        "A nested stack relies on a default of its own",
        "Defaults in two places drift apart. Pass every parameter, so that the outer template alone decides.",
    ),
];
