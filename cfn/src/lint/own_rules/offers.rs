//! What a published deployment offers, so that its users need not rewrite it (J7).

use super::super::catalog::{OwnRule, Ruleset::QuickStart};
use super::rule;
use crate::diagnostic::Severity::{Info, Warning};

pub(super) const RULES: &[OwnRule] = &[
    rule(
        "J7001",
        Warning,
        QuickStart,
        "A load balancer keeps no access logs",
        "Who asked for what is known nowhere. Offer `access_logs.s3.enabled` with a bucket of the user's choice.",
    ),
    rule(
        "J7002",
        Info,
        QuickStart,
        "Tasks run on x86 alone",
        "Graviton is a fifth cheaper. Let the user choose `RuntimePlatform.CpuArchitecture`.",
    ),
    rule(
        "J7003",
        Info,
        QuickStart,
        "A service runs on demand alone",
        "What may be interrupted costs a third on Spot. Let the user choose the capacity provider with `CapacityProviderStrategy`.",
    ),
    rule(
        "J7004",
        Info,
        QuickStart,
        "A search domain cannot have dedicated masters",
        "A domain under load loses its cluster state with its data nodes. Offer `DedicatedMasterEnabled`.",
    ),
    rule(
        "J7005",
        Info,
        QuickStart,
        "A search domain cannot have warm storage",
        "Old indices cost as much as new ones. Offer `WarmEnabled`.",
    ),
    rule(
        "J7006",
        Info,
        QuickStart,
        "ECS Exec cannot be switched on",
        "There is no other way into a Fargate task. Offer `EnableExecuteCommand`, switched off by default.",
    ),
    rule(
        "J7007",
        Warning,
        QuickStart,
        "Tasks have no tags",
        "Tags reach the tasks of a service by `PropagateTags` alone; without it their cost cannot be allotted.",
    ),
    rule(
        "J7008",
        Info,
        QuickStart,
        "Log retention is fixed",
        "How long logs must be kept is the user's to know. Make `RetentionInDays` a parameter.",
    ),
    rule(
        "J7009",
        Warning,
        QuickStart,
        "OTLP is taken by gRPC alone",
        "Browsers, functions and many proxies speak OTLP over HTTP. Map port 4318 beside 4317.",
    ),
    rule(
        "J7010",
        Warning,
        QuickStart,
        "Nothing leads to a port",
        "A container maps a port that no load balancer, target group, service registry or security group knows: who sends there is not heard.",
    ),
    rule(
        "J7011",
        Warning,
        QuickStart,
        "Metrics are scraped through a load balancer",
        "Each scrape reaches another task, so that counters jump. Let each task push its metrics, or discover the tasks.",
    ),
    rule(
        "J7012",
        Warning,
        QuickStart,
        "Services run, and no alarm tells when they do not",
        "Offer alarms (`AWS::CloudWatch::Alarm`) for unhealthy targets, errors and full disks.",
    ),
    rule(
        "J7013",
        Warning,
        QuickStart,
        "Nothing deletes old indices",
        "The domain fills up, and stops to take anything. Schedule a job that cleans, or set an ISM policy.",
    ),
    rule(
        "J7014",
        Warning,
        QuickStart,
        "The service-linked role of OpenSearch is not made",
        "A domain in a VPC fails in an account that never had one. Offer an `AWS::IAM::ServiceLinkedRole` for `opensearchservice.amazonaws.com`.",
    ),
    rule(
        "J7015",
        Warning,
        QuickStart,
        "A password is never changed",
        "The secret has no `AWS::SecretsManager::RotationSchedule`. Rotate it, or use a role where the service takes one.",
    ),
];
