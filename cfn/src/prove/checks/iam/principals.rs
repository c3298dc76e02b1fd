//! Whom policies let in.

use super::{problem, resource_statements};
use crate::eval::{Address, Outcome};
use crate::prove::check::Problem;
use crate::prove::policy::{Principal, Statement};
use crate::prove::scene::Scene;

/// The condition keys by which a service says for whom it acts.
const SOURCES: [&str; 4] = ["aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"];

/// The services of which the documentation says that they send these keys.
const SENDERS: [&str; 24] = [
    "aps",
    "backup",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "config",
    "delivery.logs",
    "dms",
    "ecs",
    "ecs-tasks",
    "elasticfilesystem",
    "es",
    "events",
    "firehose",
    "glue",
    "logs",
    "opensearchservice",
    "pipes",
    "s3",
    "scheduler",
    "sns",
    "ssm",
    "states",
    "vpc-flow-logs",
];

/// Where a condition on one of these stands, another account is not alone in deciding.
const GUARDS: [&str; 5] =
    ["sts:externalid", "aws:principalorgid", "aws:principalorgpaths", "aws:multifactorauthpresent", "aws:principalarn"];

fn allowed(scene: &Scene<'_>, at: &Address) -> Outcome<Vec<Statement>> {
    Ok(resource_statements(scene, at)?.into_iter().filter(|statement| statement.is_allow).collect())
}

pub(super) fn confused_deputy(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let mut problems = Vec::new();
    for statement in allowed(scene, at)? {
        if statement.has_any_condition(&SOURCES) {
            continue;
        }
        for principal in &statement.principals {
            let Principal::Service(name) = principal else { continue };
            let service = name.split_once(".amazonaws.").map_or(name.as_str(), |(service, _)| service);
            if SENDERS.contains(&service) {
                let message = format!("{name} is let in for any of its customers");
                let hint = "add a condition on `aws:SourceAccount`, or on `aws:SourceArn`";
                problems.push(problem(&statement, name, message).hint(hint));
            }
        }
    }
    Ok(problems)
}

pub(super) fn everybody(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let statements = allowed(scene, at)?;
    let found = statements.iter().filter(|statement| {
        statement.principals.contains(&Principal::Everybody) && statement.condition_keys.is_empty()
    });
    let message = |statement: &Statement| format!("everybody may {}", statement.actions.join(", "));
    Ok(found.map(|statement| problem(statement, "Principal", message(statement))).collect())
}

pub(super) fn other_accounts(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let mut problems = Vec::new();
    for statement in allowed(scene, at)? {
        if statement.has_any_condition(&GUARDS) {
            continue;
        }
        for principal in &statement.principals {
            let Principal::Account(name) = principal else { continue };
            if let Some(account) = foreign_account(name) {
                let message = format!("the account {account} may assume it, on nobody's word but its own");
                problems.push(problem(&statement, name, message).hint("add a condition on `sts:ExternalId`"));
            }
        }
    }
    Ok(problems)
}

/// An account that is written out: this one is `${AWS::AccountId}`.
fn foreign_account(principal: &str) -> Option<&str> {
    let account = principal.split(':').nth(4).unwrap_or(principal);
    (account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit())).then_some(account)
}

/// `AWS::Lambda::Permission` is a statement in other words.
pub(super) fn of_permission(scene: &Scene<'_>, at: &Address) -> Outcome<Vec<Statement>> {
    let permission = scene.cursor(at);
    let principal = permission.get("Principal")?.value()?.to_string();
    let principal = match principal.as_str() {
        "*" => Principal::Everybody,
        name if name.contains(".amazonaws.") => Principal::Service(principal),
        _ => Principal::Account(principal),
    };
    let mut condition_keys = Vec::new();
    for (property, key) in [
        ("SourceAccount", "aws:sourceaccount"),
        ("SourceArn", "aws:sourcearn"),
        ("PrincipalOrgID", "aws:principalorgid"),
    ] {
        if !permission.get(property)?.is_absent()? {
            condition_keys.push(key.to_owned());
        }
    }
    Ok(vec![Statement {
        is_allow: true,
        actions: permission.get("Action")?.text()?.into_iter().collect(),
        but_actions: Vec::new(),
        resources: Vec::new(),
        principals: vec![principal],
        condition_keys,
        span: permission.span,
    }])
}
