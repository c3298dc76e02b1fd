//! YAML or JSON text → tree of nodes, each with its span. Scalars keep their text and whether they were quoted: what
//! CloudFormation makes of a plain one is decided late (`scalar`). Short tags (`!Sub`) become their long form (`Fn::Sub`).

use super::fault;
use super::scalar::Scalar;
use crate::error::Result;
use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, Span as ParserSpan, Tag};
use std::collections::{HashMap, HashSet};

/// CloudFormation takes no template that is larger (1 MB, from S3).
pub const DEFAULT_TEMPLATE_BYTES_MAX: usize = 1_048_576;
/// Deeper nesting than this is no template that a person wrote.
pub const DEFAULT_TEMPLATE_DEPTH_MAX: usize = 100;
/// Nodes of one template, with what its aliases stand for.
pub const DEFAULT_TEMPLATE_NODES_MAX: usize = 250_000;

/// A place in the text. Lines and columns count from 1, columns in characters, the offset from 0 in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub line: u32,
    pub column: u32,
    pub offset: u32,
}

/// From the first character to behind the last one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub start: Position,
    pub end: Position,
}

impl Position {
    pub const START: Self = Self { line: 1, column: 1, offset: 0 };
}

#[derive(Debug, Clone)]
pub struct Node {
    pub value: Value,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum Value {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    pub fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.entries().iter().find(|(name, _)| name.text() == Some(key))
    }

    /// The pairs of a mapping; nothing for any other node.
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    pub fn text(&self) -> Option<&str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The same apart from places, and from quotes where they make no difference.
    pub fn means_the_same(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Scalar(one), Value::Scalar(other)) => one.text == other.text && one.meaning() == other.meaning(),
            (Value::Sequence(items), Value::Sequence(others)) => {
                items.len() == others.len() && items.iter().zip(others).all(|(one, other)| one.means_the_same(other))
            }
            (Value::Mapping(entries), Value::Mapping(others)) => {
                let same_pair = |((key, value), (other_key, other)): (&(Node, Node), &(Node, Node))| {
                    key.text() == other_key.text() && value.means_the_same(other)
                };
                entries.len() == others.len() && entries.iter().zip(others).all(same_pair)
            }
            _ => false,
        }
    }

    /// The one pair of a mapping with one pair, which is how a call of a function is written.
    pub fn single(&self) -> Option<(&str, &Node)> {
        match self.entries() {
            [(key, value)] => Some((key.text()?, value)),
            _ => None,
        }
    }
}

impl From<&Marker> for Position {
    fn from(marker: &Marker) -> Self {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let offset = marker.byte_offset().unwrap_or_else(|| marker.index());
        Self { line: small(marker.line()), column: small(marker.col() + 1), offset: small(offset) }
    }
}

impl From<&ParserSpan> for Span {
    fn from(span: &ParserSpan) -> Self {
        Self { start: (&span.start).into(), end: (&span.end).into() }
    }
}

pub(super) fn parse(name: &str, text: &str) -> Result<Node> {
    if text.len() > DEFAULT_TEMPLATE_BYTES_MAX {
        let message =
            format!("the template has {} bytes, CloudFormation takes {DEFAULT_TEMPLATE_BYTES_MAX}", text.len());
        return Err(fault(name, Position::START, message));
    }
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder { name, open: Vec::new(), root: None, anchors: HashMap::new(), nodes: 0 };
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| fault(name, error.marker().into(), error.info()))?;
        builder.take(event, (&span).into())?;
    }
    builder.root.ok_or_else(|| fault(name, Position::START, "the template is empty"))
}

/// A collection that is not closed yet.
struct Open {
    node: Node,
    tag: Option<String>,
    anchor: usize,
    key: Option<Node>,
    keys: HashSet<String>,
}

struct Builder<'a> {
    name: &'a str,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // The parser writes `~` for a scalar that is not there.
                let is_missing = style == ScalarStyle::Plain && span.start == span.end;
                let text = if is_missing { String::new() } else { text.into_owned() };
                let is_plain = style == ScalarStyle::Plain && !tag.as_deref().is_some_and(forces_text);
                let scalar = Scalar { text, is_plain };
                let node = Node { value: Value::Scalar(scalar), span };
                self.finish(long_form(node, tag.as_deref().and_then(short_tag)), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(Value::Sequence(Vec::new()), span, anchor, tag.as_deref())
            }
            Event::MappingStart(_, anchor, tag) => self.start(Value::Mapping(Vec::new()), span, anchor, tag.as_deref()),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(mut done) => {
                    done.node.span.end = span.end;
                    self.finish(long_form(done.node, done.tag), done.anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => {
                    let node = node.clone();
                    self.nodes += count(&node);
                    self.place(node, span.start)
                }
                None => Err(fault(self.name, span.start, "an alias stands inside of what it stands for")),
            },
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(fault(self.name, span.start, "a template is one YAML document"))
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, value: Value, span: Span, anchor: usize, tag: Option<&Tag>) -> Result<()> {
        if self.open.len() == DEFAULT_TEMPLATE_DEPTH_MAX {
            let message = format!("the nesting is deeper than {DEFAULT_TEMPLATE_DEPTH_MAX} levels");
            return Err(fault(self.name, span.start, message));
        }
        let node = Node { value, span };
        self.open.push(Open { node, tag: tag.and_then(short_tag), anchor, key: None, keys: HashSet::new() });
        Ok(())
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<()> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.nodes += 1;
        let position = node.span.start;
        self.place(node, position)
    }

    fn place(&mut self, node: Node, position: Position) -> Result<()> {
        if self.nodes > DEFAULT_TEMPLATE_NODES_MAX {
            let message = format!("the template has more than {DEFAULT_TEMPLATE_NODES_MAX} nodes, aliases expanded");
            return Err(fault(self.name, position, message));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut parent.node.value {
            Value::Sequence(items) => items.push(node),
            Value::Mapping(entries) => match parent.key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let Some(name) = node.text() else {
                        return Err(fault(self.name, position, "a key must be a plain text"));
                    };
                    if !parent.keys.insert(name.to_owned()) {
                        return Err(fault(self.name, position, format!("the key `{name}` is there twice")));
                    }
                    parent.key = Some(node);
                }
            },
            Value::Scalar(_) => {}
        }
        Ok(())
    }
}

fn count(node: &Node) -> usize {
    let below: usize = match &node.value {
        Value::Scalar(_) => 0,
        Value::Sequence(items) => items.iter().map(count).sum(),
        Value::Mapping(entries) => entries.iter().map(|(key, value)| count(key) + count(value)).sum(),
    };
    below + 1
}

fn short_tag(tag: &Tag) -> Option<String> {
    (tag.handle() == "!" && !tag.suffix().is_empty()).then(|| tag.suffix().to_owned())
}

/// `!!str 0123` is text, however it looks.
fn forces_text(tag: &Tag) -> bool {
    tag.is_yaml_core_schema_tag("str") || (tag.handle() == "!" && tag.suffix().is_empty())
}

fn long_form(node: Node, tag: Option<String>) -> Node {
    let Some(tag) = tag else { return node };
    let span = node.span;
    let name = match tag.as_str() {
        "Ref" | "Condition" => tag,
        _ => format!("Fn::{tag}"),
    };
    let argument = match (name.as_str(), node.text().and_then(|text| text.split_once('.'))) {
        ("Fn::GetAtt", Some((resource, attribute))) => {
            Node { value: Value::Sequence(vec![quoted(resource, span), quoted(attribute, span)]), span }
        }
        _ => node,
    };
    Node { value: Value::Mapping(vec![(quoted(&name, span), argument)]), span }
}

fn quoted(text: &str, span: Span) -> Node {
    Node { value: Value::Scalar(Scalar { text: text.to_owned(), is_plain: false }), span }
}
