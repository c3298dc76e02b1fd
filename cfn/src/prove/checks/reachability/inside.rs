//! What reaches what within the VPC.

use super::{DOMAIN, OLD_DOMAIN};
use crate::eval::{Address, Outcome, Piece};
use crate::prove::check::Problem;
use crate::prove::network::balancing::{self, LISTENER, SERVICE, Target};
use crate::prove::network::groups::{Attached, Direction, Reach, can_reach};
use crate::prove::network::routes::VPC;
use crate::prove::network::{Range, acl, resource_of};
use crate::prove::scene::Scene;

const HTTPS: u16 = 443;

/// The range of the VPC that a property names, where the templates say it.
fn range_of_vpc(scene: &Scene<'_>, at: &Address) -> Outcome<Option<Range>> {
    let vpc = scene.property(at, "VpcId")?;
    match resource_of(scene, &vpc, VPC) {
        Some(vpc) => Ok(scene.property(vpc, "CidrBlock")?.as_text().and_then(Range::parse)),
        None => Ok(None),
    }
}

/// The load balancers whose listeners lead to a target group.
fn balancers(scene: &Scene<'_>, group: &Address) -> Outcome<Vec<Address>> {
    let mut found = Vec::new();
    for listener in scene.existing(LISTENER)? {
        if balancing::forwards(scene, listener)?.iter().any(|forward| forward.group == *group) {
            found.extend(balancing::balancer_of(scene, listener)?.filter(|balancer| !found.contains(balancer)));
        }
    }
    Ok(found)
}

pub(super) fn targets(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let targets = balancing::targets(scene, at)?;
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let (health, vpc) = (balancing::health_port(scene, at)?, range_of_vpc(scene, at)?);
    let attributes = scene.cursor(at).get("TargetGroupAttributes")?;
    let preserves = balancing::attribute(&attributes, "preserve_client_ip.enabled")?.as_deref() == Some("true");
    let mut problems: Vec<Problem> = Vec::new();
    for balancer in balancers(scene, at)? {
        let sources = Sources {
            groups: Attached::of(scene, &scene.cursor(&balancer).get("SecurityGroups")?)?,
            // Clients keep their address: from where they come is not the load balancer's range.
            range: vpc.filter(|_| !preserves),
            balancer,
        };
        for target in &targets {
            let health = health.unwrap_or(target.port);
            for (port, purpose) in [(target.port, "traffic"), (health, "health check")] {
                let about = format!("{}:{port}", scene.path(&target.service));
                if problems.iter().all(|problem| problem.about != about)
                    && let Some((reason, steps)) = obstacle(scene, &sources, target, port)?
                {
                    let service = scene.path(&target.service);
                    let message =
                        format!("the load balancer cannot reach port {port} of {service} ({purpose}): {reason}");
                    problems.push(Problem::new(about, message).steps(steps));
                }
            }
        }
    }
    Ok(problems)
}

/// Where a load balancer's packets come from.
struct Sources {
    balancer: Address,
    groups: Attached,
    range: Option<Range>,
}

/// What keeps a load balancer from a port of a task, and the way up to there.
fn obstacle(
    scene: &Scene<'_>,
    sources: &Sources,
    target: &Target,
    port: u16,
) -> Outcome<Option<(String, Vec<String>)>> {
    let to = balancing::groups_of_service(scene, &target.service)?;
    let mut steps = vec![format!("{}: load balancer", scene.path(&sources.balancer))];
    let named = |groups: &Attached| groups.own.iter().map(|group| scene.path(group)).collect::<Vec<_>>().join(", ");
    match can_reach(scene, &sources.groups, &to, port, sources.range.as_ref())? {
        Reach::NotLeft => {
            steps.push(format!("{}: security group, does not let out port {port}", named(&sources.groups)));
            return Ok(Some(("its security group does not let it out".to_owned(), steps)));
        }
        Reach::NotAdmitted => {
            steps.push(format!("{}: security group, does not admit port {port}", named(&to)));
            return Ok(Some(("the security group of the tasks does not admit it".to_owned(), steps)));
        }
        Reach::Open => {}
    }
    let Some(range) = &sources.range else { return Ok(None) };
    for subnet in balancing::network_of(scene, &target.service)?.get("Subnets")?.values()? {
        if let Some(acl) = acl::blocking(scene, &subnet, Direction::Ingress, port, range)? {
            steps.push(format!("{}: network ACL, does not admit port {port}", scene.path(&acl)));
            return Ok(Some(("a network ACL does not admit it".to_owned(), steps)));
        }
    }
    Ok(None)
}

/// The domains that the environment of a service's containers names.
fn domains(scene: &Scene<'_>, service: &Address) -> Outcome<Vec<Address>> {
    let Some(task) = balancing::task_of(scene, service)? else { return Ok(Vec::new()) };
    let mut found: Vec<Address> = Vec::new();
    for container in scene.cursor(&task).get("ContainerDefinitions")?.items()? {
        for variable in container.get("Environment")?.items()? {
            for piece in variable.get("Value")?.value()?.pieces().unwrap_or_default() {
                let Piece::Unknown(unknown) = piece else { continue };
                let domain = unknown.resource().filter(|at| matches!(scene.kind(at), DOMAIN | OLD_DOMAIN));
                found.extend(domain.filter(|domain| !found.contains(domain)).cloned());
            }
        }
    }
    Ok(found)
}

pub(super) fn storage(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let from = balancing::groups_of_service(scene, at)?;
    let mut problems = Vec::new();
    for domain in domains(scene, at)? {
        let to = Attached::of(scene, &scene.cursor(&domain).at(&["VPCOptions", "SecurityGroupIds"])?)?;
        if from.is_empty() || to.is_empty() {
            continue;
        }
        let reason = match can_reach(scene, &from, &to, HTTPS, None)? {
            Reach::Open => continue,
            Reach::NotLeft => "the security group of the tasks does not let it out",
            Reach::NotAdmitted => "the security group of the domain does not admit them",
        };
        let message = format!("its tasks cannot reach {} on port {HTTPS}: {reason}", scene.path(&domain));
        problems.push(Problem::new(scene.path(&domain), message));
    }
    Ok(problems)
}

pub(super) fn endpoints(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let endpoint = scene.cursor(at);
    if endpoint.get("VpcEndpointType")?.text()?.as_deref() != Some("Interface") {
        return Ok(Vec::new());
    }
    let (to, vpc) = (Attached::of(scene, &endpoint.get("SecurityGroupIds")?)?, range_of_vpc(scene, at)?);
    if to.is_empty() {
        return Ok(Vec::new());
    }
    let mut problems = Vec::new();
    for service in scene.existing(SERVICE)? {
        let from = balancing::groups_of_service(scene, service)?;
        let reason = match can_reach(scene, &from, &to, HTTPS, vpc.as_ref())? {
            Reach::Open => continue,
            Reach::NotLeft => "their security group does not let it out",
            Reach::NotAdmitted => "the security group of the endpoint does not admit them",
        };
        let message = format!("the tasks of {} cannot reach it on port {HTTPS}: {reason}", scene.path(service));
        problems.push(Problem::new(scene.path(service), message));
    }
    Ok(problems)
}
