//! What the internet reaches.

use super::{DOMAIN, OLD_DOMAIN};
use crate::eval::{Address, Outcome, Value};
use crate::prove::check::Problem;
use crate::prove::cursor::Cursor;
use crate::prove::network::balancing::{self, Forward};
use crate::prove::network::groups::{Attached, Direction, Peer, RULE_INGRESS, Rule, rules, rules_of_resource};
use crate::prove::network::routes::{self, Exit};
use crate::prove::network::{Range, acl};
use crate::prove::scene::Scene;

const EVERYBODY: &str = "0.0.0.0/0";
const HTTPS: u16 = 443;

/// Ports that are for those who run a system.
const ADMINISTRATION: [(u16, &str); 16] = [
    (22, "SSH"),
    (23, "Telnet"),
    (445, "SMB"),
    (1433, "SQL Server"),
    (2049, "NFS"),
    (2375, "Docker"),
    (2376, "Docker"),
    (3306, "MySQL"),
    (3389, "remote desktop"),
    (5432, "PostgreSQL"),
    (5900, "VNC"),
    (6379, "Redis"),
    (9042, "Cassandra"),
    (9200, "OpenSearch"),
    (9300, "OpenSearch"),
    (27017, "MongoDB"),
];

/// A listener that everybody reaches.
struct Exposure {
    port: u16,
    forwards: Vec<Forward>,
    steps: Vec<String>,
}

/// Nothing where somebody, or something unknown, stands between the internet and the listener, or where `matters` has no
/// interest in it. What is cheap to know is asked first.
fn exposure(
    scene: &Scene<'_>,
    at: &Address,
    matters: impl Fn(u16, &str, &[Forward]) -> Outcome<bool>,
) -> Outcome<Option<Exposure>> {
    let Some(balancer) = balancing::balancer_of(scene, at)? else { return Ok(None) };
    let properties = scene.cursor(&balancer);
    if !balancing::is_internet_facing(&properties)? {
        return Ok(None);
    }
    let listener = scene.cursor(at);
    let port = listener.get("Port")?.integer()?.and_then(|port| u16::try_from(port).ok());
    let protocol = listener.get("Protocol")?.text()?.unwrap_or_default();
    let Some(port) = port.filter(|_| !protocol.contains("UDP")) else { return Ok(None) };
    let forwards = balancing::forwards(scene, at)?;
    if forwards.is_empty() || !matters(port, &protocol, &forwards)? {
        return Ok(None);
    }
    let Some(admitting) = admission(scene, &properties, port)? else { return Ok(None) };
    let subnets = properties.get("Subnets")?.values()?;
    if !subnets.is_empty() && closed(scene, &subnets, port)? {
        return Ok(None);
    }
    let mut steps = vec![format!("{EVERYBODY}: everybody on the internet"), admitting];
    steps.push(format!("{}: listener {port} ({protocol})", scene.path(at)));
    for forward in &forwards {
        steps.push(format!("{}: target group", scene.path(&forward.group)));
        for target in balancing::targets(scene, &forward.group)? {
            steps.push(format!("{}: container {} port {}", scene.path(&target.service), target.container, target.port));
        }
    }
    Ok(Some(Exposure { port, forwards, steps }))
}

/// The rule of the load balancer's security groups that admits everybody on a port.
fn admission(scene: &Scene<'_>, balancer: &Cursor<'_>, port: u16) -> Outcome<Option<String>> {
    let attached = Attached::of(scene, &balancer.get("SecurityGroups")?)?;
    if attached.is_empty() && balancing::is_network(balancer)? {
        return Ok(Some("no security group: every port of a listener is open".to_owned()));
    }
    let rules = attached.rules(scene, Direction::Ingress, port)?;
    let open = rules.iter().find(|rule| is_everybody(rule));
    Ok(open.map(|rule| format!("{}: security group, admits port {port}", scene.path(&rule.at))))
}

fn is_everybody(rule: &Rule) -> bool {
    matches!(&rule.peer, Peer::Range(range) if range.is_everybody())
}

/// Whether each subnet is surely cut off from the internet, by its routes or by a network ACL.
fn closed(scene: &Scene<'_>, subnets: &[Value], port: u16) -> Outcome<bool> {
    let everybody = Range::parse(EVERYBODY);
    for subnet in subnets {
        if matches!(routes::exit(scene, subnet)?, Exit::Closed | Exit::Nat(_)) {
            continue;
        }
        let blocking = match &everybody {
            Some(everybody) => acl::blocking(scene, subnet, Direction::Ingress, port, everybody)?,
            None => None,
        };
        if blocking.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is behind a listener, in words.
fn reached(scene: &Scene<'_>, exposure: &Exposure) -> Outcome<String> {
    for forward in &exposure.forwards {
        if let Some(target) = balancing::targets(scene, &forward.group)?.first() {
            let service = scene.path(&target.service);
            let what = match target.port {
                16686 => " (the user interface)",
                4317 => " (OTLP over gRPC)",
                4318 => " (OTLP over HTTP)",
                _ => "",
            };
            return Ok(format!("port {} of {service}{what}", target.port));
        }
    }
    Ok(format!("what is behind port {}", exposure.port))
}

pub(super) fn clear_text(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let matters = |port: u16, protocol: &str, _: &[Forward]| {
        let is_encrypted = matches!(protocol, "TLS" | "HTTPS" | "QUIC");
        Ok(!is_encrypted && (protocol, port) != ("TCP", HTTPS))
    };
    let Some(exposure) = exposure(scene, at, matters)? else { return Ok(Vec::new()) };
    let reached = reached(scene, &exposure)?;
    let message = format!("{reached} is reachable from the internet in clear text, through listener {}", exposure.port);
    let problem = Problem::new("clear text", message).steps(exposure.steps).at(scene.span(at, "Protocol"));
    Ok(vec![problem.hint("give the listener a certificate, or the security group a narrower range")])
}

pub(super) fn anonymous(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let matters = |_: u16, _: &str, forwards: &[Forward]| {
        let certificates = scene.cursor(at).at(&["MutualAuthentication", "Mode"])?.text()?;
        Ok(certificates.as_deref() != Some("verify") && forwards.iter().any(|forward| !forward.is_authenticated))
    };
    let Some(exposure) = exposure(scene, at, matters)? else { return Ok(Vec::new()) };
    let reached = reached(scene, &exposure)?;
    let message =
        format!("{reached} is open to the internet, and nobody asks who one is, through listener {}", exposure.port);
    let problem = Problem::new("authentication", message).steps(exposure.steps).at(scene.span(at, "DefaultActions"));
    Ok(vec![problem.hint("narrow the range, or let the load balancer sign people in")])
}

pub(super) fn administration(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let mut problems: Vec<Problem> = Vec::new();
    let is_rule = scene.kind(at) == RULE_INGRESS;
    // A rule of a group of ours is looked at with its group.
    if is_rule && scene.property(at, "GroupId")?.resource().is_some() {
        return Ok(problems);
    }
    for (port, name) in ADMINISTRATION {
        let rules =
            if is_rule { rules_of_resource(scene, at, port)? } else { rules(scene, at, Direction::Ingress, port)? };
        for rule in rules.iter().filter(|rule| is_everybody(rule)) {
            let about = format!("{}:{}", rule.span.start.line, rule.span.start.column);
            // One rule is one fault, however many ports it opens.
            if problems.iter().all(|problem| problem.about != about) {
                let message = format!("everybody on the internet is admitted on port {port} ({name})");
                problems.push(Problem::new(about, message).at(rule.span));
            }
        }
    }
    Ok(problems)
}

pub(super) fn tasks(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let network = balancing::network_of(scene, at)?;
    if network.get("AssignPublicIp")?.text()?.as_deref() != Some("ENABLED") {
        return Ok(Vec::new());
    }
    let Some(task) = balancing::task_of(scene, at)? else { return Ok(Vec::new()) };
    let attached = balancing::groups_of_service(scene, at)?;
    let subnets = network.get("Subnets")?.values()?;
    let mut problems = Vec::new();
    for container in scene.cursor(&task).get("ContainerDefinitions")?.items()? {
        for mapping in container.get("PortMappings")?.items()? {
            let port = mapping.get("ContainerPort")?.integer()?.and_then(|port| u16::try_from(port).ok());
            let Some(port) = port else { continue };
            let rules = attached.rules(scene, Direction::Ingress, port)?;
            let Some(rule) = rules.iter().find(|rule| is_everybody(rule)) else { continue };
            if !subnets.is_empty() && closed(scene, &subnets, port)? {
                continue;
            }
            let steps = vec![
                format!("{EVERYBODY}: everybody on the internet"),
                format!("{}: security group, admits port {port}", scene.path(&rule.at)),
                format!("{}: task with a public address, port {port}", scene.path(at)),
            ];
            let message = format!("port {port} of its tasks is reachable from the internet, around any load balancer");
            problems.push(Problem::new(format!("port {port}"), message).steps(steps).at(rule.span));
        }
    }
    Ok(problems)
}

pub(super) fn storage(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let message = match scene.kind(at) {
        DOMAIN | OLD_DOMAIN => {
            let is_public = scene.cursor(at).get("VPCOptions")?.is_absent()?;
            is_public.then_some("the domain lies outside of any VPC, its endpoint is public")
        }
        _ => scene.cursor(at).get("PubliclyAccessible")?.is_true()?.then_some("the database has a public address"),
    };
    Ok(message.map(|message| Problem::new("public", message)).into_iter().collect())
}

pub(super) fn public_subnets(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let balancer = scene.cursor(at);
    if !balancing::is_internet_facing(&balancer)? {
        return Ok(Vec::new());
    }
    for subnet in balancer.get("Subnets")?.values()? {
        if matches!(routes::exit(scene, &subnet)?, Exit::Closed | Exit::Nat(_)) {
            let name = subnet.resource().map(|subnet| scene.path(subnet)).unwrap_or_default();
            let message =
                format!("{name} has no route to an internet gateway, and the load balancer faces the internet");
            return Ok(vec![Problem::new("subnets", message).at(scene.span(at, "Subnets"))]);
        }
    }
    Ok(Vec::new())
}
