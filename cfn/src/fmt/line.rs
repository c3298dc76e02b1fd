//! A node on one line, in flow style.

use super::scalar;
use super::syntax::{Content, Shape, Style, Syntax};

pub(super) fn properties(node: &Syntax) -> Option<String> {
    let anchor = node.anchor.as_deref().map(|name| format!("&{name}"));
    match (anchor, &node.tag) {
        (Some(anchor), Some(tag)) => Some(format!("{anchor} {tag}")),
        (Some(anchor), None) => Some(anchor),
        (None, tag) => tag.clone(),
    }
}

/// A node on one line.
pub(super) fn inline(node: &Syntax) -> String {
    let content = match &node.content {
        Content::Alias(name) => format!("*{name}"),
        Content::Scalar(text, Style::Plain) if !text.contains('\n') => text.clone(),
        Content::Scalar(text, _) => scalar::quoted(text),
        Content::Sequence(items, _) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Content::Mapping(entries, shape) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| inline_pair(key, value)).collect();
            if *shape == Shape::Pair { entries.join(", ") } else { format!("{{{}}}", entries.join(", ")) }
        }
    };
    match properties(node) {
        Some(properties) if content.is_empty() => properties,
        Some(properties) => format!("{properties} {content}"),
        None => content,
    }
}

fn inline_pair(key: &Syntax, value: &Syntax) -> String {
    let (key, value) = (inline_key(key), inline(value));
    if value.is_empty() { key } else { format!("{key} {value}") }
}

/// With its colon, which would become part of an alias or of an empty node's tag.
pub(super) fn inline_key(key: &Syntax) -> String {
    let text = inline(key);
    let ends_in_name = match &key.content {
        Content::Alias(_) => true,
        Content::Scalar(content, Style::Plain) => content.is_empty() && !text.is_empty(),
        _ => false,
    };
    if ends_in_name { format!("{text} :") } else { format!("{text}:") }
}

pub(super) fn brackets(node: &Syntax) -> (char, char) {
    if matches!(node.content, Content::Sequence(..)) { ('[', ']') } else { ('{', '}') }
}

/// The children of a flow collection on one line each, and the collection that a child or its value is.
pub(super) fn flow_children(node: &Syntax) -> Vec<(String, Option<&Syntax>)> {
    let collection =
        |node: &'_ Syntax| matches!(node.content, Content::Sequence(..) | Content::Mapping(_, Shape::Flow));
    match &node.content {
        Content::Sequence(items, _) => {
            items.iter().map(|item| (inline(item), Some(item).filter(|item| collection(item)))).collect()
        }
        Content::Mapping(entries, _) => {
            let pair = |(key, value): &'_ (Syntax, Syntax)| inline_pair(key, value);
            entries.iter().map(|entry| (pair(entry), Some(&entry.1).filter(|value| collection(value)))).collect()
        }
        _ => Vec::new(),
    }
}
