//! Statements of policies, and how many fit into one.

use super::TypePermissions;
use crate::config::BucketChoice;
use crate::matrix::Matrix;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// IAM's limit for a managed policy; blanks do not count.
pub const POLICY_LETTERS_MAX: usize = 6_144;
/// What the rest of a policy takes beside its statements.
const FRAME_LETTERS: usize = 64;
const PASS_ROLE: &str = "iam:PassRole";
/// What is done to stacks of runs.
const STACKS: &[&str] = &[
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DetectStackDrift",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:ListChangeSets",
    "cloudformation:ListStackResources",
    "cloudformation:UpdateStack",
];
/// What is asked of no resource of a name that could be known.
const ASKED: &[&str] = &[
    "cloudformation:DescribeStackDriftDetectionStatus",
    "cloudformation:DescribeStacks",
    "cloudformation:GetResource",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeVpcs",
    "servicequotas:GetServiceQuota",
    "sts:GetCallerIdentity",
    "tag:GetResources",
];
/// What is done to buckets of runs, and to those that a project names.
const BUCKETS: &[&str] = &[
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetBucketTagging",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutEncryptionConfiguration",
    "s3:PutObject",
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    pub version: &'static str,
    pub statement: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    pub sid: String,
    pub effect: &'static str,
    pub action: Vec<String>,
    pub resource: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Statement {
    fn new(sid: &str, action: impl IntoIterator<Item = String>, resource: &[&str]) -> Self {
        Self {
            sid: sid.to_owned(),
            effect: "Allow",
            action: action.into_iter().collect(),
            resource: resource.iter().map(|arn| (*arn).to_owned()).collect(),
            condition: BTreeMap::new(),
        }
    }

    fn letters(&self) -> usize {
        serde_json::to_string(self).map_or(usize::MAX, |text| text.len() + 1)
    }
}

/// A statement for each service. Whose resources they are is not known before a stack has named them; that they are asked for
/// through CloudFormation is.
pub(super) fn of_types(types: &[&TypePermissions]) -> Vec<Statement> {
    let mut by_service: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for action in types.iter().flat_map(|one| one.all()).filter(|action| *action != PASS_ROLE) {
        let service = action.split(':').next().unwrap_or_default();
        by_service.entry(service).or_default().insert(action);
    }
    let mut statements: Vec<Statement> = by_service
        .iter()
        .map(|(service, actions)| {
            let sid: String = service.chars().filter(char::is_ascii_alphanumeric).collect();
            let mut statement =
                Statement::new(&format!("Stacks{sid}"), actions.iter().map(|one| (*one).to_owned()), &["*"]);
            let through =
                BTreeMap::from([("aws:CalledVia".to_owned(), vec!["cloudformation.amazonaws.com".to_owned()])]);
            statement.condition.insert("ForAnyValue:StringEquals".to_owned(), through);
            statement
        })
        .collect();
    if types.iter().flat_map(|one| one.all()).any(|action| action == PASS_ROLE) {
        // Roles of the stacks alone: CloudFormation begins their names with that of the stack.
        let mut pass = Statement::new("PassRolesOfStacks", [PASS_ROLE.to_owned()], &["arn:*:iam::*:role/tCaT-*"]);
        let to = BTreeMap::from([("iam:PassedToService".to_owned(), vec!["*.amazonaws.com".to_owned()])]);
        pass.condition.insert("StringLike".to_owned(), to);
        statements.push(pass);
    }
    statements
}

/// Buckets of the run, and those that somebody has named.
pub(super) fn buckets(matrix: &Matrix) -> Vec<String> {
    let named = matrix.cases.iter().filter_map(|case| match &case.test.bucket {
        BucketChoice::Named(name) => Some(name.clone()),
        BucketChoice::NamedByRegion(name) => Some(format!("{name}-*")),
        BucketChoice::Auto => None,
    });
    let mut all: Vec<String> = named.chain(["tcat-*".to_owned()]).collect();
    all.sort();
    all.dedup();
    all
}

/// What `jqs test` calls itself.
pub(super) fn of_run(matrix: &Matrix, buckets: &[String]) -> Vec<Statement> {
    let owned = |actions: &[&str]| actions.iter().map(|action| (*action).to_owned()).collect::<Vec<_>>();
    let stacks = Statement::new("Stacks", owned(STACKS), &["arn:*:cloudformation:*:*:stack/tCaT-*"]);
    let asked = Statement::new("Ask", owned(ASKED), &["*"]);
    let mut statements = vec![stacks, asked];
    let arns: Vec<String> =
        buckets.iter().flat_map(|name| [format!("arn:*:s3:::{name}"), format!("arn:*:s3:::{name}/*")]).collect();
    let arns: Vec<&str> = arns.iter().map(String::as_str).collect();
    statements.push(Statement::new("Buckets", owned(BUCKETS), &arns));
    let tokens: Vec<&str> = matrix
        .cases
        .iter()
        .flat_map(|case| case.test.parameters.values())
        .map(|setting| setting.value.as_str())
        .collect();
    for (token, sid, action, resource) in [
        ("$[taskcat_ssm_", "Parameters", "ssm:GetParameter", "arn:*:ssm:*:*:parameter/*"),
        ("$[taskcat_secretsmanager_", "Secrets", "secretsmanager:GetSecretValue", "arn:*:secretsmanager:*:*:secret:*"),
    ] {
        if tokens.iter().any(|value| value.contains(token)) {
            statements.push(Statement::new(sid, [action.to_owned()], &[resource]));
        }
    }
    statements
}

/// As few policies as take all statements; a statement that is too long for one is cut in two.
pub(super) fn pack(of_types: Vec<Statement>, of_run: Vec<Statement>) -> Vec<Policy> {
    let mut policies: Vec<(usize, Policy)> = Vec::new();
    let mut open: Vec<Statement> = of_run.into_iter().chain(of_types).rev().collect();
    while let Some(statement) = open.pop() {
        let letters = statement.letters();
        if letters + FRAME_LETTERS > POLICY_LETTERS_MAX && statement.action.len() > 1 {
            let (mut first, mut second) = (statement.clone(), statement);
            second.action = first.action.split_off(first.action.len() / 2);
            second.sid.push('b');
            open.push(second);
            open.push(first);
            continue;
        }
        match policies.iter_mut().find(|(used, _)| used + letters <= POLICY_LETTERS_MAX) {
            Some((used, policy)) => {
                *used += letters;
                policy.statement.push(statement);
            }
            None => {
                let policy = Policy { version: "2012-10-17", statement: vec![statement] };
                policies.push((FRAME_LETTERS + letters, policy));
            }
        }
    }
    policies.into_iter().map(|(_, policy)| policy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_stay_within_the_limit_and_lose_nothing() {
        let actions = (0..900).map(|number| format!("service:ActionNumber{number}"));
        let long = Statement::new("Long", actions, &["*"]);
        let short = Statement::new("Short", ["a:B".to_owned()], &["*"]);
        let packed = pack(vec![long.clone()], vec![short]);
        assert!(packed.len() > 3);
        for policy in &packed {
            assert!(serde_json::to_string(policy).expect("text").len() <= POLICY_LETTERS_MAX);
        }
        let all: usize = packed.iter().flat_map(|policy| &policy.statement).map(|one| one.action.len()).sum();
        assert_eq!(all, long.action.len() + 1);
    }
}
