//! A node on one line, in flow style.

use super::scalar;
use super::syntax::{Content, Shape, Style, Syntax};

/// The anchor and the tag, as they stand before the content.
pub(super) fn properties(node: &Syntax) -> Option<String> {
    let anchor = node.anchor.as_deref().map(|name| format!("&{name}"));
    match (anchor, &node.tag) {
        (Some(anchor), Some(tag)) => Some(format!("{anchor} {tag}")),
        (Some(anchor), None) => Some(anchor),
        (None, tag) => tag.clone(),
    }
}

/// The whole node, however long that becomes.
pub(super) fn inline(node: &Syntax) -> String {
    let mut line = Line { text: String::new(), bytes_max: usize::MAX };
    line.node(node);
    line.text
}

/// The whole node, unless it has more characters than `width`; what is too long is not written to its end.
pub(super) fn inline_within(node: &Syntax, width: usize) -> Option<String> {
    within(width, |line| line.node(node))
}

fn within(width: usize, write: impl Fn(&mut Line)) -> Option<String> {
    // No character takes more than four bytes.
    let mut line = Line { text: String::new(), bytes_max: width * 4 };
    write(&mut line);
    (line.text.chars().count() <= width).then_some(line.text)
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

/// At the start of a line it would end the document, or begin another.
fn is_like_a_marker(text: &str) -> bool {
    text.starts_with("---") || text.starts_with("...")
}

pub(super) fn brackets(node: &Syntax) -> (char, char) {
    if matches!(node.content, Content::Sequence(..)) { ('[', ']') } else { ('{', '}') }
}

/// An item or an entry of a flow collection.
pub(super) struct Child<'a> {
    pub(super) key: Option<&'a Syntax>,
    pub(super) value: &'a Syntax,
}

impl Child<'_> {
    pub(super) fn within(&self, width: usize) -> Option<String> {
        match self.key {
            Some(key) => within(width, |line| line.pair(key, self.value)),
            None => within(width, |line| line.node(self.value)),
        }
    }
}

pub(super) fn flow_children(node: &Syntax) -> Vec<Child<'_>> {
    match &node.content {
        Content::Sequence(items, _) => items.iter().map(|value| Child { key: None, value }).collect(),
        Content::Mapping(entries, _) => entries.iter().map(|(key, value)| Child { key: Some(key), value }).collect(),
        _ => Vec::new(),
    }
}

/// A line that gives up once it is too long.
struct Line {
    text: String,
    bytes_max: usize,
}

impl Line {
    fn node(&mut self, node: &Syntax) {
        if let Some(properties) = properties(node) {
            self.text.push_str(&properties);
            let is_nothing = matches!(&node.content, Content::Scalar(text, Style::Plain) if text.is_empty());
            if !is_nothing {
                self.text.push(' ');
            }
        }
        match &node.content {
            Content::Alias(name) => {
                self.text.push('*');
                self.text.push_str(name);
            }
            Content::Scalar(text, Style::Plain) if !text.contains('\n') && !is_like_a_marker(text) => {
                self.text.push_str(text);
            }
            Content::Scalar(text, _) => self.text.push_str(&scalar::quoted(text)),
            Content::Sequence(items, _) => {
                self.text.push('[');
                self.joined(items, Self::node);
                self.text.push(']');
            }
            Content::Mapping(entries, Shape::Pair) => self.joined(entries, |line, (key, value)| line.pair(key, value)),
            Content::Mapping(entries, _) => {
                self.text.push('{');
                self.joined(entries, |line, (key, value)| line.pair(key, value));
                self.text.push('}');
            }
        }
    }

    fn joined<T>(&mut self, children: &[T], write: impl Fn(&mut Self, &T)) {
        for (at, child) in children.iter().enumerate() {
            if self.text.len() > self.bytes_max {
                return;
            }
            if at > 0 {
                self.text.push_str(", ");
            }
            write(self, child);
        }
    }

    fn pair(&mut self, key: &Syntax, value: &Syntax) {
        self.text.push_str(&inline_key(key));
        let end = self.text.len();
        self.text.push(' ');
        self.node(value);
        if self.text.len() == end + 1 {
            self.text.truncate(end);
        }
    }
}
