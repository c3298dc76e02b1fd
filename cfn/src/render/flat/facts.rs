//! What is known where a condition holds. A nested stack looks at its parameters again, whatever decided that it is made:
//! in one template, a branch that can never be taken is left out.

use super::flattening::{Flattening, Truth};
use super::simplify::choose;
use crate::render::made::{argument, branches, is_no_value, is_same, list, literal, mapping};
use crate::template::{Node, Value};
use std::collections::BTreeMap;

/// Conditions of the flat template that are decided.
type Facts = BTreeMap<String, bool>;

impl Flattening<'_> {
    /// The body of what is made under a condition.
    pub(super) fn under(&self, condition: &Truth, body: &Node) -> Node {
        let mut facts = Facts::new();
        if let Truth::Named(name) = condition {
            self.learn(name, true, &mut facts);
        }
        self.reduced(body, &facts)
    }

    /// Whether two conditions never hold at once.
    pub(super) fn exclude_each_other(&self, one: &str, other: &str) -> bool {
        let mut facts = Facts::new();
        self.learn(one, true, &mut facts);
        self.follows(other, &facts) == Some(false)
    }

    fn definition(&self, name: &str) -> Option<Node> {
        self.conditions.borrow().iter().find(|(other, _)| other == name).map(|(_, node)| node.clone())
    }

    fn learn(&self, name: &str, truth: bool, facts: &mut Facts) {
        if facts.insert(name.to_owned(), truth).is_some() {
            return;
        }
        let Some(definition) = self.definition(name) else { return };
        self.learn_from(&definition, truth, facts);
        if let Some((subject, value)) = compared(&definition).filter(|_| truth) {
            // What is one value is no other.
            let others: Vec<String> = self
                .conditions
                .borrow()
                .iter()
                .filter_map(|(other, node)| {
                    let (same, different) = compared(node)?;
                    (is_same(same, subject) && literal(different) != literal(value)).then(|| other.clone())
                })
                .collect();
            others.iter().for_each(|other| self.learn(other, false, facts));
        }
    }

    fn learn_from(&self, node: &Node, truth: bool, facts: &mut Facts) {
        match node.single() {
            Some(("Condition", name)) => name.text().into_iter().for_each(|name| self.learn(name, truth, facts)),
            Some(("Fn::Not", one)) => one.items().iter().for_each(|one| self.learn_from(one, !truth, facts)),
            Some(("Fn::And", all)) if truth => all.items().iter().for_each(|one| self.learn_from(one, true, facts)),
            Some(("Fn::Or", all)) if !truth => all.items().iter().for_each(|one| self.learn_from(one, false, facts)),
            _ => {}
        }
    }

    /// Whether a condition follows from the facts; nothing where it is open.
    fn follows(&self, name: &str, facts: &Facts) -> Option<bool> {
        facts.get(name).copied().or_else(|| self.follows_from(&self.definition(name)?, facts))
    }

    fn follows_from(&self, node: &Node, facts: &Facts) -> Option<bool> {
        let all = |items: &Node, deciding: bool| {
            let answers: Vec<_> = items.items().iter().map(|item| self.follows_from(item, facts)).collect();
            if answers.contains(&Some(deciding)) {
                return Some(deciding);
            }
            (!answers.contains(&None)).then_some(!deciding)
        };
        match node.single()? {
            ("Condition", name) => self.follows(name.text()?, facts),
            ("Fn::Not", one) => self.follows_from(one.items().first()?, facts).map(|truth| !truth),
            ("Fn::And", items) => all(items, false),
            ("Fn::Or", items) => all(items, true),
            _ => None,
        }
    }

    fn reduced(&self, node: &Node, facts: &Facts) -> Node {
        if let Some((condition, one, other)) = branches(node) {
            let branch = |node: &Node, truth: bool| {
                let mut facts = facts.clone();
                self.learn(condition, truth, &mut facts);
                self.reduced(node, &facts)
            };
            return match self.follows(condition, facts) {
                Some(true) => self.reduced(one, facts),
                Some(false) => self.reduced(other, facts),
                None => choose(condition, branch(one, true), branch(other, false), node.span),
            };
        }
        let is_call = node.single().is_some_and(|(name, _)| name.starts_with("Fn::"));
        match &node.value {
            Value::Scalar(_) => node.clone(),
            Value::Sequence(items) => {
                let items = items.iter().map(|item| self.reduced(item, facts));
                list(items.filter(|item| !is_no_value(item)).collect(), node.span)
            }
            Value::Mapping(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.clone(), self.reduced(value, facts)));
                mapping(entries.filter(|(_, value)| is_call || !is_no_value(value)).collect(), node.span)
            }
        }
    }
}

/// What a condition compares with which literal.
fn compared(node: &Node) -> Option<(&Node, &Node)> {
    match argument(node, "Fn::Equals")?.items() {
        [subject, value] if literal(value).is_some() && literal(subject).is_none() => Some((subject, value)),
        [value, subject] if literal(value).is_some() && literal(subject).is_none() => Some((subject, value)),
        _ => None,
    }
}
