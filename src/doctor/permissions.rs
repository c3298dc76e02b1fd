//! Whether whoever asks may do what the deployment takes, as IAM's simulator says: policies of the identity and its boundary.
//! It sees neither policies of the organization nor of a session, which may forbid more.

use super::Subject;
use super::actions::{OWN, of_kind};
use super::finding::{About, Finding};
use jqs_stacks::query::{Element, IAM, Outcome, Refusal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Actions of one call.
const DEFAULT_ACTIONS_AT_ONCE_MAX: usize = 50;
/// Denied actions that are named on the terminal; `--json` has them all.
const DEFAULT_DENIED_SHOWN_MAX: usize = 8;

pub(super) const PERMISSIONS: About = About { id: "permissions", title: "Permissions" };
const NOT_SEEN: &str = "policies of the organization and of the session are not seen";

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    vec![simulate(&subject).await]
}

async fn simulate(subject: &Subject) -> Finding {
    let principal = match principal(subject).await {
        Ok(principal) => principal,
        Err(finding) => return *finding,
    };
    let mut decisions = Decisions::default();
    for (resource, actions) in by_resource(subject) {
        for some in actions.chunks(DEFAULT_ACTIONS_AT_ONCE_MAX) {
            match ask(subject, &principal, &resource, some).await {
                Ok(results) => results.iter().for_each(|result| decisions.take(result)),
                Err(refusal) => return unanswered(&principal, refusal),
            }
        }
    }
    decisions.finding(&principal)
}

fn unanswered(principal: &str, refusal: Refusal) -> Finding {
    if refusal.is("AccessDenied") {
        let found = format!("{principal} may not `iam:SimulatePrincipalPolicy`");
        return PERMISSIONS.unchecked(found).advice("docs/deploy.md lists what is needed, under Permissions");
    }
    PERMISSIONS.unanswered(refusal)
}

#[derive(Default)]
struct Decisions {
    allowed: usize,
    denied: BTreeSet<String>,
    /// What a condition decides, whose keys the simulator is not given.
    conditional: BTreeSet<String>,
}

impl Decisions {
    fn take(&mut self, result: &Element) {
        let action = result.text("EvalActionName").to_owned();
        match result.text("EvalDecision") {
            "allowed" => self.allowed += 1,
            "implicitDeny" if !result.list("MissingContextValues").is_empty() => drop(self.conditional.insert(action)),
            _ => drop(self.denied.insert(action)),
        }
    }

    fn finding(self, principal: &str) -> Finding {
        let all = self.allowed + self.denied.len() + self.conditional.len();
        if !self.denied.is_empty() {
            let found = format!("{} of {all} actions are denied: {}", self.denied.len(), some_of(&self.denied));
            let advice = format!("have them allowed for {principal}; {NOT_SEEN}");
            return PERMISSIONS.failed(found).advice(advice).details(self.denied.into_iter().collect());
        }
        if !self.conditional.is_empty() {
            let count = self.conditional.len();
            let found = format!("{count} of {all} actions are allowed on conditions: {}", some_of(&self.conditional));
            let advice = format!("see whether the conditions hold in the policies of {principal}");
            return PERMISSIONS.warning(found).advice(advice).details(self.conditional.into_iter().collect());
        }
        PERMISSIONS.ok(format!("all {all} actions are allowed ({NOT_SEEN})"))
    }
}

fn some_of(actions: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = actions.iter().take(DEFAULT_DENIED_SHOWN_MAX).map(String::as_str).collect();
    match actions.len().saturating_sub(DEFAULT_DENIED_SHOWN_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more (`--json` has them all)", shown.join(", ")),
    }
}

/// The user, or the role that somebody has assumed: a session has no policies that could be simulated.
async fn principal(subject: &Subject) -> Result<String, Box<Finding>> {
    let arn = &subject.identity.arn;
    match kind_of(arn) {
        Kind::User => Ok(arn.clone()),
        Kind::Role(name) => match subject.query.query(IAM, "GetRole", &[("RoleName", name)]).await {
            Ok(answer) => Ok(answer.text("Role/Arn").to_owned()),
            // A role has a path now and then, which the session does not tell.
            Err(refusal) if refusal.is("AccessDenied") => {
                Ok(format!("arn:{}:iam::{}:role/{name}", subject.identity.partition, subject.identity.account))
            }
            Err(refusal) => Err(Box::new(PERMISSIONS.unanswered(refusal))),
        },
        Kind::Root => {
            Err(Box::new(PERMISSIONS.unchecked("IAM does not simulate the root user, who may do everything")))
        }
        Kind::Other => Err(Box::new(PERMISSIONS.unchecked(format!("IAM does not simulate {arn}")))),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    User,
    Role(&'a str),
    Root,
    /// Such as a federated user.
    Other,
}

fn kind_of(arn: &str) -> Kind<'_> {
    let mut fields = arn.splitn(6, ':').skip(2);
    let (service, resource) = (fields.next().unwrap_or_default(), fields.nth(2).unwrap_or_default());
    match (service, resource.split_once('/')) {
        (_, None) if resource == "root" => Kind::Root,
        ("iam", Some(("user", _))) => Kind::User,
        ("sts", Some(("assumed-role", rest))) => Kind::Role(rest.split('/').next().unwrap_or_default()),
        ("iam", Some(("role", rest))) => Kind::Role(rest.rsplit('/').next().unwrap_or_default()),
        _ => Kind::Other,
    }
}

/// Actions by a resource as they will meet it: a policy may allow them by names.
fn by_resource(subject: &Subject) -> BTreeMap<String, Vec<&'static str>> {
    let kinds: BTreeSet<&str> = subject.kinds().collect();
    let actions: BTreeSet<&'static str> =
        OWN.iter().copied().chain(kinds.into_iter().flat_map(|kind| of_kind(kind).iter().copied())).collect();
    let mut grouped: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for action in actions {
        grouped.entry(resource(subject, action)).or_default().push(action);
    }
    grouped
}

fn resource(subject: &Subject, action: &str) -> String {
    let (name, environment) = (&subject.stack_name, subject.parameter("EnvironmentName"));
    let (partition, region, account) =
        (subject.identity.partition, &subject.identity.region, &subject.identity.account);
    let (service, verb) = action.split_once(':').unwrap_or((action, ""));
    let regional = |service: &str, rest: String| format!("arn:{partition}:{service}:{region}:{account}:{rest}");
    let made = format!("{environment}-00000000");
    match (service, verb) {
        ("cloudformation", _) => regional(service, format!("stack/{name}/00000000-0000-0000-0000-000000000000")),
        ("s3", "GetObject" | "PutObject") => format!("arn:{partition}:s3:::{}/jqs/templates/0", subject.bucket),
        ("s3", _) => format!("arn:{partition}:s3:::{}", subject.bucket),
        ("iam", "CreateServiceLinkedRole") => {
            let of = "opensearchservice.amazonaws.com/AWSServiceRoleForAmazonOpenSearchService";
            format!("arn:{partition}:iam::{account}:role/aws-service-role/{of}")
        }
        ("iam", verb) if verb.contains("RolePolicy") || verb.contains("Role") => {
            format!("arn:{partition}:iam::{account}:role/{name}-Role-000000000000")
        }
        ("iam", _) => format!("arn:{partition}:iam::{account}:policy/{name}-Policy-000000000000"),
        ("ec2", _) => regional(service, "vpc/vpc-00000000000000000".to_owned()),
        ("ecs", _) => regional(service, format!("service/{made}/service")),
        ("elasticloadbalancing", _) => regional(service, format!("loadbalancer/net/jqs-{made}/0000000000000000")),
        ("logs", _) => regional(service, format!("log-group:/jqs/{made}:*")),
        ("es", _) => regional(service, format!("domain/{made}")),
        ("route53", _) => format!("arn:{partition}:route53:::hostedzone/Z00000000000000000000"),
        ("sns" | "sqs", _) => regional(service, made),
        ("ssm", _) => regional(service, format!("parameter/jqs/{environment}/x")),
        _ => regional(service, format!("*/{made}")),
    }
}

async fn ask(subject: &Subject, principal: &str, resource: &str, actions: &[&str]) -> Outcome<Vec<Element>> {
    let names: Vec<String> = (1..=actions.len()).map(|at| format!("ActionNames.member.{at}")).collect();
    let mut parameters =
        vec![("PolicySourceArn", principal), ("ResourceArns.member.1", resource), ("MaxItems", "1000")];
    // Whoever demands a second factor has got it: the session's other calls are answered.
    let context = [
        ("aws:RequestedRegion", "string", subject.identity.region.as_str()),
        ("aws:MultiFactorAuthPresent", "boolean", "true"),
    ];
    let keys = ["ContextKeyName", "ContextKeyType", "ContextKeyValues.member.1"];
    let entries: Vec<(String, &str)> = (1..)
        .zip(context)
        .flat_map(|(at, (name, kind, value))| {
            keys.map(|key| format!("ContextEntries.member.{at}.{key}")).into_iter().zip([name, kind, value])
        })
        .collect();
    parameters.extend(entries.iter().map(|(name, value)| (name.as_str(), *value)));
    parameters.extend(names.iter().map(String::as_str).zip(actions.iter().copied()));
    let answer = subject.query.query(IAM, "SimulatePrincipalPolicy", &parameters).await?;
    Ok(answer.list("EvaluationResults").to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_is_told_by_the_arn() {
        for (arn, kind) in [
            ("arn:aws:iam::111122223333:user/team/ops", Kind::User),
            ("arn:aws:sts::111122223333:assumed-role/deployer/session", Kind::Role("deployer")),
            ("arn:aws:iam::111122223333:role/team/deployer", Kind::Role("deployer")),
            ("arn:aws-cn:iam::111122223333:root", Kind::Root),
            ("arn:aws:sts::111122223333:federated-user/ops", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(kind_of(arn), kind, "{arn}");
        }
    }
}
