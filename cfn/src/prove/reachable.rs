//! Whether a case can be reached: the rules of the outermost template, and what the parameters themselves admit, decide.

use super::case::{Cases, Choice, Space, Subject};
use crate::eval::{Evaluator, Expression, Form, RuleProgram, StackId, StackTree};
use std::collections::BTreeSet;

/// Ways to fill in the other parameters of a rule that are tried before a case counts as out of reach.
const DEFAULT_EXTENSIONS_MAX: usize = 100_000;

/// Rules that share no parameter are judged apart from each other.
#[derive(Debug)]
pub(super) struct Rules {
    groups: Vec<Group>,
}

#[derive(Debug, Default)]
struct Group {
    parameters: BTreeSet<String>,
    rules: Vec<usize>,
}

impl Rules {
    pub(super) fn new(tree: &StackTree) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for (at, rule) in tree.root().program.rules().iter().enumerate() {
            let mut group = Group { parameters: parameters(rule), rules: vec![at] };
            let (joined, apart): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|other| !other.parameters.is_disjoint(&group.parameters));
            for other in joined {
                group.parameters.extend(other.parameters);
                group.rules.extend(other.rules);
            }
            groups = apart;
            groups.push(group);
        }
        Self { groups }
    }

    /// Whether some values of the parameters that a case leaves open satisfy every rule that bears on it.
    pub(super) fn admit(&self, tree: &StackTree, space: &Space, choices: Vec<Choice>) -> bool {
        let bears = |group: &&Group| {
            choices
                .iter()
                .any(|choice| matches!(&choice.subject, Subject::Parameter(name) if group.parameters.contains(&**name)))
        };
        self.groups.iter().filter(bears).all(|group| {
            let cases = Cases::within(space, choices.clone());
            for _ in 0..DEFAULT_EXTENSIONS_MAX {
                if holds(tree, &cases, &group.rules) {
                    return true;
                }
                if !cases.advance() {
                    return false;
                }
            }
            // Not decided in time: better to report a case that is out of reach than to hide one that is not.
            true
        })
    }
}

fn holds(tree: &StackTree, cases: &Cases<'_>, rules: &[usize]) -> bool {
    let evaluator = Evaluator::new(tree, cases);
    // What cannot be evaluated does not refuse: another check reports it.
    rules.iter().all(|at| evaluator.rule_violation(StackId::ROOT, *at).map_or(true, |violation| violation.is_none()))
}

fn parameters(rule: &RuleProgram) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let expressions = rule.condition.iter().chain(rule.assertions.iter().map(|(assert, _)| assert));
    expressions.for_each(|expression| collect(expression, &mut names));
    names
}

fn collect(expression: &Expression, names: &mut BTreeSet<String>) {
    if let Form::Ref(name) = &expression.form {
        names.insert(name.to_string());
    }
    expression.children().into_iter().for_each(|child| collect(child, names));
}
