//! Listener, target group, service and container speak of the same ports, in protocols that go together.

#[cfg(test)]
mod tests;

use crate::eval::{Address, Outcome};
use crate::prove::check::{Check, Grain, Problem, Severity, one_part};
use crate::prove::cursor::Cursor;
use crate::prove::network::balancing::{self, LISTENER, LISTENER_RULE, SERVICE, TARGET_GROUP, TASK, Target, targets};
use crate::prove::network::{naming, resource_of};
use crate::prove::scene::Scene;

/// Ports on which tracing programs speak gRPC and nothing else.
const GRPC_PORTS: [u16; 2] = [4317, 14250];

pub(super) const MAPPINGS: Check = Check {
    id: "P401",
    title: "what a service registers is a port of its container",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[SERVICE],
    explanation: "ECS refuses a service whose `LoadBalancers` name a container or a port that its task definition lacks, or a \
        target group that no listener uses; and tasks of the network mode awsvpc take part only in target groups of the type \
        ip.",
    parts: one_part,
    run: mappings,
};

pub(super) const HEALTH: Check = Check {
    id: "P402",
    title: "health checks ask a port that the task serves",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[TARGET_GROUP],
    explanation: "Where the load balancer asks on a port that no container listens on, or in a protocol that it does not speak, \
        every task is found ill and replaced, for ever. A port counts as served when a port mapping or a variable of the \
        environment names it.",
    parts: one_part,
    run: health,
};

pub(super) const PROTOCOLS: Check = Check {
    id: "P403",
    title: "protocols of listeners and target groups go together",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[LISTENER],
    explanation: "Network load balancers speak TCP, UDP and TLS, application load balancers HTTP and HTTPS; TLS and HTTPS need \
        a certificate, and the others take none; no two listeners of one load balancer share a port; and a target group \
        speaks what its listener leaves over.",
    parts: one_part,
    run: protocols,
};

pub(super) const CONTAINER_HEALTH: Check = Check {
    id: "P404",
    title: "essential containers are asked whether they are well",
    severity: Severity::Info,
    grain: Grain::Values,
    kinds: &[TASK],
    explanation: "A health check of the container finds a program that hangs also where no load balancer asks it.",
    parts: one_part,
    run: container_health,
};

pub(super) const ORDER: Check = Check {
    id: "P405",
    title: "listeners are there before the service that needs them",
    severity: Severity::Info,
    grain: Grain::Values,
    kinds: &[SERVICE],
    explanation: "ECS refuses a service whose target group is not yet used by a listener. Within one template only `DependsOn`, \
        or a reference, sees to the order.",
    parts: one_part,
    run: order,
};

fn containers<'a>(scene: &Scene<'a>, task: &Address) -> Outcome<Vec<Cursor<'a>>> {
    scene.cursor(task).get("ContainerDefinitions")?.items()
}

fn mapped_ports(container: &Cursor<'_>) -> Outcome<Vec<u16>> {
    let mut ports = Vec::new();
    for mapping in container.get("PortMappings")?.items()? {
        ports.extend(mapping.get("ContainerPort")?.integer()?.and_then(|port| u16::try_from(port).ok()));
    }
    Ok(ports)
}

fn mappings(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let Some(task) = balancing::task_of(scene, at)? else { return Ok(Vec::new()) };
    let mut problems = Vec::new();
    for item in scene.cursor(at).get("LoadBalancers")?.items()? {
        let name = item.get("ContainerName")?.text()?.unwrap_or_default();
        let Some(port) = item.get("ContainerPort")?.integer()?.and_then(|port| u16::try_from(port).ok()) else {
            continue;
        };
        let mut named = None;
        for container in containers(scene, &task)? {
            if container.get("Name")?.text()?.as_deref() == Some(&name) {
                named = Some(container);
            }
        }
        let message = match named {
            None => Some(format!("the task has no container `{name}`")),
            Some(container) if !mapped_ports(&container)?.contains(&port) => {
                Some(format!("the container `{name}` does not map the port {port}"))
            }
            Some(_) => target_problem(scene, &task, &item)?,
        };
        problems.extend(message.map(|message| Problem::new(format!("{name}:{port}"), message).at(item.span)));
    }
    Ok(problems)
}

fn target_problem(scene: &Scene<'_>, task: &Address, item: &Cursor<'_>) -> Outcome<Option<String>> {
    let group = item.get("TargetGroupArn")?.value()?;
    let Some(group) = resource_of(scene, &group, TARGET_GROUP) else { return Ok(None) };
    let kind = scene.property(group, "TargetType")?;
    let mode = scene.property(task, "NetworkMode")?;
    if mode.as_text() == Some("awsvpc") && (kind.is_absent() || kind.as_text() == Some("instance")) {
        let group = scene.path(group);
        return Ok(Some(format!(
            "{group} takes instances, while tasks in awsvpc mode are registered by their address"
        )));
    }
    let is_used = !listeners(scene, group)?.is_empty();
    Ok((!is_used).then(|| format!("no listener leads to {}", scene.path(group))))
}

/// The listeners, and the rules of listeners, that lead to a target group.
fn listeners(scene: &Scene<'_>, group: &Address) -> Outcome<Vec<Address>> {
    let mut found = Vec::new();
    for listener in scene.existing(LISTENER)? {
        if balancing::forwards(scene, listener)?.iter().any(|forward| forward.group == *group) {
            found.push(listener.clone());
        }
    }
    // A rule may belong to a listener that is not ours.
    for rule in scene.existing(LISTENER_RULE)? {
        let listener = scene.property(rule, "ListenerArn")?;
        let is_foreign = resource_of(scene, &listener, LISTENER).is_none();
        if is_foreign && balancing::forwards_of_rule(scene, rule)?.iter().any(|forward| forward.group == *group) {
            found.push(rule.clone());
        }
    }
    Ok(found)
}

fn health(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let protocol = scene.property(at, "HealthCheckProtocol")?;
    let is_http = protocol.as_text().is_some_and(|protocol| protocol.starts_with("HTTP"));
    let is_grpc = scene.property(at, "ProtocolVersion")?.as_text() == Some("GRPC");
    let (own, span) = (balancing::health_port(scene, at)?, scene.span(at, "HealthCheckPort"));
    let mut problems = Vec::new();
    for Target { service, port, .. } in targets(scene, at)? {
        let Some(task) = balancing::task_of(scene, &service)? else { continue };
        let (asked, service) = (own.unwrap_or(port), scene.path(&service));
        if !serves(scene, &task, asked)? {
            let message = format!("the health check asks port {asked}, which no container of {service} serves");
            problems.push(Problem::new(format!("{service}:{asked}"), message).at(span));
        } else if is_http && !is_grpc && GRPC_PORTS.contains(&asked) {
            let message = format!("the health check asks port {asked} of {service} in HTTP/1.1, where it speaks gRPC");
            problems.push(Problem::new(format!("{service}:{asked}"), message).at(span));
        }
    }
    Ok(problems)
}

/// A port mapping, or a value in the environment of a container, names the port.
fn serves(scene: &Scene<'_>, task: &Address, port: u16) -> Outcome<bool> {
    for container in containers(scene, task)? {
        if mapped_ports(&container)?.contains(&port) {
            return Ok(true);
        }
    }
    let (alone, behind) = (port.to_string(), format!(":{port}"));
    for container in containers(scene, task)? {
        for variable in container.get("Environment")?.items()? {
            let value = variable.get("Value")?.text()?.unwrap_or_default();
            if value == alone || value.ends_with(&behind) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn protocols(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let listener = scene.cursor(at);
    let Some(protocol) = listener.get("Protocol")?.text()? else { return Ok(Vec::new()) };
    let mut problems = Vec::new();
    let mut say = |property: &str, message: String| {
        problems.push(Problem::new(property, message).at(scene.span(at, property)));
    };
    let is_encrypted = matches!(&*protocol, "TLS" | "HTTPS");
    let has_certificate = !listener.get("Certificates")?.items()?.is_empty();
    if is_encrypted != has_certificate {
        let which = if is_encrypted { "needs a certificate" } else { "takes no certificate" };
        say("Certificates", format!("a listener for {protocol} {which}"));
    }
    for property in ["SslPolicy", "AlpnPolicy"] {
        if !is_encrypted && !listener.get(property)?.is_absent()? {
            say(property, format!("a listener for {protocol} takes no `{property}`"));
        }
    }
    let port = listener.get("Port")?.integer()?;
    if let Some(balancer) = balancing::balancer_of(scene, at)? {
        let kind = scene.cursor(&balancer).get("Type")?.text()?.unwrap_or_else(|| "application".to_owned());
        if !spoken(&kind).contains(&&*protocol) {
            say("Protocol", format!("a load balancer of the type {kind} does not speak {protocol}"));
        }
        for other in naming(scene, LISTENER, "LoadBalancerArn", &balancer)? {
            let is_later = (other.stack, &other.logical_id) > (at.stack, &at.logical_id);
            if is_later && port.is_some() && scene.property(other, "Port")?.as_integer() == port {
                let port = port.unwrap_or_default();
                say("Port", format!("{} listens on port {port} as well", scene.path(other)));
            }
        }
    }
    for forward in balancing::forwards(scene, at)? {
        let Some(behind) = scene.cursor(&forward.group).get("Protocol")?.text()? else { continue };
        if !goes_on_as(&protocol).contains(&&*behind) {
            let group = scene.path(&forward.group);
            say("DefaultActions", format!("a listener for {protocol} cannot lead to {group}, which speaks {behind}"));
        }
    }
    Ok(problems)
}

/// What a type of load balancer listens for.
fn spoken(kind: &str) -> &'static [&'static str] {
    match kind {
        "network" => &["TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"],
        "gateway" => &["GENEVE"],
        _ => &["HTTP", "HTTPS"],
    }
}

/// What the target group behind a listener may speak.
fn goes_on_as(protocol: &str) -> &'static [&'static str] {
    match protocol {
        "TCP" => &["TCP", "TCP_UDP"],
        "TLS" => &["TCP", "TLS"],
        "UDP" => &["UDP", "TCP_UDP"],
        "TCP_UDP" => &["TCP_UDP"],
        "QUIC" => &["QUIC", "TCP_QUIC"],
        "TCP_QUIC" => &["TCP_QUIC"],
        "GENEVE" => &["GENEVE"],
        _ => &["HTTP", "HTTPS"],
    }
}

fn container_health(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let mut problems = Vec::new();
    for container in containers(scene, at)? {
        let essential = container.get("Essential")?.value()?;
        if essential.as_bool() != Some(false) && container.get("HealthCheck")?.is_absent()? {
            let name = container.get("Name")?.value()?.to_string();
            let message = format!("the container `{name}` has no health check of its own");
            problems.push(Problem::new(name, message).at(container.span));
        }
    }
    Ok(problems)
}

fn order(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let template = &scene.tree().stack(at.stack).program.template;
    let waits_for = template.resource(&at.logical_id).map_or(&[][..], |resource| &resource.depends_on);
    let mut problems = Vec::new();
    for item in scene.cursor(at).get("LoadBalancers")?.items()? {
        let group = item.get("TargetGroupArn")?.value()?;
        let Some(group) = resource_of(scene, &group, TARGET_GROUP) else { continue };
        let users = listeners(scene, group)?;
        let is_here = |user: &&Address| user.stack == at.stack;
        if let Some(listener) =
            users.iter().find(is_here).filter(|user| !waits_for.iter().any(|id| **id == *user.logical_id))
        {
            let message = format!("nothing makes it wait for {}, which leads to it", listener.logical_id);
            let hint = format!("add `DependsOn: {}`", listener.logical_id);
            problems.push(Problem::new(listener.logical_id.to_string(), message).hint(hint));
        }
    }
    Ok(problems)
}
