//! Everything can be evaluated: no `Fn::Select` beyond the end of a list, no missing key of a mapping, no output of a stack
//! that does not exist, no circle.

use crate::eval::{Address, Expression, Form, Outcome, StackTree};
use crate::prove::check::{Check, Grain, Problem, STACK, Severity};
use crate::prove::scene::Scene;

pub(in crate::prove) const EVALUATION_ID: &str = "P001";

pub(super) const PROPERTIES: Check = Check {
    id: EVALUATION_ID,
    title: "every property has a value",
    severity: Severity::Error,
    grain: Grain::Structure,
    kinds: &[],
    explanation: "CloudFormation fails in the middle of a deployment when a function cannot be evaluated: an item beyond the \
        end of a list (a third zone in a region with two), a key that a mapping lacks (a region that nobody thought of), an \
        output of a nested stack whose condition does not hold.",
    parts: properties,
    run: property,
};

pub(super) const OUTPUTS: Check = Check {
    id: EVALUATION_ID,
    title: "every output has a value",
    kinds: &[STACK],
    parts: outputs,
    run: output,
    ..PROPERTIES
};

fn properties(tree: &StackTree, at: &Address) -> usize {
    tree.stack(at.stack).program.properties(&at.logical_id).map_or(0, |expression| leaves(expression).len())
}

/// The parts of a property that are not lists or mappings: each is evaluated alone.
fn leaves(expression: &Expression) -> Vec<&Expression> {
    match &expression.form {
        Form::Map(_) | Form::List(_) => expression.children().into_iter().flat_map(leaves).collect(),
        Form::Literal(_) => Vec::new(),
        _ => vec![expression],
    }
}

fn property(scene: &Scene<'_>, at: &Address, part: usize) -> Outcome<Vec<Problem>> {
    let Some(properties) = scene.tree().stack(at.stack).program.properties(&at.logical_id) else {
        return Ok(Vec::new());
    };
    if let Some(expression) = leaves(properties).get(part) {
        scene.evaluator.value(at.stack, expression)?;
    }
    Ok(Vec::new())
}

fn outputs(tree: &StackTree, at: &Address) -> usize {
    tree.stack(at.stack).program.template.outputs.len()
}

fn output(scene: &Scene<'_>, at: &Address, part: usize) -> Outcome<Vec<Problem>> {
    let output = &scene.tree().stack(at.stack).program.template.outputs[part];
    scene.evaluator.output(at.stack, &output.name)?;
    Ok(Vec::new())
}
