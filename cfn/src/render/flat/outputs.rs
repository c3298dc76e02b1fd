//! Outputs: those of the outermost stack, and what nested ones export to other stacks.

use super::flattening::{Flattening, Truth};
use super::names::Kind;
use crate::error::Result;
use crate::eval::StackId;
use crate::render::made::{mapping, text};
use crate::template::{Node, Output};

impl Flattening<'_> {
    pub(super) fn outputs(&self) -> Result<Vec<(Node, Node)>> {
        let mut outputs = Vec::new();
        for stack in self.tree.stacks() {
            for output in &stack.program.template.outputs {
                if stack.id == StackId::ROOT || output.export_name.is_some() {
                    outputs.extend(self.merged(stack.id, output)?);
                }
            }
        }
        Ok(outputs)
    }

    fn merged(&self, stack: StackId, output: &Output) -> Result<Option<(Node, Node)>> {
        let span = output.span;
        let mut condition = self.existence(stack)?;
        if let Some(own) = output.condition.as_deref().filter(|_| condition != Truth::Known(false)) {
            condition = self.both(condition, self.condition(stack, own, span)?);
        }
        if condition == Truth::Known(false) {
            return Ok(None);
        }
        let mut body = Vec::new();
        body.extend(output.description.iter().map(|words| (text("Description", span), text(words, span))));
        if let Truth::Named(condition) = condition {
            body.push((text("Condition", span), text(condition, span)));
        }
        if let Some(value) = &output.value {
            body.push((text("Value", span), self.value(stack, value)?));
        }
        if let Some(name) = &output.export_name {
            let name = self.value(stack, name)?;
            body.push((text("Export", span), mapping(vec![(text("Name", span), name)], span)));
        }
        let name = self.name(stack, Kind::Output, &output.name).unwrap_or_else(|| output.name.clone());
        Ok(Some((text(name, span), mapping(body, span))))
    }
}
