//! How long the changes take: typical times by type of resource, along the longest chain of what waits for what.

use jqs_cfn::eval::ResolvedStack;
use jqs_cfn::graph::Graph;
use jqs_stacks::change_set::{Action, Change};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Seconds that CloudFormation typically takes to create, to update and to delete one. What is not here takes
/// `DEFAULT_SECONDS` each time.
const TYPICAL: [(&str, [u64; 3]); 24] = [
    ("AWS::APS::Workspace", [35, 20, 10]),
    ("AWS::CertificateManager::Certificate", [180, 10, 10]),
    ("AWS::EC2::EIP", [16, 5, 10]),
    ("AWS::EC2::InternetGateway", [16, 5, 15]),
    ("AWS::EC2::NatGateway", [110, 5, 65]),
    ("AWS::EC2::Route", [6, 5, 10]),
    ("AWS::EC2::SecurityGroup", [6, 5, 5]),
    ("AWS::EC2::Subnet", [5, 5, 10]),
    ("AWS::EC2::VPC", [14, 5, 5]),
    ("AWS::EC2::VPCEndpoint", [75, 30, 60]),
    ("AWS::ECS::Cluster", [10, 5, 5]),
    ("AWS::ECS::Service", [120, 180, 150]),
    ("AWS::ECS::TaskDefinition", [3, 3, 3]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", [150, 10, 25]),
    ("AWS::IAM::Policy", [17, 10, 5]),
    ("AWS::IAM::Role", [18, 10, 5]),
    ("AWS::KMS::Key", [25, 10, 5]),
    ("AWS::Logs::LogGroup", [4, 4, 4]),
    ("AWS::OpenSearchService::Domain", [1_080, 1_200, 600]),
    ("AWS::Route53::HostedZone", [40, 5, 40]),
    ("AWS::Route53::RecordSet", [40, 40, 40]),
    ("AWS::S3::Bucket", [22, 10, 5]),
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", [75, 10, 40]),
    ("AWS::ServiceDiscovery::Service", [5, 5, 5]),
];
pub(crate) const DEFAULT_SECONDS: u64 = 8;
/// A nested stack asks for its template, and is asked whether it is ready.
const NESTED_SECONDS: u64 = 12;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Expected {
    seconds: u64,
    /// What takes longest, with what it waits for: the resources that decide, in their order.
    longest: Vec<String>,
}

impl Expected {
    pub(super) fn words(&self) -> String {
        let minutes = self.seconds.div_ceil(60);
        if minutes <= 1 {
            return "about a minute".to_owned();
        }
        let longest = self.longest.iter().map(|path| path.rsplit('/').next().unwrap_or(path)).collect::<Vec<_>>();
        match longest.as_slice() {
            [] => format!("about {minutes} minutes"),
            _ => format!("about {minutes} minutes, most of them for {}", longest.join(" and ")),
        }
    }
}

pub(super) fn expected(changes: &[Change], after: &ResolvedStack) -> Expected {
    let mut weights = BTreeMap::new();
    weigh(changes, "", after, &mut weights);
    let graph = Graph::new(after);
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in graph.edges.keys() {
        needs.entry(from).or_default().insert(to);
    }
    let mut chains = Chains { weights: &weights, needs: &needs, known: BTreeMap::new(), open: BTreeSet::new() };
    let longest = weights.keys().map(|path| chains.to(path)).max_by_key(|chain| chain.0).unwrap_or_default();
    // What is a small part of the whole is not named.
    let decides = |path: &String| weights.get(path).is_some_and(|seconds| seconds * 4 >= longest.0);
    Expected { seconds: longest.0, longest: longest.1.into_iter().filter(decides).collect() }
}

/// Seconds of each resource that changes, by its path. A nested stack of which no changes are told is taken whole.
fn weigh(changes: &[Change], above: &str, stack: &ResolvedStack, weights: &mut BTreeMap<String, u64>) {
    for change in changes {
        let path = format!("{above}{}", change.logical_id);
        let nested =
            stack.children.iter().find(|child| child.path.last().is_some_and(|name| **name == *change.logical_id));
        match nested {
            Some(child) if change.children.is_empty() && change.action == Action::Add => whole(child, weights),
            Some(child) => weigh(&change.children, &format!("{path}/"), child, weights),
            None => {}
        }
        let seconds = if nested.is_some() { NESTED_SECONDS } else { typical(&change.kind, change.action) };
        weights.insert(path, seconds);
    }
}

fn whole(stack: &ResolvedStack, weights: &mut BTreeMap<String, u64>) {
    let above: String = stack.path.iter().map(|name| format!("{name}/")).collect();
    for resource in &stack.resources {
        weights.insert(format!("{above}{}", resource.logical_id), typical(&resource.kind, Action::Add));
    }
    stack.children.iter().for_each(|child| whole(child, weights));
}

pub(crate) fn typical(kind: &str, action: Action) -> u64 {
    let known = TYPICAL.iter().find(|(name, _)| *name == kind).map(|(_, seconds)| *seconds);
    let [create, update, delete] = known.unwrap_or([DEFAULT_SECONDS; 3]);
    match action {
        Action::Add | Action::Import => create,
        Action::Remove => delete,
        Action::Replace => create + delete,
        Action::Modify | Action::MayReplace | Action::Unknown => update,
    }
}

/// The longest chain that ends in each resource.
struct Chains<'a> {
    weights: &'a BTreeMap<String, u64>,
    needs: &'a BTreeMap<&'a str, BTreeSet<&'a str>>,
    known: BTreeMap<String, (u64, Vec<String>)>,
    open: BTreeSet<String>,
}

impl Chains<'_> {
    fn to(&mut self, path: &str) -> (u64, Vec<String>) {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        // CloudFormation has no circles; what looks like one is not followed.
        if !self.open.insert(path.to_owned()) {
            return (0, Vec::new());
        }
        let mut longest = (0, Vec::new());
        for needed in self.needed(path) {
            let chain = self.to(&needed);
            if chain.0 > longest.0 {
                longest = chain;
            }
        }
        self.open.remove(path);
        longest.0 += self.weights.get(path).copied().unwrap_or_default();
        longest.1.push(path.to_owned());
        self.known.insert(path.to_owned(), longest.clone());
        longest
    }

    /// What the resource waits for, and what the stacks around it wait for. Who waits for a stack waits for all in it.
    fn needed(&self, path: &str) -> Vec<String> {
        let mut found = Vec::new();
        let around = path.match_indices('/').map(|(at, _)| &path[..at]).chain([path]);
        for target in around.filter_map(|place| self.needs.get(place)).flatten() {
            let inside = format!("{target}/");
            found.extend(self.weights.keys().filter(|other| other.starts_with(&inside)).cloned());
            found.push((*target).to_owned());
        }
        let own = format!("{path}/");
        found.retain(|other| !other.starts_with(&own));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jqs_cfn::eval::{Given, StackTree, resolve};
    use std::collections::BTreeMap;

    const TEXT: &str = "\
Resources:
  Role: {Type: 'AWS::IAM::Role', Properties: {Path: !Ref Domain}}
  Domain: {Type: 'AWS::OpenSearchService::Domain'}
  Service: {Type: 'AWS::ECS::Service', Properties: {Role: !GetAtt Role.Arn}}
  Bucket: {Type: 'AWS::S3::Bucket'}
";

    fn change(id: &str, kind: &str, action: Action) -> Change {
        Change {
            action,
            logical_id: id.to_owned(),
            kind: kind.to_owned(),
            physical_id: None,
            fate: None,
            properties: Vec::new(),
            children: Vec::new(),
        }
    }

    #[test]
    fn the_longest_chain_counts_and_what_decides_is_named() {
        let library = BTreeMap::from([("t.yaml".to_owned(), TEXT.to_owned())]);
        let tree = StackTree::open(&library, "t.yaml").unwrap();
        let stack = resolve(&tree, &Given::new("eu-west-1")).unwrap();
        let all: Vec<Change> =
            stack.resources.iter().map(|one| change(&one.logical_id, &one.kind, Action::Add)).collect();
        let found = expected(&all, &stack);
        assert_eq!((found.seconds, found.longest.as_slice()), (1_080 + 18 + 120, &["Domain".to_owned()][..]));
        assert_eq!(found.words(), "about 21 minutes, most of them for Domain");
        let service = [change("Service", "AWS::ECS::Service", Action::Modify)];
        assert_eq!(expected(&service, &stack).words(), "about 3 minutes, most of them for Service");
        assert_eq!(expected(&[], &stack).words(), "about a minute");
    }
}
