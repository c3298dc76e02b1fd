//! The view from the network: what has an address, by its VPC and its subnets, and which connections the security groups
//! admit.

use super::{Area, Edge, Graph, Group, Node, Port, area, joined, short};
use crate::eval::{ResolvedResource, ResolvedStack, StackId, Unknown, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Where types of resources name their subnets and their security groups.
const PLACED: [(&str, &[&str], &[&str]); 7] = [
    ("AWS::EC2::Instance", &["SubnetId"], &["SecurityGroupIds"]),
    ("AWS::EC2::NatGateway", &["SubnetId"], &[]),
    ("AWS::EC2::VPCEndpoint", &["SubnetIds"], &["SecurityGroupIds"]),
    (
        "AWS::ECS::Service",
        &["NetworkConfiguration", "AwsvpcConfiguration", "Subnets"],
        &["NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups"],
    ),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", &["Subnets"], &["SecurityGroups"]),
    ("AWS::Lambda::Function", &["VpcConfig", "SubnetIds"], &["VpcConfig", "SecurityGroupIds"]),
    ("AWS::OpenSearchService::Domain", &["VPCOptions", "SubnetIds"], &["VPCOptions", "SecurityGroupIds"]),
];

/// Where the parameter that would name the subnets is empty.
const NO_SUBNETS: &str = "subnets that are not given";

/// A rule of a security group: who may reach those that have it, and where.
struct Rule {
    group: String,
    peer: Peer,
    port: Port,
}

enum Peer {
    Group(String),
    /// A range of addresses.
    Range(String),
}

/// Something with an address in a VPC.
struct Member {
    node: Node,
    vpc: String,
    subnets: String,
    groups: Vec<String>,
    /// Where it listens, if that is known.
    ports: Option<BTreeSet<u32>>,
}

/// The resources of all stacks, by their paths, which stand for their physical ids as well.
struct Index<'a> {
    paths: BTreeMap<StackId, String>,
    resources: Vec<(String, &'a ResolvedResource)>,
}

pub(super) fn graph(root: &ResolvedStack) -> Graph {
    let index = Index::new(root);
    let members: Vec<Member> = index.resources.iter().filter_map(|(path, each)| index.member(path, each)).collect();
    let mut admitted: BTreeMap<Edge, BTreeSet<Port>> = BTreeMap::new();
    let mut ranges = BTreeSet::new();
    for rule in index.rules() {
        for to in members.iter().filter(|member| member.is_reached_by(&rule)) {
            let sources: Vec<&str> = match &rule.peer {
                Peer::Range(range) => {
                    ranges.insert(range.clone());
                    vec![range]
                }
                Peer::Group(group) => {
                    let with = members.iter().filter(|member| member.groups.contains(group));
                    with.map(|member| &*member.node.path).collect()
                }
            };
            for from in sources.into_iter().filter(|from| *from != to.node.path) {
                admitted.entry((from.to_owned(), to.node.path.clone())).or_default().insert(rule.port.clone());
            }
        }
    }
    Graph { root: outside(root, &ranges, members), edges: admitted }
}

/// The world outside, with the VPCs in it.
fn outside(root: &ResolvedStack, ranges: &BTreeSet<String>, members: Vec<Member>) -> Group {
    let clients = ranges.iter().map(|range| Node {
        path: range.clone(),
        logical_id: range.clone(),
        kind: "clients".to_owned(),
        area: Area::Other,
    });
    let mut vpcs: BTreeMap<String, BTreeMap<String, Vec<Node>>> = BTreeMap::new();
    for member in members {
        vpcs.entry(member.vpc).or_default().entry(member.subnets).or_default().push(member.node);
    }
    let frame = |label: String, nodes, groups| Group { path: label.clone(), label, file: String::new(), nodes, groups };
    let groups = vpcs.into_iter().map(|(vpc, subnets)| {
        let inner = subnets.into_iter().map(|(label, nodes)| frame(label, nodes, Vec::new()));
        frame(vpc, Vec::new(), inner.collect())
    });
    Group {
        path: String::new(),
        label: root.file.clone(),
        file: String::new(),
        nodes: clients.collect(),
        groups: groups.collect(),
    }
}

impl Member {
    fn is_reached_by(&self, rule: &Rule) -> bool {
        let listens = match (&self.ports, rule.port.number) {
            (Some(ports), Some(number)) => ports.contains(&number),
            _ => true,
        };
        listens && self.groups.contains(&rule.group)
    }
}

impl<'a> Index<'a> {
    fn new(root: &'a ResolvedStack) -> Self {
        let stacks = root.walk();
        let paths: BTreeMap<StackId, String> = stacks.iter().map(|stack| (stack.id, stack.path.join("/"))).collect();
        let all = stacks.iter().flat_map(|stack| {
            stack.resources.iter().map(|resource| (joined(&paths[&stack.id], &resource.logical_id), resource))
        });
        Self { resources: all.collect(), paths }
    }

    /// What an id stands for: the path of a resource, or the text or the parameter that it is or is taken from.
    fn id(&self, value: &Value) -> String {
        if let Value::Unknown(unknown) = value
            && let Unknown::Part { of, .. } = &**unknown
        {
            return self.id(of);
        }
        match value.resource().and_then(|address| Some(joined(self.paths.get(&address.stack)?, &address.logical_id))) {
            Some(path) => path,
            None => value.to_string().trim_start_matches("${").trim_end_matches('}').to_owned(),
        }
    }

    fn ids(&self, value: Option<&Value>) -> Vec<String> {
        match value {
            Some(Value::List(items)) => items.iter().map(|item| self.id(item)).collect(),
            Some(value) if !value.is_absent() => vec![self.id(value)],
            _ => Vec::new(),
        }
    }

    fn find(&self, path: &str) -> Option<&'a ResolvedResource> {
        self.resources.iter().find(|(each, _)| each == path).map(|(_, resource)| *resource)
    }

    fn member(&self, path: &str, resource: &ResolvedResource) -> Option<Member> {
        let (kind, subnets, groups) = PLACED.iter().find(|(kind, ..)| *kind == resource.kind)?;
        let subnets = self.ids(resource.properties.at(subnets));
        let groups = if groups.is_empty() { Vec::new() } else { self.ids(resource.properties.at(groups)) };
        let vpc = subnets.iter().chain(&groups).find_map(|id| self.find(id)?.properties.get("VpcId"));
        let last = |path: &String| path.rsplit('/').next().unwrap_or(path).to_owned();
        let names: BTreeSet<String> = subnets.iter().map(last).filter(|name| !name.is_empty()).collect();
        let names: Vec<String> = names.into_iter().collect();
        (!subnets.is_empty()).then(|| Member {
            node: Node {
                path: path.to_owned(),
                logical_id: resource.logical_id.clone(),
                kind: short(kind),
                area: area(kind),
            },
            vpc: vpc.map_or_else(|| "VPC".to_owned(), |vpc| self.vpc(vpc)),
            subnets: if names.is_empty() { NO_SUBNETS.to_owned() } else { names.join(", ") },
            groups,
            ports: self.ports(resource),
        })
    }

    /// A VPC's name, with its range where it is made here.
    fn vpc(&self, id: &Value) -> String {
        let path = self.id(id);
        let range = self.find(&path).and_then(|vpc| vpc.properties.get("CidrBlock")?.as_text());
        let name = path.rsplit('/').next().unwrap_or(&path);
        range.map_or_else(|| name.to_owned(), |range| format!("{name} {range}"))
    }

    /// The ports that the containers of a service open.
    fn ports(&self, service: &ResolvedResource) -> Option<BTreeSet<u32>> {
        let task = self.find(&self.id(service.properties.get("TaskDefinition")?))?;
        let containers = task.properties.get("ContainerDefinitions")?.items().iter();
        let mappings = containers.flat_map(|container| container.get("PortMappings").map_or(&[][..], Value::items));
        mappings.map(|mapping| mapping.get("ContainerPort")?.as_text()?.parse().ok()).collect()
    }

    fn rules(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (path, resource) in &self.resources {
            match resource.kind.as_str() {
                "AWS::EC2::SecurityGroup" => {
                    let own = resource.properties.get("SecurityGroupIngress").map_or(&[][..], Value::items);
                    rules.extend(own.iter().filter_map(|rule| self.rule(path.clone(), rule)));
                }
                "AWS::EC2::SecurityGroupIngress" => {
                    let group = resource.properties.get("GroupId").map(|group| self.id(group));
                    rules.extend(group.and_then(|group| self.rule(group, &resource.properties)));
                }
                _ => {}
            }
        }
        rules
    }

    fn rule(&self, group: String, rule: &Value) -> Option<Rule> {
        let text = |name: &str| rule.get(name).map(|value| self.id(value));
        let peer = match text("SourceSecurityGroupId") {
            Some(peer) => Peer::Group(peer),
            None => Peer::Range(text("CidrIp").or_else(|| text("CidrIpv6")).or_else(|| text("SourcePrefixListId"))?),
        };
        let (from, to) = (text("FromPort"), text("ToPort"));
        let number = from.as_deref().filter(|_| from == to).and_then(|port| port.parse().ok());
        let range = match (from, to) {
            (Some(from), Some(to)) if from != to => format!("{from}–{to}"),
            (from, _) => from.unwrap_or_else(|| "all".to_owned()),
        };
        let protocol = text("IpProtocol").filter(|protocol| protocol != "-1").unwrap_or_default();
        Some(Rule { group, peer, port: Port { protocol, number, range } })
    }
}
