//! The rules, and what is evidence of each. The first digit of an id is its subject: 1 what it is made of, 2 where it can be
//! deployed, 3 the network, 4 secrets and IAM, 5 texts for people, 6 what must be there beforehand, 7 nested stacks, 8 data
//! and operation, 9 the templates as such.

use super::scope::Scope::{self, Parameters, Resources, Templates};

/// One rule of the checklist.
#[derive(Debug)]
pub struct Rule {
    pub id: &'static str,
    pub title: &'static str,
    /// Checks of the proof.
    pub checks: &'static [&'static str],
    /// Rules of the linter. `E` and `F` stand for all of AWS's validator that begin so.
    pub lint_rules: &'static [&'static str],
    /// What these look at.
    pub(super) scope: Scope,
}

impl Rule {
    /// A rule that lint rules bear on as well.
    const fn linted(self, scope: Scope, lint_rules: &'static [&'static str]) -> Self {
        Self { scope, lint_rules, ..self }
    }
}

const fn rule(id: &'static str, title: &'static str, checks: &'static [&'static str]) -> Rule {
    Rule { id, title, checks, lint_rules: &[], scope: Templates }
}

const LISTENERS: &[&str] = &[
    "AWS::ElasticLoadBalancing",
    "AWS::OpenSearchService::Domain",
    "AWS::Elasticsearch::Domain",
    "AWS::ApiGateway",
    "AWS::CloudFront::Distribution",
];
const POLICY_OWNERS: &[&str] = &[
    "AWS::IAM::",
    "AWS::OpenSearchService::Domain",
    "AWS::Elasticsearch::Domain",
    "AWS::KMS::Key",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::ResourcePolicy",
];
const DATA_STORES: &[&str] = &[
    "AWS::Cassandra::",
    "AWS::DocDB::",
    "AWS::DynamoDB::",
    "AWS::EC2::Volume",
    "AWS::EFS::",
    "AWS::Elasticsearch::Domain",
    "AWS::KMS::Key",
    "AWS::Kinesis::",
    "AWS::Neptune::",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::",
    "AWS::S3::Bucket",
];
const LOGGERS: &[&str] = &["AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::Logs::LogGroup"];
const NESTED_STACKS: &[&str] = &["AWS::CloudFormation::Stack"];
const PROGRAMS: &[&str] = &["AWS::ECS::TaskDefinition", "AWS::Lambda::Function"];
const SERVICES: &[&str] = &["AWS::ECS::Service", "AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain"];

/// In a table, since a new check or lint rule is one more id in it.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("Q101", "it survives the loss of an Availability Zone", &["P211", "P212", "P213", "P214", "P302", "P303"]),
    rule("Q102", "it can be deployed by itself, and beside other stacks", &["P807", "P808"]),
    rule("Q201", "every region has what it needs", &["P001", "P901", "P902"])
        .linted(Templates, &["F3006"]),
    rule("Q202", "nothing ties it to one partition, region or account", &[])
        .linted(Templates, &["J2001", "J2002", "J2003", "J2006", "W9013"]),
    rule("Q203", "nothing ties it to one Availability Zone or machine image", &[])
        .linted(Templates, &["J2004", "J2005", "W2506", "W3010", "W9010"]),
    rule("Q301", "tasks are in private subnets and find a way out", &["P301", "P304", "P506", "P508", "P509", "P511"]),
    rule("Q302", "security groups admit what is needed, from where it is needed", &["P504", "P505", "P510"]),
    rule("Q303", "the internet reaches no port of administration or storage", &["P503", "P507"])
        .linted(Resources(&["AWS::EC2::SecurityGroup", "AWS::RDS::"]), &["J4005", "W2508", "W9011"]),
    rule("Q304", "the internet gets in by a deliberate choice, encrypted", &["P501", "P502", "P704", "P705"])
        .linted(Resources(LISTENERS), &["J4007", "J4008"]),
    rule("Q401", "no secret is plain text, or the same for ever", &[])
        .linted(Templates, &["J3006", "J3010", "J4002", "J7015", "W1011", "W2010", "W2501"]),
    rule("Q402", "IAM resources have no names of their own", &["P607"])
        .linted(Resources(&["AWS::IAM::"]), &["J4001"]),
    rule("Q403", "policies name the actions and the resources that are needed", &["P601", "P602", "P603", "P608"])
        .linted(Resources(POLICY_OWNERS), &["J4003", "J4004", "W2512"]),
    rule("Q404", "roles and policies trust only whom they must", &["P604", "P605", "P606"])
        .linted(Resources(POLICY_OWNERS), &["J4006"]),
    rule("Q501", "every parameter has its label and its group", &[])
        .linted(Parameters, &["J3003", "J3004", "J3005"]),
    rule("Q502", "templates, parameters and outputs are described", &[])
        .linted(Templates, &["J3001", "J3007", "J3008"]),
    rule("Q503", "what cannot work is refused, in words", &["P003"])
        .linted(Parameters, &["J3002", "J3009"]),
    rule("Q601", "nothing has to be made or uploaded beforehand", &["P216"])
        .linted(Templates, &["J1001", "J7014", "W3002"]),
    rule("Q602", "the programs that it runs are pinned, and still kept", &[])
        .linted(Resources(PROGRAMS), &["J5001", "J5011", "E2531", "E2533", "W2531"]),
    rule("Q701", "nested stacks are there, and are given what they need", &["P002"])
        .linted(Resources(NESTED_STACKS), &["J1001", "J1002", "J1003", "J1004", "J1005", "J1006"]),
    rule("Q702", "no nested stack relies on defaults of its own", &[])
        .linted(Resources(NESTED_STACKS), &["J1008"]),
    rule("Q801", "data is encrypted, and not public", &["P701", "P703"])
        .linted(Resources(DATA_STORES), &["J4009", "J4010", "J4011", "W3045", "W9008"]),
    rule("Q802", "it is said what becomes of data", &["P802"])
        .linted(Resources(DATA_STORES), &["J5003", "W3011"]),
    rule("Q803", "there are logs of what is asked and of what fails, and they are not kept for ever", &["P218", "P801"])
        .linted(Resources(LOGGERS), &["J5002", "J7001"]),
    rule("Q804", "a deployment that fails is rolled back, and none undoes the scaling", &["P803", "P804", "P805"])
        .linted(Resources(&["AWS::ECS::Service"]), &["J5004", "J5006"]),
    rule("Q805", "services, listeners and health checks fit together", &["P401", "P402", "P403", "P411", "P412"])
        .linted(Resources(&["AWS::ECS::", "AWS::ElasticLoadBalancingV2::TargetGroup"]), &["J5005", "J5010", "J7009", "J7010"]),
    rule("Q806", "types of resources and volumes are of this generation", &[])
        .linted(Templates, &["J5007", "J5008", "E3710", "W3696", "W3697", "W9009"]),
    rule("Q807", "it is watched, its old data goes, and its cost can be told", &[])
        .linted(Resources(SERVICES), &["J7007", "J7011", "J7012", "J7013"]),
    rule("Q901", "the templates are valid", &["P101", "P201", "P202", "P215", "P217", "P219"])
        .linted(Templates, &["J0001", "J0004", "J6001", "E", "F"]),
    rule("Q902", "what is accepted has a reason", &[])
        .linted(Templates, &["J0002", "J0003"]),
    rule("Q903", "nothing is left over", &[])
        .linted(Templates, &["W2001", "W7001", "W8001"]),
];
