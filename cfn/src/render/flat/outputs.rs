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
        let value = |node: &Node| -> Result<Node> { Ok(self.under(&condition, &self.value(stack, node)?)) };
        let said = output.value.as_ref().map(value).transpose()?;
        let export_name = output.export_name.as_ref().map(value).transpose()?;
        let mut body = Vec::new();
        body.extend(output.description.iter().map(|words| (text("Description", span), text(words, span))));
        if let Truth::Named(condition) = &condition {
            body.push((text("Condition", span), text(condition, span)));
        }
        body.extend(said.map(|node| (text("Value", span), node)));
        body.extend(export_name.map(|node| (text("Export", span), mapping(vec![(text("Name", span), node)], span))));
        let name = self.name(stack, Kind::Output, &output.name).unwrap_or_else(|| output.name.clone());
        Ok(Some((text(name, span), mapping(body, span))))
    }
}
