//! Rules of nested stacks, which hold for the parameters that are passed down. A rule takes nothing but parameters and
//! literals: one that would need more after the merge is left out, and said to be.

use super::conditions::{Decided, combined};
use super::flattening::{Flattening, Truth};
use crate::error::Result;
use crate::eval::StackId;
use crate::render::made::{argument, call, is_same, list, mapping, text};
use crate::template::{Node, Rule, Span, Value};

const FUNCTIONS: [&str; 9] = [
    "Fn::And",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::Equals",
    "Fn::Not",
    "Fn::Or",
    "Fn::RefAll",
    "Ref",
];
/// They look at a parameter by its name, which only the outermost template keeps.
const BY_NAME: [&str; 2] = ["Fn::ValueOf", "Fn::ValueOfAll"];

#[derive(Default)]
struct Held {
    assertions: Vec<(Option<Node>, Node)>,
}

impl Held {
    /// Whether the same is demanded already, always or in the same cases.
    fn demands(&self, condition: Option<&Node>, assert: &Node) -> bool {
        self.assertions.iter().any(|(known, same)| {
            let covers = match (known, condition) {
                (None, _) => true,
                (Some(known), Some(condition)) => is_same(known, condition),
                (Some(_), None) => false,
            };
            covers && is_same(same, assert)
        })
    }
}

impl Flattening<'_> {
    pub(super) fn rules(&self) -> Result<Vec<(Node, Node)>> {
        let mut held = Held::default();
        let mut rules = Vec::new();
        for stack in self.tree.stacks() {
            let existence = self.existence(stack.id)?;
            if existence == Truth::Known(false) {
                continue;
            }
            for rule in &stack.program.template.rules {
                let Some(body) = self.rule(stack.id, &existence, rule, &mut held)? else { continue };
                let name = match stack.id {
                    StackId::ROOT => rule.name.clone(),
                    _ => {
                        let path: Vec<&str> =
                            stack.path.iter().map(|part| &**part).chain([rule.name.as_str()]).collect();
                        self.names.borrow_mut().unique(&path)
                    }
                };
                rules.push((text(name, rule.span), body));
            }
        }
        Ok(rules)
    }

    fn rule(&self, stack: StackId, existence: &Truth, rule: &Rule, held: &mut Held) -> Result<Option<Node>> {
        let span = rule.span;
        let mut conditions = Vec::new();
        if let Truth::Named(name) = existence {
            conditions.push(Decided::Open(call("Condition", text(name, span))));
        }
        let own = rule.condition.as_ref().map(|condition| self.decided(stack, condition));
        conditions.extend(own.transpose().or_else(|error| self.left_out(stack, rule, error))?);
        let condition = match combined("Fn::And", conditions, span) {
            Decided::Known(false) => return Ok(None),
            Decided::Known(true) => None,
            Decided::Open(node) => Some(self.spelled_out(&node)),
        };
        let mut assertions = Vec::new();
        for assertion in &rule.assertions {
            let assert = match self.decided(stack, &assertion.assert) {
                Ok(Decided::Known(true)) => continue,
                Ok(Decided::Known(false)) => never(span),
                Ok(Decided::Open(node)) => self.spelled_out(&node),
                Err(error) => {
                    self.left_out(stack, rule, error)?;
                    return Ok(None);
                }
            };
            if held.demands(condition.as_ref(), &assert) {
                continue;
            }
            if stack != StackId::ROOT
                && ![condition.as_ref(), Some(&assert)].into_iter().flatten().all(|node| self.is_rule(node))
            {
                self.leave_out(stack, rule);
                continue;
            }
            held.assertions.push((condition.clone(), assert.clone()));
            let mut body = vec![(text("Assert", span), assert)];
            body.extend(assertion.description.iter().map(|words| (text("AssertDescription", span), text(words, span))));
            assertions.push(mapping(body, span));
        }
        if assertions.is_empty() {
            return Ok(None);
        }
        let mut body: Vec<_> =
            condition.into_iter().map(|condition| (text("RuleCondition", span), condition)).collect();
        body.push((text("Assertions", span), list(assertions, span)));
        Ok(Some(mapping(body, span)))
    }

    /// A rule of a nested stack that cannot be said at the outermost one; in that one itself, it is a fault.
    fn left_out(&self, stack: StackId, rule: &Rule, error: crate::Error) -> Result<Option<Decided>> {
        if stack == StackId::ROOT {
            return Err(error);
        }
        self.leave_out(stack, rule);
        Ok(Some(Decided::Known(false)))
    }

    fn leave_out(&self, stack: StackId, rule: &Rule) {
        let file = self.stack(stack).file();
        self.note(format!("the rule `{}` of `{file}` is left out: it depends on more than parameters", rule.name));
    }

    /// Rules cannot name conditions: each is replaced by what it stands for.
    fn spelled_out(&self, node: &Node) -> Node {
        if let Some(name) = argument(node, "Condition").and_then(Node::text) {
            let known = self.conditions.borrow().iter().find(|(other, _)| other == name).map(|(_, node)| node.clone());
            return known.map_or_else(|| node.clone(), |known| self.spelled_out(&known));
        }
        match &node.value {
            Value::Scalar(_) => node.clone(),
            Value::Sequence(items) => list(items.iter().map(|item| self.spelled_out(item)).collect(), node.span),
            Value::Mapping(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.clone(), self.spelled_out(value)));
                mapping(entries.collect(), node.span)
            }
        }
    }

    fn is_rule(&self, node: &Node) -> bool {
        let mut is_rule = self.is_static(node);
        crate::render::made::walk(node, &mut |node| {
            if let Some((name, _)) = node.single() {
                is_rule &= FUNCTIONS.contains(&name) && !BY_NAME.contains(&name);
            }
        });
        is_rule
    }
}

/// An assertion that refuses every case which its rule is about.
fn never(span: Span) -> Node {
    call("Fn::Equals", list(vec![text("allowed", span), text("refused", span)], span))
}
