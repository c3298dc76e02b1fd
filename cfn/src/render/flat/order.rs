//! What waits for what. Whoever takes an output of a nested stack waits for all of that stack, not only for the resource
//! behind the output: a service for the listener of its target group, say. A flat template keeps that by `DependsOn`.

use super::flattening::{Flattening, Truth};
use super::names::Kind;
use crate::error::Result;
use crate::eval::{Slot, StackId, slots};
use crate::render::made::branches;
use crate::template::{Node, Resource};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a body refers to, and whether it does so in every case: not in a branch of an `Fn::If`.
pub(super) fn references(node: &Node) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    collect(node, true, &mut found);
    found
}

fn collect(node: &Node, is_certain: bool, found: &mut BTreeMap<String, bool>) {
    let mut add = |name: &str| *found.entry(name.to_owned()).or_insert(false) |= is_certain;
    match node.single() {
        Some(("Ref", name)) => return name.text().into_iter().for_each(add),
        Some(("Fn::GetAtt", argument)) => {
            match (argument.text().and_then(|text| text.split_once('.')), argument.items()) {
                (Some((resource, _)), _) => add(resource),
                (None, [resource, ..]) => resource.text().into_iter().for_each(add),
                _ => {}
            }
        }
        Some(("Fn::Sub", argument)) => {
            let pattern = argument.text().or_else(|| argument.items().first()?.text()).unwrap_or_default();
            let is_variable =
                |name: &str| argument.items().get(1).is_some_and(|variables| variables.get(name).is_some());
            for slot in slots(pattern).unwrap_or_default() {
                match slot {
                    Slot::Name(name) if !is_variable(&name) => add(&name),
                    Slot::Attribute(name, attribute) if !is_variable(&format!("{name}.{attribute}")) => add(&name),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    let is_certain = is_certain && branches(node).is_none();
    for below in node.items().iter().chain(node.entries().iter().map(|(_, value)| value)) {
        collect(below, is_certain, found);
    }
}

pub(super) struct Order<'a> {
    flattening: &'a Flattening<'a>,
    /// Names of the flat template, and the place of each.
    places: HashMap<String, usize>,
    sinks: RefCell<HashMap<StackId, Vec<String>>>,
}

impl<'a> Order<'a> {
    pub(super) fn new(flattening: &'a Flattening<'a>, names: &[String]) -> Self {
        let places = names.iter().enumerate().map(|(place, name)| (name.clone(), place)).collect();
        Self { flattening, places, sinks: RefCell::default() }
    }

    /// What `DependsOn` says in the flat template. What the body refers to needs no saying.
    pub(super) fn depends_on(
        &self,
        stack: StackId,
        resource: &Resource,
        name: &str,
        body: &Node,
    ) -> Result<Vec<String>> {
        let mut waits_for: Vec<String> = Vec::new();
        for logical_id in &resource.depends_on {
            waits_for.extend(self.all_of(stack, logical_id)?);
        }
        for logical_id in references(&resource.body).keys() {
            if self.flattening.stack(stack).child(logical_id).is_some() {
                waits_for.extend(self.all_of(stack, logical_id)?);
            }
        }
        if self.is_source(stack, &resource.logical_id)? {
            waits_for.extend(self.prerequisites(stack)?);
        }
        let said = references(body);
        waits_for.retain(|other| other != name && !said.contains_key(other));
        waits_for.sort_by_key(|other| self.places.get(other));
        waits_for.dedup();
        Ok(waits_for)
    }

    /// What has to be there before a nested stack is begun.
    fn prerequisites(&self, stack: StackId) -> Result<Vec<String>> {
        let Some((parent, logical_id)) = &self.flattening.stack(stack).parent else { return Ok(Vec::new()) };
        let mut waits_for = Vec::new();
        for (other, _) in self.dependencies(*parent, logical_id) {
            waits_for.extend(self.all_of(*parent, &other)?);
        }
        if self.is_source(*parent, logical_id)? {
            waits_for.extend(self.prerequisites(*parent)?);
        }
        Ok(waits_for)
    }

    /// A resource, or what of a nested stack is there last.
    fn all_of(&self, stack: StackId, logical_id: &str) -> Result<Vec<String>> {
        if let Some(child) = self.flattening.stack(stack).child(logical_id) {
            return self.sinks(child);
        }
        let name = self.flattening.name(stack, Kind::Resource, logical_id);
        Ok(name.into_iter().filter(|name| self.places.contains_key(name)).collect())
    }

    /// The resources that no other of their stack waits for in every case.
    fn sinks(&self, stack: StackId) -> Result<Vec<String>> {
        if let Some(known) = self.sinks.borrow().get(&stack) {
            return Ok(known.clone());
        }
        let resources = &self.flattening.stack(stack).program.template.resources;
        let mut covered = HashSet::new();
        for resource in resources {
            if self.is_always_made(stack, resource)? {
                let certain =
                    self.dependencies(stack, &resource.logical_id).into_iter().filter(|(_, certain)| *certain);
                covered.extend(certain.map(|(other, _)| other));
            }
        }
        let mut sinks = Vec::new();
        for resource in resources.iter().filter(|resource| !covered.contains(&resource.logical_id)) {
            sinks.extend(self.all_of(stack, &resource.logical_id)?);
        }
        self.sinks.borrow_mut().insert(stack, sinks.clone());
        Ok(sinks)
    }

    /// Whether a resource waits for no other of its stack in every case, so that it must wait for what the stack waits for.
    fn is_source(&self, stack: StackId, logical_id: &str) -> Result<bool> {
        let program = &self.flattening.stack(stack).program;
        for (other, _) in self.dependencies(stack, logical_id).into_iter().filter(|(_, certain)| *certain) {
            if let Some(resource) = program.resource(&other) {
                if self.is_always_made(stack, resource)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn dependencies(&self, stack: StackId, logical_id: &str) -> Vec<(String, bool)> {
        let program = &self.flattening.stack(stack).program;
        let Some(resource) = program.resource(logical_id) else { return Vec::new() };
        let mut found = references(&resource.body);
        found.extend(resource.depends_on.iter().map(|other| (other.clone(), true)));
        found.retain(|other, _| other != logical_id && program.resource(other).is_some());
        found.into_iter().collect()
    }

    /// Whether the resource is there whenever its stack is.
    fn is_always_made(&self, stack: StackId, resource: &Resource) -> Result<bool> {
        if let Some(condition) = &resource.condition {
            if self.flattening.condition(stack, condition, resource.span)? != Truth::Known(true) {
                return Ok(false);
            }
        }
        let Some(child) = self.flattening.stack(stack).child(&resource.logical_id) else { return Ok(true) };
        for resource in &self.flattening.stack(child).program.template.resources {
            if self.is_always_made(child, resource)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
