//! One case as a document: what these parameters make in that region, every stack with its parameters, resources and
//! outputs. What only a deployment decides is written in the notation of `Fn::Sub`, resources by their path through the
//! stacks: `${Network/VPC}`, `${Network/VPC.CidrBlock}`.

use super::made::{list, mapping, plain, text};
use crate::eval::{Address, Piece, ResolvedStack, StackTree, Unknown, Value};
use crate::template::{Node, Position, Span};

/// What is made here was not written anywhere.
const NOWHERE: Span = Span { start: Position::START, end: Position::START };

pub fn document(tree: &StackTree, stack: &ResolvedStack) -> Node {
    Document { tree }.stack(stack)
}

struct Document<'a> {
    tree: &'a StackTree,
}

impl Document<'_> {
    fn stack(&self, stack: &ResolvedStack) -> Node {
        let mut entries = vec![("Template".to_owned(), text(&stack.file, NOWHERE))];
        entries.extend(stack.description.iter().map(|words| ("Description".to_owned(), text(words, NOWHERE))));
        let parameters = stack.parameters.iter().map(|(name, value)| (name.clone(), self.value(value)));
        entries.push(("Parameters".to_owned(), named(parameters)));
        let mut children = stack.children.iter().peekable();
        let mut resources = Vec::new();
        for resource in &stack.resources {
            let is_nested = self.tree.stack(stack.id).child(&resource.logical_id).is_some();
            let mut body = vec![("Type".to_owned(), text(&resource.kind, NOWHERE))];
            for (key, policy) in [
                ("DeletionPolicy", &resource.deletion_policy),
                ("UpdateReplacePolicy", &resource.update_replace_policy),
            ] {
                body.extend(policy.iter().map(|policy| (key.to_owned(), text(policy, NOWHERE))));
            }
            if !resource.properties.entries().is_empty() {
                body.push(("Properties".to_owned(), self.value(&resource.properties)));
            }
            if let Some(child) = children.next_if(|_| is_nested) {
                body.push(("Stack".to_owned(), self.stack(child)));
            }
            resources.push((resource.logical_id.clone(), named(body)));
        }
        entries.push(("Resources".to_owned(), named(resources)));
        let outputs = stack.outputs.iter().map(|output| {
            let mut body = vec![("Value".to_owned(), self.value(&output.value))];
            body.extend(output.export_name.iter().map(|name| ("ExportName".to_owned(), self.value(name))));
            (output.name.clone(), named(body))
        });
        entries.push(("Outputs".to_owned(), named(outputs)));
        named(entries)
    }

    fn value(&self, value: &Value) -> Node {
        match value {
            Value::Absent | Value::Null => plain("null", NOWHERE),
            Value::Bool(flag) => plain(flag.to_string(), NOWHERE),
            Value::Number(number) => plain(&**number, NOWHERE),
            Value::List(items) => list(items.iter().map(|item| self.value(item)).collect(), NOWHERE),
            Value::Map(entries) => named(entries.iter().map(|(key, value)| (key.to_string(), self.value(value)))),
            Value::Text(_) | Value::Pattern(_) | Value::Unknown(_) => text(self.text(value), NOWHERE),
        }
    }

    fn text(&self, value: &Value) -> String {
        let pieces = value.pieces().unwrap_or_default();
        let pieces = pieces.iter().map(|piece| match piece {
            Piece::Known(text) => text.replace("${", "${!"),
            Piece::Unknown(unknown) => self.unknown(unknown),
        });
        pieces.collect()
    }

    fn unknown(&self, unknown: &Unknown) -> String {
        match unknown {
            Unknown::Reference(address) => format!("${{{}}}", self.path(address)),
            Unknown::Attribute(address, name) => format!("${{{}.{name}}}", self.path(address)),
            Unknown::Part { of, function, at } => {
                let whole = if of.pieces().is_some() { self.text(of) } else { of.to_string() };
                format!("${{{function} {at} of {whole}}}")
            }
            Unknown::StackUuid(stack) => format!("${{{}}}", self.tree.path(*stack, "AWS::StackId/uuid")),
            Unknown::StackSuffix(stack) => format!("${{{}}}", self.tree.path(*stack, "AWS::StackName/suffix")),
            other => other.to_string(),
        }
    }

    fn path(&self, address: &Address) -> String {
        self.tree.path(address.stack, &address.logical_id)
    }
}

fn named(entries: impl IntoIterator<Item = (String, Node)>) -> Node {
    mapping(entries.into_iter().map(|(key, value)| (text(key, NOWHERE), value)).collect(), NOWHERE)
}
