//! Roles and policies give no more than is needed, and to nobody else.

mod actions;
mod principals;

#[cfg(test)]
mod tests;

use crate::eval::{Address, Outcome};
use crate::prove::check::{Check, Grain, Problem, Severity, one_part};
use crate::prove::policy::{self, Statement};
use crate::prove::scene::Scene;

/// Policies that say what somebody may do, and where in each type they are written.
const IDENTITY_POLICIES: [&str; 7] = [
    "AWS::IAM::Role",
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::User",
];

/// Policies that say who may come to a resource.
const RESOURCE_POLICIES: [&str; 12] = [
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::Elasticsearch::Domain",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Permission",
    "AWS::Logs::ResourcePolicy",
    "AWS::OpenSearchService::Domain",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::ResourcePolicy",
];

pub(super) const ACTIONS: Check = Check {
    id: "P601",
    title: "policies name the actions that are needed",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &IDENTITY_POLICIES,
    explanation: "An action with a wildcard also allows what AWS adds later. `NotAction` in a statement that allows says even \
        less.",
    parts: one_part,
    run: actions::wildcards,
};

pub(super) const RESOURCES: Check = Check {
    id: "P602",
    title: "policies name the resources that are meant",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &IDENTITY_POLICIES,
    explanation: "`Resource: '*'` is right only for actions that know no resource, such as `ecr:GetAuthorizationToken`, or \
        together with a condition that narrows it.",
    parts: one_part,
    run: actions::resources,
};

pub(super) const PASSED_ROLES: Check = Check {
    id: "P603",
    title: "roles are passed one by one",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &IDENTITY_POLICIES,
    explanation: "Whoever may pass every role to a service has the rights of the mightiest role of the account.",
    parts: one_part,
    run: actions::passed_roles,
};

pub(super) const CONFUSED_DEPUTY: Check = Check {
    id: "P604",
    title: "services act only for this account",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &RESOURCE_POLICIES,
    explanation: "A service acts for all its customers: where it is let in without `aws:SourceAccount`, `aws:SourceArn` or \
        `aws:SourceOrgID`, another customer can make it act on this account's resources. Asked of the services that send \
        these keys.",
    parts: one_part,
    run: principals::confused_deputy,
};

pub(super) const EVERYBODY: Check = Check {
    id: "P605",
    title: "no policy lets everybody in",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &RESOURCE_POLICIES,
    explanation: "`Principal: '*'` in a statement that allows, without a condition, means everybody in the world who has an AWS \
        account, or nobody's at all.",
    parts: one_part,
    run: principals::everybody,
};

pub(super) const OTHER_ACCOUNTS: Check = Check {
    id: "P606",
    title: "other accounts need an external id",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &["AWS::IAM::Role"],
    explanation: "A role that another account may assume needs a condition on `sts:ExternalId`, on the organization or on \
        multi-factor authentication.",
    parts: one_part,
    run: principals::other_accounts,
};

pub(super) const GRANTED_ACTIONS: Check = Check {
    id: "P608",
    title: "policies of resources name the actions that are needed",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[
        "AWS::ECR::Repository",
        "AWS::Elasticsearch::Domain",
        "AWS::OpenSearchService::Domain",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::SecretsManager::ResourcePolicy",
    ],
    explanation: "A policy of a resource that allows every action of its service also allows to change its settings and to \
        delete it. The policy of a KMS key is left out: there the account itself must keep every right.",
    parts: one_part,
    run: actions::granted,
};

pub(super) const NAMES: Check = Check {
    id: "P607",
    title: "roles and policies have no names of their own",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[
        "AWS::IAM::Role",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::User",
        "AWS::IAM::Group",
        "AWS::IAM::InstanceProfile",
    ],
    explanation: "IAM is global: a stack with named roles is there once in an account, not once in each region, and needs the \
        capability CAPABILITY_NAMED_IAM.",
    parts: one_part,
    run: names,
};

fn names(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let properties = scene.cursor(at);
    let mut problems = Vec::new();
    for property in ["RoleName", "ManagedPolicyName", "UserName", "GroupName", "InstanceProfileName"] {
        if !properties.get(property)?.is_absent()? {
            let message = format!("`{property}` names it, instead of letting CloudFormation do so");
            problems.push(Problem::new(property, message).at(scene.span(at, property)));
        }
    }
    Ok(problems)
}

/// The statements that say what the resource's own bearer may do.
fn identity_statements(scene: &Scene<'_>, at: &Address) -> Outcome<Vec<Statement>> {
    let properties = scene.cursor(at);
    let mut statements = policy::statements(&properties.get("PolicyDocument")?)?;
    for inline in properties.get("Policies")?.items()? {
        statements.extend(policy::statements(&inline.get("PolicyDocument")?)?);
    }
    Ok(statements)
}

/// The statements that say who may come to the resource, or act as it.
fn resource_statements(scene: &Scene<'_>, at: &Address) -> Outcome<Vec<Statement>> {
    let property = match scene.kind(at) {
        "AWS::ECR::Repository" => "RepositoryPolicyText",
        "AWS::EFS::FileSystem" => "FileSystemPolicy",
        "AWS::Elasticsearch::Domain" | "AWS::OpenSearchService::Domain" => "AccessPolicies",
        "AWS::IAM::Role" => "AssumeRolePolicyDocument",
        "AWS::KMS::Key" => "KeyPolicy",
        "AWS::SecretsManager::ResourcePolicy" => "ResourcePolicy",
        "AWS::Lambda::Permission" => return principals::of_permission(scene, at),
        _ => "PolicyDocument",
    };
    policy::statements(&scene.cursor(at).get(property)?)
}

/// One problem for each way in which a statement fails.
fn problem(statement: &Statement, about: &str, message: String) -> Problem {
    let place = statement.span.start;
    Problem::new(format!("{}:{} {about}", place.line, place.column), message).at(statement.span)
}
