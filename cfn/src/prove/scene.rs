//! What a check sees: one case, in which it asks for the properties that it needs, and for no others.

use super::check::STACK;
use super::cursor::Cursor;
use crate::eval::{Address, Evaluator, Outcome, StackId, StackTree, Value};
use crate::template::Span;
use std::collections::HashMap;
use std::sync::Arc;

/// Every resource of the tree by its type, whether it exists in a case or not, and every stack.
#[derive(Debug)]
pub struct Inventory {
    by_kind: HashMap<String, Vec<Address>>,
    all: Vec<Address>,
}

impl Inventory {
    pub fn new(tree: &StackTree) -> Self {
        let mut inventory = Self { by_kind: HashMap::new(), all: Vec::new() };
        for stack in tree.stacks() {
            let whole = Address { stack: stack.id, logical_id: STACK.into() };
            inventory.by_kind.entry(STACK.to_owned()).or_default().push(whole);
            for resource in &stack.program.template.resources {
                let address = Address { stack: stack.id, logical_id: resource.logical_id.as_str().into() };
                inventory.by_kind.entry(resource.kind.clone()).or_default().push(address.clone());
                inventory.all.push(address);
            }
        }
        inventory
    }

    pub fn of(&self, kind: &str) -> &[Address] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    pub fn all(&self) -> &[Address] {
        &self.all
    }
}

pub struct Scene<'a> {
    pub evaluator: &'a Evaluator<'a>,
    pub inventory: &'a Inventory,
}

impl<'a> Scene<'a> {
    pub fn tree(&self) -> &'a StackTree {
        self.evaluator.tree()
    }

    pub fn kind(&self, at: &Address) -> &'a str {
        self.tree().stack(at.stack).program.resource(&at.logical_id).map_or("", |resource| resource.kind.as_str())
    }

    /// Logical ids from the outermost stack down to the resource.
    pub fn path(&self, at: &Address) -> String {
        self.tree().path(at.stack, &at.logical_id)
    }

    pub fn exists(&self, at: &Address) -> Outcome<bool> {
        if at.logical_id.is_empty() {
            return self.evaluator.stack_exists(at.stack);
        }
        self.evaluator.exists(at.stack, &at.logical_id)
    }

    /// The resources of a type that exist in this case.
    pub fn existing(&self, kind: &str) -> Outcome<Vec<&'a Address>> {
        let mut found = Vec::new();
        for at in self.inventory.of(kind) {
            if self.exists(at)? {
                found.push(at);
            }
        }
        Ok(found)
    }

    /// The properties of a resource, for whoever needs only some part of one.
    pub fn cursor(&self, at: &Address) -> Cursor<'a> {
        Cursor::new(self.evaluator, at.stack, &at.logical_id)
    }

    /// `Absent` where it is not set.
    pub fn property(&self, at: &Address, name: &str) -> Outcome<Value> {
        self.evaluator.property(at.stack, &at.logical_id, name)
    }

    /// A property of a property: `["DeploymentConfiguration", "MaximumPercent"]`; `Absent` where it is not set.
    pub fn property_at(&self, at: &Address, path: &[&str]) -> Outcome<Value> {
        let Some((first, rest)) = path.split_first() else { return Ok(Value::Absent) };
        Ok(self.property(at, first)?.at(rest).cloned().unwrap_or(Value::Absent))
    }

    /// The items of a property: of a list each one, of anything else that is set that one alone.
    pub fn items(&self, at: &Address, name: &str) -> Outcome<Vec<Value>> {
        Ok(match self.property(at, name)? {
            Value::Absent => Vec::new(),
            Value::List(items) => items.to_vec(),
            other => vec![other],
        })
    }

    pub fn region(&self) -> Arc<str> {
        self.evaluator.inputs().region()
    }

    /// Where the property is written, for a finding; the resource's own place where it is not.
    pub fn span(&self, at: &Address, property: &str) -> Span {
        let Some(resource) = self.tree().stack(at.stack).program.resource(&at.logical_id) else {
            return Span::default();
        };
        let entry = resource.properties().and_then(|properties| properties.entry(property));
        entry.map_or(resource.span, |(key, _)| key.span)
    }

    pub fn file(&self, stack: StackId) -> &'a str {
        self.tree().stack(stack).file()
    }
}
