//! All resources of a tree at hand: the price of one often depends on others, such as a service's on its task definition.

use super::prices::Prices;
use super::usage::Usage;
use crate::eval::{Address, Piece, ResolvedResource, ResolvedStack, Value};

pub(super) struct Scene<'a> {
    stacks: Vec<&'a ResolvedStack>,
    pub(super) prices: &'a Prices,
    pub(super) usage: &'a Usage,
}

/// A resource and the stack that it is in.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) stack: &'a ResolvedStack,
    pub(super) resource: &'a ResolvedResource,
}

impl<'a> Scene<'a> {
    pub(super) fn new(root: &'a ResolvedStack, prices: &'a Prices, usage: &'a Usage) -> Self {
        Self { stacks: root.walk(), prices, usage }
    }

    pub(super) fn subjects<'b>(&self, stack: &'b ResolvedStack) -> impl Iterator<Item = Subject<'b>> + use<'b> {
        stack.resources.iter().map(move |resource| Subject { stack, resource })
    }

    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = Subject<'a>> {
        let all = self.stacks.iter().flat_map(|stack| self.subjects(stack));
        all.filter(move |subject| subject.resource.kind == kind)
    }

    pub(super) fn find(&self, address: &Address) -> Option<Subject<'a>> {
        let stack = self.stacks.iter().find(|stack| stack.id == address.stack)?;
        stack.resource(&address.logical_id).map(|resource| Subject { stack, resource })
    }

    /// A number that some stack takes as a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<f64> {
        let all = self.stacks.iter().flat_map(|stack| &stack.parameters);
        all.filter(|(parameter, _)| parameter == name).find_map(|(_, value)| number(value))
    }

    /// Days that traces are kept.
    pub(super) fn retention_days(&self) -> f64 {
        self.parameter("TraceRetentionDays").unwrap_or(self.usage.retention_days)
    }

    /// As many zones as a list has subnets.
    pub(super) fn zones(&self, subnets: Option<&Value>) -> f64 {
        match subnets {
            Some(Value::List(items)) if !items.is_empty() => items.len() as f64,
            _ => self.usage.zones,
        }
    }

    /// The part of what is sent anywhere in so many zones that leaves its own.
    pub(super) fn crossing(&self, zones: f64) -> f64 {
        (zones - 1.0) / zones
    }
}

impl<'a> Subject<'a> {
    pub(super) fn value(&self, path: &[&str]) -> Option<&'a Value> {
        self.resource.properties.at(path)
    }

    pub(super) fn text(&self, path: &[&str]) -> Option<&'a str> {
        self.value(path)?.as_text()
    }

    pub(super) fn number(&self, path: &[&str]) -> Option<f64> {
        number(self.value(path)?)
    }

    pub(super) fn items(&self, path: &[&str]) -> &'a [Value] {
        self.value(path).map_or(&[], Value::items)
    }

    pub(super) fn is_true(&self, path: &[&str]) -> bool {
        self.value(path).and_then(Value::as_bool) == Some(true)
    }

    /// Whether what a nested stack makes is among the stacks.
    pub(super) fn has_template(&self) -> bool {
        let is_its_own =
            |child: &ResolvedStack| child.path.last().is_some_and(|name| **name == *self.resource.logical_id);
        self.stack.children.iter().any(is_its_own)
    }

    pub(super) fn is(&self, address: &Address) -> bool {
        self.stack.id == address.stack && self.resource.logical_id == *address.logical_id
    }

    /// Its value under a key, in a list of pairs such as `{Key: …, Value: …}`.
    pub(super) fn named(&self, list: &str, key: &str, name: &str) -> Option<&'a str> {
        let pair = self.items(&[list]).iter().find(|pair| pair.get(key).and_then(Value::as_text) == Some(name));
        pair?.get("Value")?.as_text()
    }

    /// Whether the text of a property is made with this one's id or an attribute of it.
    pub(super) fn is_named_in(&self, text: Option<&Value>) -> bool {
        let pieces = text.and_then(Value::pieces).unwrap_or_default();
        pieces.iter().any(|piece| match piece {
            Piece::Unknown(unknown) => unknown.resource().is_some_and(|address| self.is(address)),
            Piece::Known(_) => false,
        })
    }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_text()?.trim().parse().ok()
}
