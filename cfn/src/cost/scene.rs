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

    /// What is written there, or the default where nothing is; an error where only a deployment knows it.
    pub(super) fn number_or(&self, path: &[&str], default: f64) -> Result<f64, String> {
        match self.value(path) {
            None | Some(Value::Absent | Value::Null) => Ok(default),
            Some(value) => number(value).ok_or_else(|| not_known(path)),
        }
    }

    /// The same for a text.
    pub(super) fn text_or(&self, path: &[&str], default: &'a str) -> Result<&'a str, String> {
        match self.value(path) {
            None | Some(Value::Absent | Value::Null) => Ok(default),
            Some(value) => value.as_text().ok_or_else(|| not_known(path)),
        }
    }

    pub(super) fn items(&self, path: &[&str]) -> &'a [Value] {
        self.value(path).map_or(&[], Value::items)
    }

    pub(super) fn is_true(&self, path: &[&str]) -> Result<bool, String> {
        Ok(matches!(self.text_or(path, "false")?, "true" | "True"))
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

    /// Its value under a name, in a list of pairs such as `{Key: …, Value: …}`.
    pub(super) fn named_or(&self, list: &str, key: &str, name: &str, default: &'a str) -> Result<&'a str, String> {
        let is_it = |pair: &&Value| pair.get(key).and_then(Value::as_text) == Some(name);
        match self.items(&[list]).iter().find(is_it).and_then(|pair| pair.get("Value")) {
            Some(value) => value.as_text().ok_or_else(|| not_known(&[list, name])),
            None => Ok(default),
        }
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

fn not_known(path: &[&str]) -> String {
    format!("only a deployment knows its `{}`", path.join("."))
}

pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_text()?.trim().parse().ok()
}
