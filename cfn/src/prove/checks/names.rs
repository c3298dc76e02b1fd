//! Names that a template chooses stay within the limits of their service, whatever they are made of. Sources: the API
//! references and service quotas of each service.

use crate::eval::{Address, Outcome, Piece, Unknown, Value};
use crate::prove::check::{Check, Grain, Problem, Severity};
use crate::prove::scene::Scene;

pub(super) const LIMITS: Check = Check {
    id: "P101",
    title: "names are within their limits",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::ECS::Cluster",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::EC2::SecurityGroup",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::Elasticsearch::Domain",
        "AWS::Events::Rule",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::Logs::ResourcePolicy",
        "AWS::OpenSearchService::Domain",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SSM::Parameter",
        "AWS::Scheduler::Schedule",
        "AWS::ServiceDiscovery::PrivateDnsNamespace",
    ],
    explanation: "A name that grows with the name of the stack or of the environment passes every linter and fails on the day \
        that somebody chooses a long one. The longest value that each parameter admits is tried, and the letters that AWS \
        adds to the names of nested stacks are counted.",
    parts: crate::prove::check::one_part,
    run: limits,
};

struct Limit {
    kind: &'static str,
    property: &'static str,
    least: usize,
    most: usize,
    letters: Letters,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    Any,
    /// Lowercase letters, digits and dashes, beginning with a letter.
    Domain,
    /// Lowercase letters, digits, dots and dashes, beginning and ending with a letter or digit.
    Bucket,
    /// Letters, digits and dashes, neither first nor last.
    Balancer,
}

const fn limit(kind: &'static str, property: &'static str, least: usize, most: usize, letters: Letters) -> Limit {
    Limit { kind, property, least, most, letters }
}

const TABLE: [Limit; 22] = [
    limit("AWS::CloudWatch::Alarm", "AlarmName", 1, 255, Letters::Any),
    limit("AWS::CloudWatch::Dashboard", "DashboardName", 1, 255, Letters::Any),
    limit("AWS::ECS::Cluster", "ClusterName", 1, 255, Letters::Any),
    limit("AWS::ECS::Service", "ServiceName", 1, 255, Letters::Any),
    limit("AWS::ECS::TaskDefinition", "Family", 1, 255, Letters::Any),
    limit("AWS::EC2::SecurityGroup", "GroupName", 1, 255, Letters::Any),
    limit("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", 1, 32, Letters::Balancer),
    limit("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 1, 32, Letters::Balancer),
    limit("AWS::Elasticsearch::Domain", "DomainName", 3, 28, Letters::Domain),
    limit("AWS::Events::Rule", "Name", 1, 64, Letters::Any),
    limit("AWS::IAM::ManagedPolicy", "ManagedPolicyName", 1, 128, Letters::Any),
    limit("AWS::IAM::Role", "RoleName", 1, 64, Letters::Any),
    limit("AWS::Lambda::Function", "FunctionName", 1, 64, Letters::Any),
    limit("AWS::Logs::LogGroup", "LogGroupName", 1, 512, Letters::Any),
    limit("AWS::Logs::ResourcePolicy", "PolicyName", 1, 255, Letters::Any),
    limit("AWS::OpenSearchService::Domain", "DomainName", 3, 28, Letters::Domain),
    limit("AWS::S3::Bucket", "BucketName", 3, 63, Letters::Bucket),
    limit("AWS::SNS::Topic", "TopicName", 1, 256, Letters::Any),
    limit("AWS::SQS::Queue", "QueueName", 1, 80, Letters::Any),
    limit("AWS::SSM::Parameter", "Name", 1, 2048, Letters::Any),
    limit("AWS::Scheduler::Schedule", "Name", 1, 64, Letters::Any),
    limit("AWS::ServiceDiscovery::PrivateDnsNamespace", "Name", 1, 253, Letters::Any),
];

fn limits(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let kind = scene.kind(at);
    let Some(limit) = TABLE.iter().find(|limit| limit.kind == kind) else { return Ok(Vec::new()) };
    let name = scene.property(at, limit.property)?;
    let Some(pieces) = name.pieces().filter(|_| !name.is_absent()) else { return Ok(Vec::new()) };
    let problem = length_problem(limit, &pieces).or_else(|| letters_problem(limit, &name, &pieces));
    let problem = problem.map(|problem| {
        let message = format!("`{}` is `{name}`: {problem}", limit.property);
        Problem::new(limit.property, message).at(scene.span(at, limit.property))
    });
    Ok(problem.into_iter().collect())
}

fn length_problem(limit: &Limit, pieces: &[Piece]) -> Option<String> {
    let mut least = 0;
    let mut most = Some(0);
    for piece in pieces {
        let (fewest, longest) = match piece {
            Piece::Known(text) => (text.chars().count(), Some(text.chars().count())),
            Piece::Unknown(unknown) => lengths(unknown),
        };
        least += fewest;
        most = most.zip(longest).map(|(sum, longest)| sum + longest);
    }
    let most = most.unwrap_or(least);
    if most > limit.most {
        return Some(format!("{most} characters, where {} are allowed", limit.most));
    }
    (most < limit.least).then(|| format!("{most} characters, where {} are needed", limit.least))
}

/// The fewest and the most characters that something unknown becomes; its most is open where nothing is said.
fn lengths(unknown: &Unknown) -> (usize, Option<usize>) {
    match unknown {
        Unknown::Pseudo(name) if &**name == "AWS::AccountId" => (12, Some(12)),
        Unknown::Pseudo(_) => (0, None),
        Unknown::StackUuid(_) => (36, Some(36)),
        // CloudFormation ends the name of a nested stack with a dash and twelve or thirteen letters.
        Unknown::StackSuffix(_) => (12, Some(13)),
        // The parts of a UUID between its dashes.
        Unknown::Part { of: Value::Unknown(whole), at, .. } if is_part_of_uuid(whole) => match &**at {
            "0" => (8, Some(8)),
            "4" => (12, Some(12)),
            _ => (4, Some(4)),
        },
        _ => (1, None),
    }
}

fn is_part_of_uuid(unknown: &Unknown) -> bool {
    match unknown {
        Unknown::Part { of: Value::Unknown(whole), function: "Fn::Split", .. } => {
            matches!(**whole, Unknown::StackUuid(_))
        }
        _ => false,
    }
}

fn letters_problem(limit: &Limit, name: &Value, pieces: &[Piece]) -> Option<String> {
    let known = pieces.iter().filter_map(|piece| match piece {
        Piece::Known(text) => Some(&**text),
        Piece::Unknown(unknown) => has_capitals(unknown).then_some("A"),
    });
    let known: String = known.collect();
    let whole = name.as_text();
    let allowed = |letter: char| match limit.letters {
        Letters::Any => true,
        Letters::Domain => letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-',
        Letters::Bucket => letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '.'),
        Letters::Balancer => letter.is_ascii_alphanumeric() || letter == '-',
    };
    if let Some(letter) = known.chars().find(|letter| !allowed(*letter)) {
        return Some(format!("`{letter}` is not allowed in it"));
    }
    let starts_with_dash = matches!(pieces.first(), Some(Piece::Known(text)) if text.starts_with('-'));
    let ends_with_dash = matches!(pieces.last(), Some(Piece::Known(text)) if text.ends_with('-'));
    match limit.letters {
        Letters::Any => None,
        Letters::Domain if whole.is_some_and(|name| !name.starts_with(|first: char| first.is_ascii_lowercase())) => {
            Some("it must begin with a lowercase letter".to_owned())
        }
        _ if starts_with_dash || (ends_with_dash && limit.letters != Letters::Domain) => {
            Some("it must not begin or end with a dash".to_owned())
        }
        Letters::Balancer if known.starts_with("internal-") => Some("`internal-` is reserved".to_owned()),
        _ => None,
    }
}

/// The letters at the end of a nested stack's name are capitals.
fn has_capitals(unknown: &Unknown) -> bool {
    matches!(unknown, Unknown::StackSuffix(_))
}

#[cfg(test)]
mod tests {
    use crate::prove::tests::findings;

    fn named(kind: &str, property: &str, name: &str) -> Vec<String> {
        let text = format!(
            "Parameters: {{Env: {{Type: String, Default: dev, AllowedPattern: '^[a-z]{{1,20}}$'}}}}
Resources: {{R: {{Type: '{kind}', Properties: {{{property}: !Sub '{name}'}}}}}}"
        );
        findings(&[("t.yaml", &text)], "P101")
    }

    #[test]
    fn the_longest_value_of_a_parameter_is_tried() {
        let found = named("AWS::OpenSearchService::Domain", "DomainName", "traces-${Env}-search");
        let expected = "R: `DomainName` is `traces-aaaaaaaaaaaaaaaaaaaa-search`: 34 characters, where 28 are allowed [Env=aaaaaaaaaaaaaaaaaaaa]";
        assert_eq!(found, [expected]);
        assert!(named("AWS::OpenSearchService::Domain", "DomainName", "t-${Env}").is_empty());
    }

    #[test]
    fn what_aws_adds_is_counted_and_its_capitals_are_seen() {
        let found = named("AWS::S3::Bucket", "BucketName", "${Env}-${AWS::AccountId}-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert!(found[0].contains("64 characters, where 63 are allowed"), "{found:?}");
        let child = "Resources: {D: {Type: 'AWS::OpenSearchService::Domain', Properties: {DomainName: !Sub '${AWS::StackName}'}}}";
        let parent = "Resources: {Ess: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yaml}}}";
        let found = findings(&[("p.yaml", parent), ("child.yaml", child)], "P101");
        assert!(found[0].contains("`E` is not allowed in it"), "{found:?}");
    }

    #[test]
    fn the_letters_of_each_service_are_demanded() {
        for (kind, property, name, expected) in [
            ("AWS::S3::Bucket", "BucketName", "My-bucket", "`M` is not allowed in it"),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", "internal-x", "`internal-` is reserved"),
            ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", "x-", "it must not begin or end with a dash"),
            ("AWS::OpenSearchService::Domain", "DomainName", "1abc", "it must begin with a lowercase letter"),
        ] {
            let found = named(kind, property, name);
            assert!(found.len() == 1 && found[0].contains(expected), "{name}: {found:?}");
        }
    }
}
