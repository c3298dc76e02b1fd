//! Nested stacks are given what they ask for, and refuse nothing that the outermost template admits.

use crate::eval::{Address, Outcome, StackTree, Value};
use crate::parameters;
use crate::prove::check::{Check, Grain, Problem, STACK, Severity};
use crate::prove::scene::Scene;
use crate::template::{NESTED_STACK, Parameter};

pub(super) const PASSED: Check = Check {
    id: "P002",
    title: "nested stacks are given values that they admit",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[NESTED_STACK],
    explanation: "A nested stack fails, after its siblings were made, when one of its parameters has no value, or one that its \
        own constraints refuse although the outer template admits it.",
    parts: parameters_of,
    run: passed,
};

pub(super) const RULES: Check = Check {
    id: "P003",
    title: "the rules of nested stacks refuse nothing that the entry admits",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[STACK],
    explanation: "Rules of the outermost template are checked before anything is made; those of a nested stack only when its \
        turn comes. What a nested rule refuses, the entry must refuse as well.",
    parts: rules_of,
    run: rule,
};

fn child<'a>(tree: &'a StackTree, at: &Address) -> Option<&'a crate::eval::Stack> {
    tree.stack(at.stack).child(&at.logical_id).map(|id| tree.stack(id))
}

fn parameters_of(tree: &StackTree, at: &Address) -> usize {
    child(tree, at).map_or(0, |child| child.program.template.parameters.len())
}

fn passed(scene: &Scene<'_>, at: &Address, part: usize) -> Outcome<Vec<Problem>> {
    let Some(child) = child(scene.tree(), at) else { return Ok(Vec::new()) };
    let parameter = &child.program.template.parameters[part];
    let value = scene.evaluator.passed(at.stack, &at.logical_id, &parameter.name)?.filter(|value| !value.is_absent());
    let problem = match value {
        None if parameter.default.is_none() => Some("is given no value, and has no default".to_owned()),
        None => None,
        Some(value) => refusal(parameter, &value),
    };
    let problem = problem.map(|problem| {
        let message = format!("the parameter `{}` of {} {problem}", parameter.name, child.file());
        Problem::new(&parameter.name, message).at(scene.span(at, "Parameters"))
    });
    Ok(problem.into_iter().collect())
}

/// Values that are not wholly known are left to the deployment.
fn refusal(parameter: &Parameter, value: &Value) -> Option<String> {
    let items = match value {
        Value::List(items) => items.iter().map(Value::as_text).collect::<Option<Vec<_>>>()?.join(","),
        value => value.as_text()?.to_owned(),
    };
    parameters::problem(parameter, &items).map(|problem| format!("is given `{items}`, which {problem}"))
}

fn rules_of(tree: &StackTree, at: &Address) -> usize {
    let stack = tree.stack(at.stack);
    if stack.parent.is_some() { stack.program.rules().len() } else { 0 }
}

fn rule(scene: &Scene<'_>, at: &Address, part: usize) -> Outcome<Vec<Problem>> {
    let violation = scene.evaluator.rule_violation(at.stack, part)?;
    let problem = violation.map(|violation| {
        let said = violation.description.unwrap_or_default();
        let stack = scene.tree().path(at.stack, "");
        let message =
            format!("the rule `{}` of {} refuses what the entry admits: {said}", violation.rule, scene.file(at.stack));
        let rules = &scene.tree().stack(at.stack).program.template.rules;
        Problem::new(format!("{stack} {}", violation.rule), message).at(rules[part].span)
    });
    Ok(problem.into_iter().collect())
}
