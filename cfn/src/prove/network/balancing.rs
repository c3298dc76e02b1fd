//! Load balancers, their listeners, and the containers that these lead to.

use super::groups::Attached;
use super::resource_of;
use crate::eval::{Address, Outcome};
use crate::prove::cursor::Cursor;
use crate::prove::scene::Scene;

pub(in crate::prove) const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
pub(in crate::prove) const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
pub(in crate::prove) const LISTENER_RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
pub(in crate::prove) const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
pub(in crate::prove) const SERVICE: &str = "AWS::ECS::Service";
pub(in crate::prove) const TASK: &str = "AWS::ECS::TaskDefinition";

/// A container's port that a service registers with a target group.
#[derive(Debug, Clone)]
pub(in crate::prove) struct Target {
    pub service: Address,
    pub container: String,
    pub port: u16,
}

/// Where a listener leads.
#[derive(Debug, Clone)]
pub(in crate::prove) struct Forward {
    pub group: Address,
    /// The load balancer asks who one is before it lets one through.
    pub is_authenticated: bool,
}

pub(in crate::prove) fn is_network(balancer: &Cursor<'_>) -> Outcome<bool> {
    Ok(balancer.get("Type")?.text()?.as_deref() == Some("network"))
}

/// AWS's default is the internet.
pub(in crate::prove) fn is_internet_facing(balancer: &Cursor<'_>) -> Outcome<bool> {
    let scheme = balancer.get("Scheme")?.value()?;
    Ok(scheme.is_absent() || scheme.as_text() == Some("internet-facing"))
}

/// The load balancer of a listener, where the templates make it.
pub(in crate::prove) fn balancer_of(scene: &Scene<'_>, listener: &Address) -> Outcome<Option<Address>> {
    let arn = scene.property(listener, "LoadBalancerArn")?;
    Ok(resource_of(scene, &arn, BALANCER).cloned())
}

/// The target groups of a listener, those of its rules included.
pub(in crate::prove) fn forwards(scene: &Scene<'_>, listener: &Address) -> Outcome<Vec<Forward>> {
    let mut found = forwards_of(scene, &scene.cursor(listener).get("DefaultActions")?)?;
    for rule in super::naming(scene, LISTENER_RULE, "ListenerArn", listener)? {
        found.extend(forwards_of_rule(scene, rule)?);
    }
    Ok(found)
}

pub(in crate::prove) fn forwards_of_rule(scene: &Scene<'_>, rule: &Address) -> Outcome<Vec<Forward>> {
    forwards_of(scene, &scene.cursor(rule).get("Actions")?)
}

fn forwards_of(scene: &Scene<'_>, actions: &Cursor<'_>) -> Outcome<Vec<Forward>> {
    let (mut found, mut is_authenticated) = (Vec::new(), false);
    for action in actions.items()? {
        let kind = action.get("Type")?.text()?.unwrap_or_default();
        is_authenticated |= matches!(&*kind, "authenticate-oidc" | "authenticate-cognito" | "jwt-validation");
        let mut arns = vec![action.get("TargetGroupArn")?];
        for each in action.at(&["ForwardConfig", "TargetGroups"])?.items()? {
            arns.push(each.get("TargetGroupArn")?);
        }
        for arn in arns {
            if let Some(group) = resource_of(scene, &arn.value()?, TARGET_GROUP) {
                found.push(group.clone());
            }
        }
    }
    found.dedup();
    Ok(found.into_iter().map(|group| Forward { group, is_authenticated }).collect())
}

/// What is registered with a target group.
pub(in crate::prove) fn targets(scene: &Scene<'_>, group: &Address) -> Outcome<Vec<Target>> {
    let mut found = Vec::new();
    for service in scene.existing(SERVICE)? {
        for item in scene.cursor(service).get("LoadBalancers")?.items()? {
            if item.get("TargetGroupArn")?.value()?.resource() != Some(group) {
                continue;
            }
            let port = item.get("ContainerPort")?.integer()?.and_then(|port| u16::try_from(port).ok());
            let container = item.get("ContainerName")?.text()?.unwrap_or_default();
            found.extend(port.map(|port| Target { service: service.clone(), container, port }));
        }
    }
    Ok(found)
}

/// The task definition that a service runs, where the templates make it.
pub(in crate::prove) fn task_of(scene: &Scene<'_>, service: &Address) -> Outcome<Option<Address>> {
    let task = scene.property(service, "TaskDefinition")?;
    Ok(resource_of(scene, &task, TASK).cloned())
}

/// `NetworkConfiguration.AwsvpcConfiguration` of a service.
pub(in crate::prove) fn network_of<'a>(scene: &Scene<'a>, service: &Address) -> Outcome<Cursor<'a>> {
    scene.cursor(service).at(&["NetworkConfiguration", "AwsvpcConfiguration"])
}

pub(in crate::prove) fn groups_of_service(scene: &Scene<'_>, service: &Address) -> Outcome<Attached> {
    Attached::of(scene, &network_of(scene, service)?.get("SecurityGroups")?)
}

/// The port on which a target group asks whether a target is well; nothing for the traffic's own.
pub(in crate::prove) fn health_port(scene: &Scene<'_>, group: &Address) -> Outcome<Option<u16>> {
    let port = scene.property(group, "HealthCheckPort")?;
    Ok(port.as_integer().and_then(|port| u16::try_from(port).ok()))
}

/// A value of `LoadBalancerAttributes`, `TargetGroupAttributes` and the like.
pub(in crate::prove) fn attribute(list: &Cursor<'_>, key: &str) -> Outcome<Option<String>> {
    for item in list.items()? {
        if item.get("Key")?.text()?.as_deref() == Some(key) {
            return item.get("Value")?.text();
        }
    }
    Ok(None)
}
