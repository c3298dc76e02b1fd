//! The tree of a document: each node with its place in the text.

use super::Scalar;

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
