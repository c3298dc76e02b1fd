//! What waits for what. Whoever takes an output of a nested stack waits for all of that stack, not only for the resource
//! behind the output: a service for the listener of its target group, say. A flat template keeps that by `DependsOn`.

use super::flattening::{Flattening, Truth};
use super::names::Kind;
use crate::error::Result;
use crate::eval::{Slot, StackId, slots};
use crate::render::made::{argument, branches};
use crate::template::{Node, Resource};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A name in a body, and the branches of `Fn::If` that it lies in: the condition, and which branch.
#[derive(Debug, Clone)]
struct Mention {
    name: String,
    within: Vec<(String, bool)>,
}

/// All names that a body refers to.
pub(super) fn references(node: &Node) -> BTreeSet<String> {
    mentions(node).into_iter().map(|mention| mention.name).collect()
}

fn mentions(node: &Node) -> Vec<Mention> {
    let mut found = Vec::new();
    collect(node, &mut Vec::new(), &mut found);
    found
}

fn collect(node: &Node, within: &mut Vec<(String, bool)>, found: &mut Vec<Mention>) {
    if let Some((condition, one, other)) = branches(node) {
        for (branch, is_first) in [(one, true), (other, false)] {
            within.push((condition.to_owned(), is_first));
            collect(branch, within, found);
            within.pop();
        }
        return;
    }
    found.extend(names(node).into_iter().map(|name| Mention { name, within: within.clone() }));
    for below in node.items().iter().chain(node.entries().iter().map(|(_, value)| value)) {
        collect(below, within, found);
    }
}

/// The names that a call refers to by itself.
fn names(node: &Node) -> Vec<String> {
    match node.single() {
        Some(("Ref", name)) => name.text().into_iter().map(str::to_owned).collect(),
        Some(("Fn::GetAtt", argument)) => {
            let named = argument.text().and_then(|text| text.split_once('.')).map(|(resource, _)| resource);
            named.or_else(|| argument.items().first()?.text()).into_iter().map(str::to_owned).collect()
        }
        Some(("Fn::Sub", argument)) => {
            let pattern = argument.text().or_else(|| argument.items().first()?.text()).unwrap_or_default();
            let is_variable =
                |name: &str| argument.items().get(1).is_some_and(|variables| variables.get(name).is_some());
            let named = slots(pattern).unwrap_or_default().into_iter().filter_map(|slot| match slot {
                Slot::Name(name) if !is_variable(&name) => Some(name.to_string()),
                Slot::Attribute(name, attribute) if !is_variable(&format!("{name}.{attribute}")) => {
                    Some(name.to_string())
                }
                _ => None,
            });
            named.collect()
        }
        _ => Vec::new(),
    }
}

/// What a resource of the flat template waits for beside what it refers to.
#[derive(Debug, Default)]
pub(super) struct Waits {
    /// What is there whenever the resource is: for `DependsOn`.
    pub(super) always: Vec<String>,
    /// What has a condition of its own, with that condition.
    pub(super) sometimes: Vec<(String, String)>,
}

pub(super) struct Order<'a> {
    flattening: &'a Flattening<'a>,
    /// Names of the flat template, with the place and the condition of each.
    made: HashMap<String, (usize, Truth)>,
    sinks: RefCell<HashMap<StackId, Vec<String>>>,
}

impl<'a> Order<'a> {
    pub(super) fn new(flattening: &'a Flattening<'a>, made: impl Iterator<Item = (String, Truth)>) -> Self {
        let made = made.enumerate().map(|(place, (name, condition))| (name, (place, condition)));
        Self { flattening, made: made.collect(), sinks: RefCell::default() }
    }

    /// What the body refers to needs no saying.
    pub(super) fn waits(&self, stack: StackId, resource: &Resource, name: &str, body: &Node) -> Result<Waits> {
        let mut names: Vec<String> = Vec::new();
        let nested = |logical_id: &String| self.flattening.stack(stack).child(logical_id).is_some();
        for logical_id in resource.depends_on.iter().chain(references(&resource.body).iter().filter(|id| nested(id))) {
            names.extend(self.all_of(stack, logical_id)?);
        }
        if self.is_source(stack, resource)? {
            names.extend(self.prerequisites(stack)?);
        }
        let said = references(body);
        names.retain(|other| other != name && !said.contains(other));
        names.sort_by_key(|other| self.made.get(other).map(|(place, _)| *place));
        names.dedup();
        let mut waits = Waits::default();
        for other in names {
            match self.made.get(&other).map(|(_, condition)| condition) {
                Some(Truth::Named(condition)) if !self.implies(name, condition) => {
                    waits.sometimes.push((other, condition.clone()));
                }
                _ => waits.always.push(other),
            }
        }
        Ok(waits)
    }

    /// Whether a resource is made only where the condition holds.
    fn implies(&self, name: &str, condition: &str) -> bool {
        match self.made.get(name) {
            Some((_, Truth::Named(own))) => self.condition_implies(own, condition),
            _ => false,
        }
    }

    fn condition_implies(&self, own: &str, condition: &str) -> bool {
        if own == condition {
            return true;
        }
        let conditions = self.flattening.conditions.borrow();
        let body = conditions.iter().find(|(name, _)| name == own).map(|(_, body)| body);
        let all = body.and_then(|body| argument(body, "Fn::And")).map(Node::items).unwrap_or_default();
        let mut named = all.iter().filter_map(|item| argument(item, "Condition")?.text());
        named.any(|named| self.condition_implies(named, condition))
    }

    /// What has to be there before a nested stack is begun.
    fn prerequisites(&self, stack: StackId) -> Result<Vec<String>> {
        let Some((parent, logical_id)) = &self.flattening.stack(stack).parent else { return Ok(Vec::new()) };
        let Some(nested) = self.flattening.stack(*parent).program.resource(logical_id) else { return Ok(Vec::new()) };
        let mut names = Vec::new();
        for other in self.dependencies(*parent, nested) {
            names.extend(self.all_of(*parent, &other.name)?);
        }
        if self.is_source(*parent, nested)? {
            names.extend(self.prerequisites(*parent)?);
        }
        Ok(names)
    }

    /// A resource, or what of a nested stack is there last.
    fn all_of(&self, stack: StackId, logical_id: &str) -> Result<Vec<String>> {
        if let Some(child) = self.flattening.stack(stack).child(logical_id) {
            return self.sinks(child);
        }
        let name = self.flattening.name(stack, Kind::Resource, logical_id);
        Ok(name.into_iter().filter(|name| self.made.contains_key(name)).collect())
    }

    /// The resources that no other of their stack waits for whenever they are made.
    fn sinks(&self, stack: StackId) -> Result<Vec<String>> {
        if let Some(known) = self.sinks.borrow().get(&stack) {
            return Ok(known.clone());
        }
        let program = &self.flattening.stack(stack).program;
        let mut covered = HashSet::new();
        for resource in &program.template.resources {
            for other in self.dependencies(stack, resource) {
                let Some(awaited) = program.resource(&other.name) else { continue };
                if is_certain(&other, awaited) && self.is_made_with(stack, resource, awaited)? {
                    covered.insert(other.name);
                }
            }
        }
        let mut sinks = Vec::new();
        for resource in program.template.resources.iter().filter(|resource| !covered.contains(&resource.logical_id)) {
            sinks.extend(self.all_of(stack, &resource.logical_id)?);
        }
        self.sinks.borrow_mut().insert(stack, sinks.clone());
        Ok(sinks)
    }

    /// Whether a resource may be the first of its stack, so that it must wait for what the stack waits for.
    fn is_source(&self, stack: StackId, resource: &Resource) -> Result<bool> {
        let program = &self.flattening.stack(stack).program;
        for other in self.dependencies(stack, resource) {
            let Some(awaited) = program.resource(&other.name) else { continue };
            if is_certain(&other, resource) && self.is_made_with(stack, awaited, resource)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What of its own stack a resource waits for.
    fn dependencies(&self, stack: StackId, resource: &Resource) -> Vec<Mention> {
        let program = &self.flattening.stack(stack).program;
        let mut found = mentions(&resource.body);
        found.extend(resource.depends_on.iter().map(|name| Mention { name: name.clone(), within: Vec::new() }));
        found.retain(|other| other.name != resource.logical_id && program.resource(&other.name).is_some());
        found
    }

    /// Whether a resource is there whenever the other one is.
    fn is_made_with(&self, stack: StackId, resource: &Resource, other: &Resource) -> Result<bool> {
        if let Some(condition) = &resource.condition
            && other.condition.as_ref() != Some(condition)
            && self.flattening.condition(stack, condition, resource.span)? != Truth::Known(true)
        {
            return Ok(false);
        }
        let Some(child) = self.flattening.stack(stack).child(&resource.logical_id) else { return Ok(true) };
        // A nested stack holds back those behind it only by what it always makes.
        for inner in
            self.flattening.stack(child).program.template.resources.iter().filter(|each| each.condition.is_none())
        {
            if self.is_made_with(child, inner, inner)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether what is mentioned is waited for whenever `resource` is made.
fn is_certain(mention: &Mention, resource: &Resource) -> bool {
    mention.within.iter().all(|(condition, is_first)| *is_first && resource.condition.as_ref() == Some(condition))
}
