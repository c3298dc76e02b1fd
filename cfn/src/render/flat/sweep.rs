//! What nothing uses any more after the merge: parameters that only led to nested templates, conditions that were decided.

use super::order::references;
use crate::render::made::{argument, branches, list, mapping, walk};
use crate::template::Node;
use std::collections::HashSet;

/// Names that a section of the template uses.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Parameters and resources.
    pub(super) names: HashSet<String>,
    pub(super) conditions: HashSet<String>,
    pub(super) mappings: HashSet<String>,
}

impl Used {
    pub(super) fn add(&mut self, node: &Node) {
        self.names.extend(references(node));
        walk(node, &mut |node| {
            if let Some((condition, ..)) = branches(node) {
                self.conditions.insert(condition.to_owned());
            }
            if let Some([map, ..]) = argument(node, "Fn::FindInMap").map(Node::items) {
                self.mappings.extend(map.text().map(str::to_owned));
            }
            for by_name in ["Fn::ValueOf", "Fn::ValueOfAll"] {
                let named = argument(node, by_name).and_then(|argument| argument.items().first());
                self.names.extend(named.and_then(Node::text).map(str::to_owned));
            }
        });
    }

    /// What carries a `Condition` of its own: a resource or an output.
    pub(super) fn add_conditional(&mut self, node: &Node) {
        self.conditions.extend(node.get("Condition").and_then(Node::text).map(str::to_owned));
        self.add(node);
    }

    /// The conditions that are used, by themselves or by another that is, with all that they use.
    pub(super) fn keep_conditions(&mut self, conditions: &[(String, Node)]) -> Vec<(String, Node)> {
        let mut open: Vec<String> = self.conditions.iter().cloned().collect();
        while let Some(name) = open.pop() {
            let Some((_, node)) = conditions.iter().find(|(other, _)| *other == name) else { continue };
            self.add(node);
            walk(node, &mut |node| {
                let named = argument(node, "Condition").and_then(Node::text);
                open.extend(named.filter(|named| self.conditions.insert((*named).to_owned())).map(str::to_owned));
            });
        }
        conditions.iter().filter(|(name, _)| self.conditions.contains(name)).cloned().collect()
    }
}

/// The console's grouping of the parameters, without those that are gone.
pub(super) fn interface(metadata: &Node, keeps: &dyn Fn(&str) -> bool) -> Node {
    let entries = metadata.entries().iter().map(|(key, value)| match key.text() {
        Some("AWS::CloudFormation::Interface") => (key.clone(), interface_of(value, keeps)),
        _ => (key.clone(), value.clone()),
    });
    mapping(entries.collect(), metadata.span)
}

fn interface_of(interface: &Node, keeps: &dyn Fn(&str) -> bool) -> Node {
    let is_kept = |node: &Node| node.text().is_none_or(keeps);
    let entries = interface.entries().iter().map(|(key, value)| {
        let value = match key.text() {
            Some("ParameterGroups") => {
                let groups = value.items().iter().map(|group| {
                    let entries = group.entries().iter().map(|(key, value)| match key.text() {
                        Some("Parameters") => {
                            let names = value.items().iter().filter(|name| is_kept(name)).cloned().collect();
                            (key.clone(), list(names, value.span))
                        }
                        _ => (key.clone(), value.clone()),
                    });
                    mapping(entries.collect(), group.span)
                });
                let is_empty = |group: &Node| group.get("Parameters").is_some_and(|names| names.items().is_empty());
                list(groups.filter(|group| !is_empty(group)).collect(), value.span)
            }
            Some("ParameterLabels") => {
                let kept = value.entries().iter().filter(|(name, _)| is_kept(name)).cloned().collect();
                mapping(kept, value.span)
            }
            _ => value.clone(),
        };
        (key.clone(), value)
    });
    mapping(entries.collect(), interface.span)
}
