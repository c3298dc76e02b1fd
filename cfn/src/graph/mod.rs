//! Resolved stacks as a picture: resources, the stacks that they are in, and what refers to what.

mod dot;
mod layered;
mod mermaid;
mod network;
mod picture;
mod svg;

#[cfg(test)]
mod tests;

use crate::eval::{Address, Piece, ResolvedStack, StackId, Unknown, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A stack: what is in it, and the stacks that it nests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Logical ids down to it, with slashes; empty for the outermost one.
    pub path: String,
    pub label: String,
    pub file: String,
    pub nodes: Vec<Node>,
    pub groups: Vec<Group>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub path: String,
    pub logical_id: String,
    /// Its type in few words.
    pub kind: String,
    pub area: Area,
}

/// What a resource is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    Network,
    Compute,
    Storage,
    Access,
    Operation,
    Other,
}

/// Paths of a resource or a stack, and of what it needs.
pub type Edge = (String, String);

/// A port, or a range of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    pub protocol: String,
    /// Where it is one, and known.
    pub number: Option<u32>,
    pub range: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    pub root: Group,
    /// In the view of the network each has the ports that it is for.
    pub edges: BTreeMap<Edge, BTreeSet<Port>>,
}

impl Graph {
    pub fn new(root: &ResolvedStack) -> Self {
        let stacks = root.walk();
        let paths: BTreeMap<StackId, String> = stacks.iter().map(|stack| (stack.id, stack.path.join("/"))).collect();
        let mut found = BTreeSet::new();
        for stack in &stacks {
            for resource in &stack.resources {
                let from = joined(&paths[&stack.id], &resource.logical_id);
                let needed = resource.depends_on.iter().map(|name| joined(&paths[&stack.id], name));
                found.extend(needed.map(|to| (from.clone(), to)));
                // What is passed to a nested stack shows where it is used in there.
                if !nests(stack, &resource.logical_id) {
                    let mut addresses = Vec::new();
                    references(&resource.properties, &mut addresses);
                    let known = addresses.iter().filter_map(|to| Some(joined(paths.get(&to.stack)?, &to.logical_id)));
                    found.extend(known.map(|to| (from.clone(), to)));
                }
            }
        }
        let there: BTreeSet<String> = stacks
            .iter()
            .flat_map(|stack| stack.resources.iter().map(|resource| joined(&paths[&stack.id], &resource.logical_id)))
            .collect();
        found.retain(|(from, to)| from != to && there.contains(to));
        Self { root: group(root), edges: found.into_iter().map(|edge| (edge, BTreeSet::new())).collect() }
    }

    /// What has an address, by VPC and subnets, and who may reach whom.
    pub fn of_network(root: &ResolvedStack) -> Self {
        network::graph(root)
    }

    /// For Graphviz.
    pub fn to_dot(&self) -> String {
        dot::write(self)
    }

    /// A flowchart for Mermaid.
    pub fn to_mermaid(&self) -> String {
        mermaid::write(self)
    }

    /// A picture that needs nothing else.
    pub fn to_svg(&self) -> String {
        svg::write(&picture::Picture::of(self))
    }
}

impl Group {
    /// This one and all below it, parents first.
    fn walk(&self) -> Vec<&Group> {
        let mut all = vec![self];
        all.extend(self.groups.iter().flat_map(Self::walk));
        all
    }

    /// The first resource in it, or below it.
    fn first_node(&self) -> Option<&Node> {
        self.nodes.first().or_else(|| self.groups.iter().find_map(Self::first_node))
    }
}

fn group(stack: &ResolvedStack) -> Group {
    let path = stack.path.join("/");
    let own = stack.resources.iter().filter(|resource| !nests(stack, &resource.logical_id));
    let nodes = own.map(|resource| Node {
        path: joined(&path, &resource.logical_id),
        logical_id: resource.logical_id.clone(),
        kind: short(&resource.kind),
        area: area(&resource.kind),
    });
    Group {
        nodes: nodes.collect(),
        groups: stack.children.iter().map(group).collect(),
        label: stack.path.last().map_or_else(|| stack.file.clone(), |name| name.to_string()),
        file: stack.file.clone(),
        path,
    }
}

/// Ports by protocol, such as `tcp 4317, 4318`; nothing where there are none.
fn label(ports: &BTreeSet<Port>) -> Option<String> {
    let mut protocols: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for port in ports {
        protocols.entry(&port.protocol).or_default().push(&port.range);
    }
    let line = |(protocol, ranges): (&str, Vec<&str>)| format!("{protocol} {}", ranges.join(", ")).trim().to_owned();
    (!ports.is_empty()).then(|| protocols.into_iter().map(line).collect::<Vec<_>>().join("; "))
}

fn joined(path: &str, logical_id: &str) -> String {
    if path.is_empty() { logical_id.to_owned() } else { format!("{path}/{logical_id}") }
}

/// A type without `AWS::`, and services by the names that people call them.
fn short(kind: &str) -> String {
    let mut parts: Vec<&str> = kind.strip_prefix("AWS::").unwrap_or(kind).split("::").collect();
    parts[0] = match parts[0] {
        "ApplicationAutoScaling" => "Auto Scaling",
        "CertificateManager" => "ACM",
        "ElasticLoadBalancingV2" => "ELB",
        "OpenSearchService" => "OpenSearch",
        "ServiceDiscovery" => "Cloud Map",
        other => other,
    };
    parts.join(" ")
}

fn nests(stack: &ResolvedStack, logical_id: &str) -> bool {
    stack.children.iter().any(|child| child.path.last().is_some_and(|name| **name == *logical_id))
}

/// Every resource that a value waits for.
fn references(value: &Value, found: &mut Vec<Address>) {
    match value {
        Value::List(items) => items.iter().for_each(|item| references(item, found)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| references(value, found)),
        Value::Unknown(unknown) => referred(unknown, found),
        Value::Pattern(pieces) => {
            for piece in pieces.iter() {
                if let Piece::Unknown(unknown) = piece {
                    referred(unknown, found);
                }
            }
        }
        _ => {}
    }
}

fn referred(unknown: &Unknown, found: &mut Vec<Address>) {
    match unknown {
        Unknown::Reference(address) | Unknown::Attribute(address, _) => found.push(address.clone()),
        Unknown::Part { of, .. } | Unknown::Import(of) => references(of, found),
        _ => {}
    }
}

impl Area {
    pub const ALL: [Self; 6] =
        [Self::Network, Self::Compute, Self::Storage, Self::Access, Self::Operation, Self::Other];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Compute => "compute",
            Self::Storage => "storage",
            Self::Access => "access",
            Self::Operation => "operation",
            Self::Other => "other",
        }
    }
}

fn area(kind: &str) -> Area {
    match kind.split("::").nth(1).unwrap_or_default() {
        "EC2" | "ElasticLoadBalancingV2" | "Route53" | "ServiceDiscovery" | "ApiGateway" | "CloudFront" => {
            Area::Network
        }
        "ECS" | "ECR" | "ApplicationAutoScaling" | "AutoScaling" | "Lambda" | "Scheduler" | "Batch" => Area::Compute,
        "S3" | "OpenSearchService" | "Cassandra" | "DynamoDB" | "EFS" | "MSK" | "RDS" | "ElastiCache" => Area::Storage,
        "IAM" | "KMS" | "SecretsManager" | "CertificateManager" | "Cognito" | "WAFv2" => Area::Access,
        "Logs" | "CloudWatch" | "Events" | "SNS" | "SQS" | "SSM" | "APS" | "XRay" => Area::Operation,
        _ => Area::Other,
    }
}
