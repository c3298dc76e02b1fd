//! Operation (J5), and functions (J6).

use super::super::catalog::{
    OwnRule,
    Ruleset::{Default, QuickStart},
};
use super::{rule, twin};
use crate::diagnostic::Severity::{Error, Info, Warning};

pub(super) const RULES: &[OwnRule] = &[
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
    rule(
        "J5010",
        Error,
        Default,
        "No container of a task is essential",
        "ECS refuses the task definition. Leave `Essential` out of the container that the task is about: it is true by default.",
    ),
    rule(
        "J5011",
        Warning,
        QuickStart,
        "An image is past its end of life",
        "Version 1 of Jaeger gets no fixes any more, not even for security. Take an image that is kept.",
    ),
    rule(
        "J6001",
        Error,
        Default,
        "A function is called wrongly",
        "The number or the kind of the arguments is wrong, so that CloudFormation refuses the template in every case.",
    ),
];
