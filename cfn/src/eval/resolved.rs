//! One case as a whole: every stack with its parameters, resources and outputs.

use super::evaluator::{Evaluator, Outcome};
use super::inputs::Inputs;
use super::tree::{StackId, StackTree};
use super::value::Value;
use crate::template::{NESTED_STACK, Span};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct ResolvedStack {
    pub id: StackId,
    /// Logical ids from the outermost stack down to this one.
    pub path: Vec<Arc<str>>,
    pub file: String,
    pub description: Option<String>,
    pub parameters: Vec<(String, Value)>,
    /// Those that exist in this case, nested stacks among them, in the order of the template.
    pub resources: Vec<ResolvedResource>,
    pub outputs: Vec<ResolvedOutput>,
    /// Nested stacks, by the order of their resources.
    pub children: Vec<ResolvedStack>,
}

#[derive(Debug, Clone)]
pub struct ResolvedResource {
    pub logical_id: String,
    pub kind: String,
    /// A mapping.
    pub properties: Value,
    pub depends_on: Vec<String>,
    pub deletion_policy: Option<String>,
    pub update_replace_policy: Option<String>,
    /// Of its logical id.
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct ResolvedOutput {
    pub name: String,
    pub description: Option<String>,
    pub value: Value,
    pub export_name: Option<Value>,
}

impl ResolvedStack {
    /// This stack and all below it, parents first.
    pub fn walk(&self) -> Vec<&ResolvedStack> {
        let mut all = vec![self];
        all.extend(self.children.iter().flat_map(Self::walk));
        all
    }

    pub fn resource(&self, logical_id: &str) -> Option<&ResolvedResource> {
        self.resources.iter().find(|resource| resource.logical_id == logical_id)
    }
}

/// Evaluates everything.
pub fn resolve(tree: &StackTree, inputs: &dyn Inputs) -> Outcome<ResolvedStack> {
    stack(&Evaluator::new(tree, inputs), StackId::ROOT)
}

fn stack(evaluator: &Evaluator<'_>, id: StackId) -> Outcome<ResolvedStack> {
    let stack = evaluator.tree().stack(id);
    let template = &stack.program.template;
    let mut resolved = ResolvedStack {
        id,
        path: stack.path.clone(),
        file: template.name.clone(),
        description: template.description.clone(),
        parameters: Vec::new(),
        resources: Vec::new(),
        outputs: Vec::new(),
        children: Vec::new(),
    };
    for parameter in &template.parameters {
        resolved.parameters.push((parameter.name.clone(), evaluator.parameter(id, &parameter.name)?));
    }
    for resource in &template.resources {
        if !evaluator.holds(id, resource.condition.as_deref(), resource.span)? {
            continue;
        }
        resolved.resources.push(ResolvedResource {
            logical_id: resource.logical_id.clone(),
            kind: resource.kind.clone(),
            properties: evaluator.properties(id, &resource.logical_id)?,
            depends_on: resource.depends_on.clone(),
            deletion_policy: resource.deletion_policy.clone(),
            update_replace_policy: resource.update_replace_policy.clone(),
            span: resource.span,
        });
        if let Some(child) = stack.child(&resource.logical_id).filter(|_| resource.kind == NESTED_STACK) {
            resolved.children.push(self::stack(evaluator, child)?);
        }
    }
    for output in &template.outputs {
        let value = evaluator.output(id, &output.name)?;
        if value.is_absent() {
            continue;
        }
        let export = stack.program.export(&output.name);
        resolved.outputs.push(ResolvedOutput {
            name: output.name.clone(),
            description: output.description.clone(),
            value,
            export_name: export.map(|export| evaluator.value(id, export)).transpose()?,
        });
    }
    Ok(resolved)
}
