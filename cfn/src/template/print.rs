//! Nodes → text. The same nodes give the same bytes; read again, they mean the same.

use super::{Meaning, Node, Scalar, Value};
use crate::fmt::scalar::is_safe_plain;
use crate::fmt::syntax::{Content, Shape, Style, Syntax};
use crate::fmt::{json, yaml};

/// The functions that have a short form.
const SHORT: [&str; 16] = [
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "Transform",
];

/// YAML with short tags, quotes only where they are needed, and short lists and calls on one line.
pub fn to_yaml(node: &Node) -> String {
    yaml::write(&syntax(node, false))
}

/// JSON with the functions in their long form.
pub fn to_json(node: &Node) -> String {
    json::write(&written(node))
}

/// The tag that stands for the only key of a mapping.
pub(crate) fn short_tag(key: &str) -> Option<String> {
    match key {
        "Ref" | "Condition" => Some(format!("!{key}")),
        _ => key.strip_prefix("Fn::").filter(|name| SHORT.contains(name)).map(|name| format!("!{name}")),
    }
}

fn written(node: &Node) -> Syntax {
    Syntax::new(match &node.value {
        Value::Scalar(scalar) => {
            let style = if scalar.meaning() == Meaning::Text { Style::Quoted } else { Style::Plain };
            Content::Scalar(scalar.text.clone(), style)
        }
        Value::Sequence(items) => Content::Sequence(items.iter().map(written).collect(), Shape::Block),
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| (written(key), written(value)));
            Content::Mapping(entries.collect(), Shape::Block)
        }
    })
}

fn syntax(node: &Node, in_flow: bool) -> Syntax {
    if let Some(call) = call(node, in_flow) {
        return call;
    }
    let shape = if in_flow { Shape::Flow } else { Shape::Block };
    match &node.value {
        Value::Scalar(scalar) => scalar_syntax(scalar, in_flow),
        Value::Sequence(items) => list(items, in_flow || items.iter().all(is_small)),
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let key = Scalar::quoted(key.text().unwrap_or_default());
                (scalar_syntax(&key, true), syntax(value, in_flow))
            });
            Syntax::new(Content::Mapping(entries.collect(), shape))
        }
    }
}

fn list(items: &[Node], in_flow: bool) -> Syntax {
    let shape = if in_flow { Shape::Flow } else { Shape::Block };
    Syntax::new(Content::Sequence(items.iter().map(|item| syntax(item, in_flow)).collect(), shape))
}

/// A call in its short form; nothing for what has none, which is also a call whose argument is a call in its short form.
fn call(node: &Node, in_flow: bool) -> Option<Syntax> {
    let (key, argument) = node.single()?;
    let tag = short_tag(key)?;
    match (&argument.value, key) {
        (Value::Sequence(items), "Fn::GetAtt") => {
            if let Some(path) = attribute(items) {
                return Some(scalar_syntax(&Scalar::quoted(path), in_flow).tagged(tag));
            }
            Some(list(items, in_flow || items.iter().all(is_small)).tagged(tag))
        }
        (Value::Sequence(items), _) => Some(list(items, in_flow || is_small_call(items)).tagged(tag)),
        (Value::Scalar(scalar), _) => Some(scalar_syntax(scalar, in_flow).tagged(tag)),
        (Value::Mapping(_), "Fn::Transform") => {
            Some(syntax(argument, in_flow)).filter(|inner| inner.tag.is_none()).map(|inner| inner.tagged(tag))
        }
        (Value::Mapping(_), _) => None,
    }
}

/// `Resource.Attribute`, which is taken apart at its first dot.
fn attribute(items: &[Node]) -> Option<String> {
    let [resource, attribute] = items else { return None };
    let is_text = |node: &Node| node.scalar().is_some_and(|scalar| scalar.meaning() == Meaning::Text);
    let (resource, attribute) =
        (Some(resource).filter(|node| is_text(node))?, Some(attribute).filter(|node| is_text(node))?);
    let (resource, attribute) = (resource.text()?, attribute.text()?);
    (!resource.contains('.')).then(|| format!("{resource}.{attribute}"))
}

/// A scalar of one line, or a call with one: what lists on one line are made of.
fn is_small(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(Scalar { text, is_plain }) => !text.contains('\n') && (!text.is_empty() || !is_plain),
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(entries) => match entries.as_slice() {
            [] => true,
            [(key, argument)] => key.text().and_then(short_tag).is_some() && is_small_argument(argument),
            _ => false,
        },
    }
}

fn is_small_argument(argument: &Node) -> bool {
    match &argument.value {
        Value::Sequence(items) => is_small_call(items),
        Value::Scalar(_) => is_small(argument),
        Value::Mapping(_) => false,
    }
}

/// The arguments are small, or lists of what is small.
fn is_small_call(items: &[Node]) -> bool {
    let is_small_item = |item: &Node| match &item.value {
        Value::Sequence(items) => items.iter().all(is_small),
        _ => is_small(item),
    };
    items.iter().all(is_small_item)
}

fn scalar_syntax(scalar: &Scalar, in_flow: bool) -> Syntax {
    let style = match scalar.meaning() {
        Meaning::Text if !in_flow && scalar.text.contains('\n') => Style::Literal,
        Meaning::Text if is_safe_plain(&scalar.text, in_flow) => Style::Plain,
        Meaning::Text => Style::Quoted,
        _ => Style::Plain,
    };
    Syntax::scalar(scalar.text.clone(), style)
}
