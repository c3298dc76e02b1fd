//! What the internet can reach: load balancers that face it, their ports, and the ranges that their security groups admit.

use jqs_cfn::eval::{ResolvedResource, ResolvedStack, Value};
use serde::Serialize;
use std::collections::BTreeSet;

const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const GROUP: &str = "AWS::EC2::SecurityGroup";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
const INTERNET_FACING: &str = "internet-facing";

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Exposure {
    openings: Vec<Opening>,
    /// As it was before; nothing for a new stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Vec<Opening>>,
}

/// A load balancer that faces the internet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Opening {
    pub(super) balancer: String,
    pub(super) ports: Vec<String>,
    pub(super) ranges: Vec<String>,
}

impl Exposure {
    pub(super) fn of(after: &ResolvedStack, before: Option<&ResolvedStack>) -> Self {
        Self { openings: openings(after), before: before.map(openings) }
    }

    pub(super) fn words(&self) -> String {
        let said = |openings: &[Opening]| match openings {
            [] => "nothing faces it".to_owned(),
            _ => openings.iter().map(Opening::words).collect::<Vec<_>>().join("; "),
        };
        match &self.before {
            Some(before) if *before != self.openings => {
                format!("{} (before: {})", said(&self.openings), said(before))
            }
            _ => said(&self.openings),
        }
    }
}

fn openings(root: &ResolvedStack) -> Vec<Opening> {
    let mut found = Vec::new();
    for stack in root.walk() {
        let of = |kind: &'static str| stack.resources.iter().filter(move |resource| resource.kind == kind);
        let facing = of(BALANCER).filter(|one| text(one, "Scheme").is_some_and(|scheme| scheme == INTERNET_FACING));
        for balancer in facing {
            let ports: BTreeSet<String> = of(LISTENER)
                .map(|listener| {
                    let port = text(listener, "Port").unwrap_or_else(|| "a port".to_owned());
                    format!("{port} ({})", text(listener, "Protocol").unwrap_or_else(|| "any protocol".to_owned()))
                })
                .collect();
            let mut ranges = BTreeSet::new();
            for rules in of(GROUP).filter_map(|group| group.properties.get("SecurityGroupIngress")) {
                ranges.extend(rules.items().iter().filter_map(range));
            }
            ranges.extend(of(INGRESS).filter_map(|rule| range(&rule.properties)));
            let name = stack.path.iter().map(ToString::to_string).chain([balancer.logical_id.clone()]);
            let balancer = name.collect::<Vec<_>>().join("/");
            let ranges = if ranges.is_empty() {
                vec!["whom its security groups admit".to_owned()]
            } else {
                ranges.into_iter().collect()
            };
            found.push(Opening { balancer, ports: ports.into_iter().collect(), ranges });
        }
    }
    found
}

fn text(resource: &ResolvedResource, name: &str) -> Option<String> {
    resource.properties.get(name).map(ToString::to_string)
}

/// Who is admitted, where it is a range of addresses.
fn range(rule: &Value) -> Option<String> {
    ["CidrIp", "CidrIpv6"].into_iter().find_map(|name| rule.get(name)).map(ToString::to_string)
}
