//! YAML text → tree of nodes with positions. Scalars keep their text: CloudFormation reads YAML 1.1 scalars in its own way,
//! so nothing is turned into a number or a boolean here. Short tags (`!Sub`) become their long form (`Fn::Sub`).

use super::fault;
use crate::error::Result;
use granit_parser::{Event, Marker, Parser, Tag};

/// CloudFormation takes no template that is larger (1 MB, from S3).
pub(super) const DEFAULT_TEMPLATE_BYTES_MAX: usize = 1_048_576;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub value: Value,
    pub position: Position,
}

#[derive(Debug, Clone)]
pub enum Value {
    Scalar(String),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
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
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&Marker> for Position {
    fn from(marker: &Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }
}

pub(super) fn parse(name: &str, text: &str) -> Result<Node> {
    if text.len() > DEFAULT_TEMPLATE_BYTES_MAX {
        let message =
            format!("the template has {} bytes, CloudFormation takes {DEFAULT_TEMPLATE_BYTES_MAX}", text.len());
        return Err(fault(name, Position { line: 1, column: 1 }, message));
    }
    let mut builder = Builder { name, open: Vec::new(), root: None };
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| fault(name, error.marker().into(), error.info()))?;
        builder.take(event, (&span.start).into())?;
    }
    builder.root.ok_or_else(|| fault(name, Position { line: 1, column: 1 }, "the template is empty"))
}

/// A collection that is not closed yet.
struct Open {
    node: Node,
    tag: Option<String>,
    key: Option<Node>,
}

struct Builder<'a> {
    name: &'a str,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, position: Position) -> Result<()> {
        match event {
            Event::Scalar(text, _, _, tag) => {
                let node = Node { value: Value::Scalar(text.into_owned()), position };
                self.place(long_form(node, tag.as_deref().and_then(short_tag)))
            }
            Event::SequenceStart(_, _, tag) => {
                self.start(Value::Sequence(Vec::new()), position, tag.as_deref().and_then(short_tag));
                Ok(())
            }
            Event::MappingStart(_, _, tag) => {
                self.start(Value::Mapping(Vec::new()), position, tag.as_deref().and_then(short_tag));
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.place(long_form(done.node, done.tag)),
                None => Ok(()),
            },
            Event::Alias(_) => Err(fault(self.name, position, "CloudFormation takes no YAML aliases")),
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(fault(self.name, position, "a template is one YAML document"))
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, value: Value, position: Position, tag: Option<String>) {
        self.open.push(Open { node: Node { value, position }, tag, key: None });
    }

    fn place(&mut self, node: Node) -> Result<()> {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut parent.node.value {
            Value::Sequence(items) => items.push(node),
            Value::Mapping(entries) => match parent.key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let name = node.text().unwrap_or_default();
                    if entries.iter().any(|(key, _)| key.text() == Some(name)) {
                        return Err(fault(self.name, node.position, format!("the key `{name}` is there twice")));
                    }
                    parent.key = Some(node);
                }
            },
            Value::Scalar(_) => {}
        }
        Ok(())
    }
}

fn short_tag(tag: &Tag) -> Option<String> {
    (tag.handle() == "!" && !tag.suffix().is_empty()).then(|| tag.suffix().to_owned())
}

fn long_form(node: Node, tag: Option<String>) -> Node {
    let Some(tag) = tag else { return node };
    let position = node.position;
    let name = match tag.as_str() {
        "Ref" | "Condition" => tag,
        _ => format!("Fn::{tag}"),
    };
    let argument = match (name.as_str(), node.text().and_then(|text| text.split_once('.'))) {
        ("Fn::GetAtt", Some((resource, attribute))) => {
            let scalar = |text: &str| Node { value: Value::Scalar(text.to_owned()), position };
            Node { value: Value::Sequence(vec![scalar(resource), scalar(attribute)]), position }
        }
        _ => node,
    };
    let key = Node { value: Value::Scalar(name), position };
    Node { value: Value::Mapping(vec![(key, argument)]), position }
}
