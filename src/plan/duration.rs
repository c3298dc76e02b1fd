//! How long the changes take: typical times by type of resource, along the longest chain of what waits for what.

use jqs_cfn::eval::ResolvedStack;
use jqs_cfn::graph::Graph;
use jqs_stacks::change_set::{Action, Change};
use jqs_stacks::typical;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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

/// What a deployment goes through: what changes, and what of it waits for what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Course {
    /// Seconds of each resource that changes, by its path.
    weights: BTreeMap<String, u64>,
    needs: BTreeMap<String, BTreeSet<String>>,
}

/// Seconds, and the resources that take them, in their order.
pub(crate) type Chain = (u64, Vec<String>);

impl Course {
    pub(crate) fn new(changes: &[Change], after: &ResolvedStack) -> Self {
        let mut course = Self::default();
        weigh(changes, "", after, &mut course.weights);
        for (from, to) in Graph::new(after).edges.keys() {
            course.needs.entry(from.clone()).or_default().insert(to.clone());
        }
        course
    }

    pub(super) fn expected(&self) -> Expected {
        let (seconds, mut longest) = self.longest(|_, seconds| seconds);
        // What is a small part of the whole is not named.
        longest.retain(|path| self.weights.get(path).is_some_and(|own| own * 4 >= seconds));
        Expected { seconds, longest }
    }

    /// How many resources there are in a stack and in those below it.
    pub(crate) fn resources_in(&self, stack: &[String]) -> usize {
        let above: String = stack.iter().map(|name| format!("{name}/")).collect();
        let inside = |path: &&String| path.starts_with(&above);
        // A path that others go through is a stack's.
        let is_stack = |path: &str| {
            let own = format!("{path}/");
            self.weights.range(own.clone()..).next().is_some_and(|(next, _)| next.starts_with(&own))
        };
        self.weights.keys().filter(inside).filter(|path| !is_stack(path)).count()
    }

    /// The longest chain of what is left: `left` tells, of a path and its typical seconds, how many are still to come.
    pub(crate) fn longest(&self, left: impl Fn(&str, u64) -> u64) -> Chain {
        let weights = self.weights.iter().map(|(path, seconds)| (path.clone(), left(path, *seconds)));
        let weights: BTreeMap<String, u64> = weights.collect();
        let mut chains =
            Chains { weights: &weights, needs: &self.needs, known: BTreeMap::new(), open: BTreeSet::new() };
        let mut longest = weights.keys().map(|path| chains.to(path)).max_by_key(|chain| chain.0).unwrap_or_default();
        longest.1.retain(|path| weights.get(path).is_some_and(|left| *left > 0));
        longest
    }
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
        let seconds = if nested.is_some() { NESTED_SECONDS } else { typical::seconds(&change.kind, change.action) };
        weights.insert(path, seconds);
    }
}

fn whole(stack: &ResolvedStack, weights: &mut BTreeMap<String, u64>) {
    let above: String = stack.path.iter().map(|name| format!("{name}/")).collect();
    for resource in &stack.resources {
        weights.insert(format!("{above}{}", resource.logical_id), typical::seconds(&resource.kind, Action::Add));
    }
    stack.children.iter().for_each(|child| whole(child, weights));
}

/// The longest chain that ends in each resource.
struct Chains<'a> {
    weights: &'a BTreeMap<String, u64>,
    needs: &'a BTreeMap<String, BTreeSet<String>>,
    known: BTreeMap<String, Chain>,
    open: BTreeSet<String>,
}

impl Chains<'_> {
    fn to(&mut self, path: &str) -> Chain {
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
            found.push(target.clone());
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
        let course = Course::new(&all, &stack);
        let found = course.expected();
        assert_eq!((found.seconds, found.longest.as_slice()), (1_080 + 18 + 120, &["Domain".to_owned()][..]));
        assert_eq!(found.words(), "about 21 minutes, most of them for Domain");
        let left = |path: &str, seconds| if path == "Domain" { 0 } else { seconds };
        assert_eq!(course.longest(left), (18 + 120, vec!["Role".to_owned(), "Service".to_owned()]));
        let service = [change("Service", "AWS::ECS::Service", Action::Modify)];
        let words = |changes: &[Change]| Course::new(changes, &stack).expected().words();
        assert_eq!(words(&service), "about 3 minutes, most of them for Service");
        assert_eq!(words(&[]), "about a minute");
    }
}
