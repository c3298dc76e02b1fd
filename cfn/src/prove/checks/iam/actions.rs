//! What policies allow, and on what.

use super::{identity_statements, problem, resource_statements};
use crate::eval::{Address, Outcome};
use crate::prove::check::Problem;
use crate::prove::policy::{Statement, matches};
use crate::prove::scene::Scene;

/// Actions that know no resource, or whose resources nobody can name beforehand. Source: the Service Authorization
/// Reference, for the services that tracing on ECS needs.
const WITHOUT_RESOURCE: [&str; 37] = [
    "acm:listcertificates",
    "application-autoscaling:describe*",
    "aps:listworkspaces",
    "autoscaling:describe*",
    "cloudformation:liststacks",
    "cloudwatch:describealarms*",
    "cloudwatch:getmetric*",
    "cloudwatch:listmetrics",
    "cloudwatch:putmetricdata",
    "cognito-idp:listuserpools",
    "dynamodb:listtables",
    "ec2:*networkinterface*",
    "ec2:assignprivateipaddresses",
    "ec2:describe*",
    "ec2:unassignprivateipaddresses",
    "ecr:getauthorizationtoken",
    "ecr-public:getauthorizationtoken",
    "ecs:createcluster",
    "ecs:discoverpollendpoint",
    "ecs:list*",
    "ecs:registertaskdefinition",
    "ecs:deregistertaskdefinition",
    "ecs:describetaskdefinition",
    "elasticloadbalancing:describe*",
    "es:listdomainnames",
    "iam:listroles",
    "kms:listkeys",
    "kms:listaliases",
    "logs:describeloggroups",
    "logs:*logdelivery*",
    "route53:listhostedzones*",
    "s3:listallmybuckets",
    "secretsmanager:listsecrets",
    "ssmmessages:*",
    "sts:getcalleridentity",
    "tag:getresources",
    "xray:*",
];

fn allowed(scene: &Scene<'_>, at: &Address) -> Outcome<Vec<Statement>> {
    Ok(identity_statements(scene, at)?.into_iter().filter(|statement| statement.is_allow).collect())
}

pub(super) fn wildcards(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let mut problems = Vec::new();
    for statement in allowed(scene, at)? {
        for action in statement.actions.iter().filter(|action| action.contains('*')) {
            let message = match action.split_once(':') {
                None => "it allows every action of every service".to_owned(),
                Some((service, "*")) => format!("it allows every action of {service}"),
                Some(_) => format!("it allows `{action}`, whatever AWS comes to call so"),
            };
            problems.push(problem(&statement, action, message));
        }
        if !statement.but_actions.is_empty() {
            let message = format!("it allows everything but {}", statement.but_actions.join(", "));
            problems.push(problem(&statement, "NotAction", message));
        }
    }
    Ok(problems)
}

/// What the policy of a resource allows: there a prefix such as `es:ESHttp*` is still an answer, the whole service is not.
pub(super) fn granted(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let mut problems = Vec::new();
    for statement in resource_statements(scene, at)?.into_iter().filter(|statement| statement.is_allow) {
        for action in statement.actions.iter().filter(|action| *action == "*" || action.ends_with(":*")) {
            problems.push(problem(&statement, action, format!("it allows `{action}`")));
        }
    }
    Ok(problems)
}

pub(super) fn resources(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let mut problems = Vec::new();
    for statement in allowed(scene, at)? {
        // Roles that are passed have a check of their own.
        let is_narrowed = !statement.condition_keys.is_empty() || statement.names("iam:PassRole");
        if is_narrowed || !statement.resources.iter().any(|resource| resource == "*") {
            continue;
        }
        let has_resource = |action: &&String| {
            let action = action.to_ascii_lowercase();
            !WITHOUT_RESOURCE.iter().any(|pattern| matches(pattern, &action))
        };
        let actions: Vec<&str> = statement.actions.iter().filter(has_resource).map(String::as_str).collect();
        if !actions.is_empty() {
            let message = format!("it allows {} on every resource", actions.join(", "));
            problems.push(problem(&statement, "Resource", message).hint("name the resources, or add a condition"));
        }
    }
    Ok(problems)
}

pub(super) fn passed_roles(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let is_any_role = |resource: &String| resource == "*" || resource.ends_with(":role/*");
    let statements = allowed(scene, at)?;
    let found = statements.iter().filter(|statement| statement.names("iam:PassRole"));
    let found = found.filter(|statement| statement.resources.iter().any(is_any_role));
    Ok(found.map(|statement| problem(statement, "PassRole", "it lets every role be passed".to_owned())).collect())
}
