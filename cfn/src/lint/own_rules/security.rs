//! Security (J4).

use super::super::catalog::{OwnRule, Ruleset::QuickStart};
use super::{rule, twin};
use crate::diagnostic::Severity::{Error, Warning};

pub(super) const RULES: &[OwnRule] = &[
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
];
