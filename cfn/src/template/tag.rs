//! What tags mean: short forms of functions, and the kinds of scalars.

use super::{Node, Scalar, Span, Value};
use granit_parser::Tag;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    Nothing,
    /// `!!str`, or `!` alone: text, however it looks.
    Text,
    /// `!!int` and the like: what it looks like, also in quotes.
    Plain,
    /// The key of the long form.
    Function(String),
}

impl Meant {
    pub(super) fn is_plain(&self, is_plain: bool) -> bool {
        match self {
            Self::Text => false,
            Self::Plain => true,
            Self::Nothing | Self::Function(_) => is_plain,
        }
    }

    pub(super) fn function(self) -> Option<String> {
        match self {
            Self::Function(name) => Some(name),
            _ => None,
        }
    }
}

/// Fails for the tags that CloudFormation refuses, `!!binary` among them.
pub(super) fn meant(tag: &Tag) -> Result<Meant, String> {
    if tag.handle().is_empty() && tag.suffix() == "!" {
        return Ok(Meant::Text);
    }
    if tag.handle() == "!" {
        return Ok(match tag.suffix() {
            "Ref" => Meant::Function("Ref".to_owned()),
            "Condition" => Meant::Function("Condition".to_owned()),
            name => Meant::Function(format!("Fn::{name}")),
        });
    }
    match tag.core_suffix() {
        Some("str") => Ok(Meant::Text),
        Some("int" | "float" | "bool" | "null") => Ok(Meant::Plain),
        Some("map" | "seq") => Ok(Meant::Nothing),
        _ => {
            let shown = format!("{}{}", tag.original_handle(), tag.suffix());
            Err(format!("CloudFormation does not take the tag `{shown}`"))
        }
    }
}

pub(super) fn long_form(node: Node, tag: Span, function: Option<String>) -> Node {
    let Some(name) = function else { return node };
    let span = Span { start: tag.start, end: node.span.end };
    attribute_in_two(Node { value: Value::Mapping(vec![(quoted(&name, tag), node)]), span })
}

/// `Fn::GetAtt: A.B` becomes `Fn::GetAtt: [A, B]`, so that there is one form of it.
pub(super) fn attribute_in_two(mut node: Node) -> Node {
    if let Value::Mapping(entries) = &mut node.value
        && let [(key, argument)] = entries.as_mut_slice()
        && key.text() == Some("Fn::GetAtt")
        && let Some((resource, attribute)) = argument.text().and_then(|text| text.split_once('.'))
    {
        let parts = vec![quoted(resource, argument.span), quoted(attribute, argument.span)];
        argument.value = Value::Sequence(parts);
    }
    node
}

fn quoted(text: &str, span: Span) -> Node {
    Node { value: Value::Scalar(Scalar::quoted(text)), span }
}
