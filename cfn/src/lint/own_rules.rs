//! Our own rules. J0: the linter itself; J1: nested stacks; J2: portability; J3: parameters and texts; J4: security;
//! J5: operation. docs/lint.md shows the same table.

use super::catalog::{OwnRule, Profile};
use crate::diagnostic::Severity;
use Profile::{Default, QuickStart};
use Severity::{Error, Info, Warning};

const fn rule(
    id: &'static str,
    severity: Severity,
    profile: Profile,
    title: &'static str,
    reason: &'static str,
) -> OwnRule {
    OwnRule { id, severity, profile, title, reason, twins: &[] }
}

const fn twin(of: OwnRule, twins: &'static [&'static str]) -> OwnRule {
    OwnRule { twins, ..of }
}

pub(super) const OWN_RULES: &[OwnRule] = &[
    rule("J0001", Error, Default, "A template cannot be read", "What is no YAML or JSON, or no template, deploys nothing."),
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
        "AWS's validator gave up",
        "It met something that it does not expect. The other rules still count; simplify the template, or report the fault.",
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
    rule(
        "J2001",
        Warning,
        Default,
        "A partition is hard-coded",
        "`arn:aws:` is wrong in China, GovCloud and the European Sovereign Cloud. Write `arn:${AWS::Partition}:` in a `Fn::Sub`.",
    ),
    rule(
            "J2002",
            Warning,
            Default,
            "A region is hard-coded",
            "The template works in one region only. Use `${AWS::Region}`, or a mapping by region.",
    ),
    twin(
        rule(
            "J2003",
            Warning,
            Default,
            "An account is hard-coded",
            "The template works in one account only. Use `${AWS::AccountId}`, a parameter, or a mapping.",
        ),
        &["W9013"],
    ),
    twin(
        rule(
            "J2004",
            Warning,
            Default,
            "An Availability Zone is hard-coded",
            "Zones differ between accounts, and other regions have others. Use `Fn::GetAZs` with `Fn::Select`.",
        ),
        &["W3010"],
    ),
    twin(
        rule(
            "J2005",
            Warning,
            Default,
            "A machine image is hard-coded",
            "An AMI exists in one region, and grows old. Use a parameter of type `AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>`.",
        ),
        &["W9010"],
    ),
    rule(
        "J2006",
        Warning,
        Default,
        "The domain of AWS's services is hard-coded",
        "China and the European Sovereign Cloud have other domains. Write `${AWS::URLSuffix}` in a `Fn::Sub`.",
    ),
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
    twin(
        rule(
            "J3006",
            Warning,
            Default,
            "A secret parameter can be read by everybody",
            "Its value shows in the console and in `DescribeStacks`. Set `NoEcho: true`, or better, take it from Secrets Manager.",
        ),
        &["W2509"],
    ),
    rule(
        "J3007",
        Warning,
        QuickStart,
        "An output has no description",
        "Say what the value is, and who needs it.",
    ),
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
    rule(
            "J4001",
            Warning,
            QuickStart,
            "An IAM resource has a name of its own",
            "It needs `CAPABILITY_NAMED_IAM`, cannot be replaced, and exists once per account. Let CloudFormation name it.",
    ),
    twin(
        rule(
            "J4002",
            Error,
            QuickStart,
            "A secret is plain text",
            "Whoever may read the task definition, the function or the stack reads the secret. Use `Secrets` of the container, or a dynamic reference to Secrets Manager.",
        ),
        &["W2501", "W1011"],
    ),
    rule(
        "J4003",
        Warning,
        QuickStart,
        "A policy allows every action",
        "`*` and `service:*` grow with every release of the service. Name the actions.",
    ),
    rule(
        "J4004",
        Warning,
        QuickStart,
        "A policy allows an action on every resource",
        "The actions can be limited to resources. Name them; for `iam:PassRole` the roles above all.",
    ),
    twin(
        rule(
            "J4005",
            Warning,
            QuickStart,
            "A port is open to the whole internet",
            "Only 80 and 443 are public by nature. Take the range from a parameter, or admit a security group.",
        ),
        &["W2508"],
    ),
    rule(
        "J4006",
        Warning,
        QuickStart,
        "A resource policy admits everybody",
        "`Principal: '*'` without a condition opens the resource to every account and to nobody in particular.",
    ),
    rule(
        "J4007",
        Warning,
        QuickStart,
        "A listener takes plain HTTP",
        "Passwords and data cross the network in clear. Redirect to HTTPS.",
    ),
    rule(
        "J4008",
        Error,
        QuickStart,
        "An outdated TLS policy",
        "TLS 1.0 and 1.1 are broken and withdrawn. Use a policy with TLS 1.2 as its least, such as `ELBSecurityPolicy-TLS13-1-2-2021-06` or `Policy-Min-TLS-1-2-PFS-2023-10`.",
    ),
    rule(
        "J4009",
        Warning,
        QuickStart,
        "A search domain lacks encryption",
        "Set `EncryptionAtRestOptions`, `NodeToNodeEncryptionOptions` and `EnforceHTTPS`: two of them cannot be set later without a new domain.",
    ),
    twin(
        rule(
            "J4010",
            Warning,
            QuickStart,
            "A data store is not encrypted",
            "Encryption at rest costs nothing and often cannot be switched on later.",
        ),
        &["W9008"],
    ),
    rule(
        "J4011",
        Warning,
        QuickStart,
        "A bucket may become public",
        "Set all four settings of `PublicAccessBlockConfiguration`.",
    ),
    rule(
        "J5001",
        Warning,
        QuickStart,
        "A container image is not pinned",
        "`latest`, or no tag at all, is another program tomorrow, and on one task before the other. Name a version or a digest.",
    ),
    twin(
        rule(
            "J5002",
            Warning,
            QuickStart,
            "A log group keeps its logs for ever",
            "Set `RetentionInDays`; without it the bill grows every month.",
        ),
        &["I3013"],
    ),
    twin(
        rule(
            "J5003",
            Warning,
            QuickStart,
            "A data store is deleted with its stack",
            "Say with `DeletionPolicy` and `UpdateReplacePolicy` what becomes of the data, even if that is `Delete`.",
        ),
        &["I3011"],
    ),
    rule(
        "J5004",
        Warning,
        QuickStart,
        "A service has no deployment circuit breaker",
        "A task that cannot start is tried for hours while the stack waits. Set `DeploymentCircuitBreaker` with `Rollback: true`.",
    ),
    rule(
        "J5005",
        Warning,
        QuickStart,
        "A target group checks only that a port is open",
        "A hung process accepts connections too. Check a path with `HealthCheckProtocol: HTTP`.",
    ),
    rule(
        "J5006",
        Warning,
        QuickStart,
        "An autoscaled service has a fixed `DesiredCount`",
        "Every update resets the number that autoscaling has chosen. Leave `DesiredCount` out.",
    ),
    rule(
        "J5007",
        Warning,
        QuickStart,
        "A resource type has a successor",
        "The type is kept for old templates only, and gets no new features. Use the one that follows it.",
    ),
    rule(
        "J5008",
        Warning,
        QuickStart,
        "A volume is of the previous generation",
        "`gp3` is cheaper than `gp2` and faster.",
    ),
    rule(
        "J5009",
        Info,
        QuickStart,
        "Targets are drained for five minutes",
        "The default of `deregistration_delay.timeout_seconds` is 300, and every deployment waits for it. Set what the clients need.",
    ),
];
