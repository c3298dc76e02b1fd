//! Conditions of any stack, said in terms of the outermost template. What the passed values decide already is decided here;
//! what two stacks ask alike becomes one condition.

use super::flattening::{Flattening, Truth};
use super::names::Kind;
use crate::error::Result;
use crate::eval::{Slot, StackId};
use crate::render::made::{argument, branches, call, is_same, list, literal, text, walk};
use crate::template::{Node, Span};

/// A condition's expression, as far as it is decided.
#[derive(Debug, Clone)]
pub(super) enum Decided {
    Known(bool),
    Open(Node),
}

impl Flattening<'_> {
    pub(super) fn condition(&self, stack: StackId, name: &str, span: Span) -> Result<Truth> {
        let key = (stack, name.to_owned());
        if let Some(known) = self.truths.borrow().get(&key) {
            return Ok(known.clone());
        }
        let section = self.stack(stack).program.template.section("Conditions");
        let node = section.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, node)| node);
        let node = node.ok_or_else(|| self.fault(stack, span, format!("there is no condition `{name}`")))?;
        let decided = self.deeper(stack, span, || self.decided(stack, node))?;
        let truth = match decided {
            Decided::Known(truth) => Truth::Known(truth),
            // Another condition by another name.
            Decided::Open(node) if stack != StackId::ROOT && argument(&node, "Condition").is_some() => {
                let name = argument(&node, "Condition").and_then(Node::text).unwrap_or_default();
                Truth::Named(name.to_owned())
            }
            Decided::Open(node) => {
                let flat = self.name(stack, Kind::Condition, name).unwrap_or_else(|| name.to_owned());
                Truth::Named(self.define(flat, node, stack == StackId::ROOT))
            }
        };
        self.truths.borrow_mut().insert(key, truth.clone());
        Ok(truth)
    }

    /// Makes a condition of the flat template, or finds the one that says the same.
    fn define(&self, name: String, node: Node, keeps_name: bool) -> String {
        let mut conditions = self.conditions.borrow_mut();
        let same = conditions.iter().find(|(_, other)| is_same(other, &node)).filter(|_| !keeps_name);
        if let Some((same, _)) = same {
            return same.clone();
        }
        conditions.push((name.clone(), node));
        name
    }

    /// Whether the stack is made: its own condition and those of the stacks around it.
    pub(super) fn existence(&self, stack: StackId) -> Result<Truth> {
        match &self.stack(stack).parent {
            None => Ok(Truth::Known(true)),
            Some((parent, logical_id)) => self.made_if(*parent, logical_id),
        }
    }

    /// Whether a resource is made.
    pub(super) fn made_if(&self, stack: StackId, logical_id: &str) -> Result<Truth> {
        let around = self.existence(stack)?;
        let resource = self.stack(stack).program.resource(logical_id);
        let Some((name, span)) = resource.and_then(|resource| Some((resource.condition.clone()?, resource.span)))
        else {
            return Ok(around);
        };
        Ok(self.both(around, self.condition(stack, &name, span)?))
    }

    pub(super) fn both(&self, one: Truth, other: Truth) -> Truth {
        match (one, other) {
            (Truth::Known(true), truth) | (truth, Truth::Known(true)) => truth,
            (Truth::Known(false), _) | (_, Truth::Known(false)) => Truth::Known(false),
            (Truth::Named(one), Truth::Named(other)) if one == other => Truth::Named(one),
            (Truth::Named(one), Truth::Named(other)) => {
                let named = |name: &str| call("Condition", text(name, Span::default()));
                let node = call("Fn::And", list(vec![named(&one), named(&other)], Span::default()));
                let existing = self
                    .conditions
                    .borrow()
                    .iter()
                    .find(|(_, same)| is_same(same, &node))
                    .map(|(name, _)| name.clone());
                Truth::Named(existing.unwrap_or_else(|| {
                    let name = self.names.borrow_mut().unique(&[&one, "And", &other]);
                    self.define(name, node, false)
                }))
            }
        }
    }

    /// The expression of a condition, or of a rule.
    pub(super) fn decided(&self, stack: StackId, node: &Node) -> Result<Decided> {
        let span = node.span;
        let Some((name, argument)) = node.single() else {
            return match literal(node) {
                Some("true") => Ok(Decided::Known(true)),
                Some("false") => Ok(Decided::Known(false)),
                _ => Err(self.fault(stack, span, "this is no condition")),
            };
        };
        match (name, argument.items()) {
            ("Condition", _) => Ok(match self.condition(stack, argument.text().unwrap_or_default(), span)? {
                Truth::Known(truth) => Decided::Known(truth),
                Truth::Named(name) => Decided::Open(call("Condition", text(name, span))),
            }),
            ("Fn::Not", [one]) => Ok(negated(self.decided(stack, one)?, span)),
            ("Fn::And", items) => self.several(stack, name, items, span),
            ("Fn::Or", items) => self.several(stack, name, items, span),
            ("Fn::Equals", [one, other]) => {
                let (one, other) = (self.value(stack, one)?, self.value(stack, other)?);
                self.equals(stack, one, other, span)
            }
            ("Fn::Contains", [items, value]) => {
                let (items, value) = (self.value(stack, items)?, self.value(stack, value)?);
                let known: Option<Vec<&str>> = items.items().iter().map(literal).collect();
                Ok(match (known, literal(&value)) {
                    (Some(known), Some(value)) if !known.is_empty() => Decided::Known(known.contains(&value)),
                    _ => Decided::Open(call(name, list(vec![items, value], span))),
                })
            }
            _ => Ok(Decided::Open(call(name, self.value(stack, argument)?))),
        }
    }

    fn several(&self, stack: StackId, name: &str, items: &[Node], span: Span) -> Result<Decided> {
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            all.push(self.decided(stack, item)?);
        }
        Ok(combined(name, all, span))
    }

    fn equals(&self, stack: StackId, one: Node, other: Node, span: Span) -> Result<Decided> {
        if branches(&one).is_some() {
            return self.equals_branches(stack, &one, &other, span);
        }
        if branches(&other).is_some() {
            return self.equals_branches(stack, &other, &one, span);
        }
        if let (Some(one), Some(other)) = (literal(&one), literal(&other)) {
            return Ok(Decided::Known(one == other));
        }
        if is_same(&one, &other) {
            return Ok(Decided::Known(true));
        }
        if (literal(&one) == Some("") && self.is_filled(&other))
            || (literal(&other) == Some("") && self.is_filled(&one))
        {
            return Ok(Decided::Known(false));
        }
        for side in [&one, &other] {
            let mut has_branches = false;
            walk(side, &mut |node| has_branches |= branches(node).is_some());
            if has_branches || !self.is_static(side) {
                let message =
                    "once its stack is merged, this condition depends on what only a resource or an `Fn::If` can tell";
                return Err(self.fault(stack, span, message));
            }
        }
        Ok(Decided::Open(call("Fn::Equals", list(vec![one, other], span))))
    }

    /// Whether a text is never empty: what a resource gives is not, nor is a pattern with something else in it.
    fn is_filled(&self, node: &Node) -> bool {
        if let Some(known) = literal(node) {
            return !known.is_empty();
        }
        let is_named = |name: &str| name != "AWS::NoValue" && (name.starts_with("AWS::") || !self.is_early(name));
        match node.single() {
            Some(("Ref", name)) => name.text().is_some_and(is_named),
            Some(("Fn::GetAtt", _)) => true,
            Some(("Fn::Sub", pattern)) => {
                let pattern = pattern.text().or_else(|| pattern.items().first()?.text()).unwrap_or_default();
                crate::eval::slots(pattern).unwrap_or_default().iter().any(|slot| match slot {
                    Slot::Text(_) | Slot::Attribute(..) => true,
                    Slot::Name(name) => self.names.borrow().is_taken(name) && is_named(name),
                })
            }
            Some(("Fn::Join", arguments)) => {
                arguments.items().get(1).is_some_and(|list| list.items().iter().any(|item| self.is_filled(item)))
            }
            _ => branches(node).is_some_and(|(_, one, other)| self.is_filled(one) && self.is_filled(other)),
        }
    }

    /// Conditions cannot hold an `Fn::If`: `if(c, a, b) = x` is `c and a = x, or not c and b = x`.
    fn equals_branches(&self, stack: StackId, chosen: &Node, other: &Node, span: Span) -> Result<Decided> {
        let Some((condition, first, second)) = branches(chosen) else { return Ok(Decided::Known(false)) };
        let named = || Decided::Open(call("Condition", text(condition, span)));
        let first = self.equals(stack, first.clone(), other.clone(), span)?;
        let second = self.equals(stack, second.clone(), other.clone(), span)?;
        let one = combined("Fn::And", vec![named(), first], span);
        let other = combined("Fn::And", vec![negated(named(), span), second], span);
        Ok(combined("Fn::Or", vec![one, other], span))
    }

    /// The name of a mapping in the flat template, where equal ones become one.
    pub(super) fn mapping(&self, stack: StackId, name: &str) -> Option<String> {
        let body = |stack: StackId, name: &str| {
            let section = self.stack(stack).program.template.section("Mappings");
            section.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, body)| body)
        };
        let own = body(stack, name)?;
        let key = (stack, name.to_owned());
        if let Some(known) = self.mappings.borrow().get(&key) {
            return Some(known.clone());
        }
        let is_equal = |(other, given): &(&(StackId, String), &String)| {
            body(other.0, &other.1).is_some_and(|other| is_same(other, own)) && !given.is_empty()
        };
        let mut equal: Vec<String> =
            self.mappings.borrow().iter().filter(is_equal).map(|(_, flat)| flat.clone()).collect();
        equal.sort();
        let flat = match equal.first().filter(|_| stack != StackId::ROOT) {
            Some(flat) => flat.clone(),
            None => self.name(stack, Kind::Mapping, name)?,
        };
        self.mappings.borrow_mut().insert(key, flat.clone());
        Some(flat)
    }
}

pub(super) fn negated(decided: Decided, span: Span) -> Decided {
    match decided {
        Decided::Known(truth) => Decided::Known(!truth),
        Decided::Open(node) => match argument(&node, "Fn::Not").map(Node::items) {
            Some([one]) => Decided::Open(one.clone()),
            _ => Decided::Open(call("Fn::Not", list(vec![node], span))),
        },
    }
}

/// `Fn::And` or `Fn::Or` of what is still open.
pub(super) fn combined(name: &str, items: Vec<Decided>, span: Span) -> Decided {
    let deciding = name == "Fn::Or";
    let mut open: Vec<Node> = Vec::new();
    for item in items {
        match item {
            Decided::Known(truth) if truth == deciding => return Decided::Known(deciding),
            Decided::Known(_) => {}
            Decided::Open(node) if open.iter().any(|other| is_same(other, &node)) => {}
            Decided::Open(node) => open.push(node),
        }
    }
    match open.len() {
        0 => Decided::Known(!deciding),
        1 => Decided::Open(open.remove(0)),
        _ => Decided::Open(call(name, list(open, span))),
    }
}
