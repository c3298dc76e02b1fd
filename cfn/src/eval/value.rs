//! What an expression comes to: known as far as the templates say, and typed unknowns for what only a deployment decides.
//! Unknowns carry on through `Fn::Sub`, `Fn::Join`, `Fn::Split` and `Fn::If`.

use super::tree::StackId;
use std::fmt::{self, Display};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// `AWS::NoValue`: as if it had not been written.
    Absent,
    Null,
    Bool(bool),
    /// A number as it was written.
    Number(Arc<str>),
    Text(Arc<str>),
    /// Text of which some pieces are not known.
    Pattern(Arc<[Piece]>),
    List(Arc<[Value]>),
    Map(Arc<[(Arc<str>, Value)]>),
    Unknown(Arc<Unknown>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    Known(Arc<str>),
    Unknown(Arc<Unknown>),
}

/// A resource of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    pub stack: StackId,
    pub logical_id: Arc<str>,
}

/// What only a deployment decides, and what is known of it all the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// The physical id of a resource: what `Ref` gives.
    Reference(Address),
    /// What `Fn::GetAtt` gives.
    Attribute(Address, Arc<str>),
    /// A parameter of the outermost template that has no value.
    Parameter(Arc<str>),
    /// A pseudo-parameter such as `AWS::AccountId`.
    Pseudo(Arc<str>),
    /// The last part of a stack's id.
    StackUuid(StackId),
    /// The letters with which AWS ends the name of a nested stack.
    StackSuffix(StackId),
    /// What another stack exports under that name.
    Import(Value),
    /// A dynamic reference, `{{resolve:…}}`.
    Dynamic(Arc<str>),
    /// One part of an unknown value: an element of a list, or a piece between delimiters.
    Part { of: Value, function: &'static str, at: Arc<str> },
    /// What this engine does not evaluate: a macro, a function that it does not know.
    NotEvaluated(Arc<str>),
}

impl Value {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().filter(|item| *item != Self::Absent).collect())
    }

    pub fn unknown(unknown: Unknown) -> Self {
        Self::Unknown(Arc::new(unknown))
    }

    /// Text, number or boolean as CloudFormation puts it into text; nothing where it is not wholly known.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.as_text()? {
            "true" | "True" => Some(true),
            "false" | "False" => Some(false),
            _ => None,
        }
    }

    pub fn as_integer(&self) -> Option<i64> {
        self.as_text()?.trim().parse().ok()
    }

    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub fn entries(&self) -> &[(Arc<str>, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| &**name == key).map(|(_, value)| value)
    }

    /// Follows keys, and positions in lists, for instance `["ContainerDefinitions", "0", "Name"]`.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| match value {
            Self::List(items) => items.get(key.parse::<usize>().ok()?),
            _ => value.get(key),
        })
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Nothing in it waits for a deployment.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Pattern(_) | Self::Unknown(_) => false,
            Self::List(items) => items.iter().all(Self::is_known),
            Self::Map(entries) => entries.iter().all(|(_, value)| value.is_known()),
            _ => true,
        }
    }

    /// The resource whose physical id or attribute this is.
    pub fn resource(&self) -> Option<&Address> {
        match self {
            Self::Unknown(unknown) => unknown.resource(),
            _ => None,
        }
    }

    /// The pieces of a text; nothing for lists, maps and what is absent.
    pub fn pieces(&self) -> Option<Vec<Piece>> {
        match self {
            Self::Pattern(pieces) => Some(pieces.to_vec()),
            Self::Unknown(unknown) => Some(vec![Piece::Unknown(unknown.clone())]),
            Self::Null => Some(Vec::new()),
            _ => Some(vec![Piece::Known(self.as_text()?.into())]),
        }
    }

    /// Text from pieces: neighbours that are known become one.
    pub fn from_pieces(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (_, Piece::Known(text)) if text.is_empty() => {}
                (Some(Piece::Known(before)), Piece::Known(text)) => *before = format!("{before}{text}").into(),
                (_, piece) => joined.push(piece),
            }
        }
        match joined.as_slice() {
            [] => Self::text(""),
            [Piece::Known(text)] => Self::Text(text.clone()),
            [Piece::Unknown(unknown)] => Self::Unknown(unknown.clone()),
            _ => Self::Pattern(joined.into()),
        }
    }

    /// As JSON, the unknown parts in the notation of `Fn::Sub`. Numbers and booleans keep their kind.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Absent | Self::Null => serde_json::Value::Null,
            Self::Bool(flag) => (*flag).into(),
            Self::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| (&**text).into()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.to_string(), value.to_json()));
                serde_json::Value::Object(entries.collect())
            }
            _ => self.to_string().into(),
        }
    }
}

impl Unknown {
    pub fn resource(&self) -> Option<&Address> {
        match self {
            Self::Reference(address) | Self::Attribute(address, _) => Some(address),
            _ => None,
        }
    }
}

impl Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("${AWS::NoValue}"),
            Self::Null => formatter.write_str("null"),
            Self::Bool(flag) => write!(formatter, "{flag}"),
            Self::Number(text) | Self::Text(text) => formatter.write_str(text),
            Self::Pattern(pieces) => pieces.iter().try_for_each(|piece| write!(formatter, "{piece}")),
            Self::Unknown(unknown) => write!(formatter, "{unknown}"),
            Self::List(_) | Self::Map(_) => write!(formatter, "{}", self.to_json()),
        }
    }
}

impl Display for Piece {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(text) => formatter.write_str(text),
            Self::Unknown(unknown) => write!(formatter, "{unknown}"),
        }
    }
}

impl Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(address) => write!(formatter, "${{{}}}", address.logical_id),
            Self::Attribute(address, name) => write!(formatter, "${{{}.{name}}}", address.logical_id),
            Self::Parameter(name) | Self::Pseudo(name) | Self::NotEvaluated(name) => write!(formatter, "${{{name}}}"),
            Self::StackUuid(_) => formatter.write_str("${AWS::StackId/uuid}"),
            Self::StackSuffix(_) => formatter.write_str("${AWS::StackName/suffix}"),
            Self::Import(name) => write!(formatter, "${{Fn::ImportValue {name}}}"),
            Self::Dynamic(text) => formatter.write_str(text),
            Self::Part { of, function, at } => write!(formatter, "${{{function} {at} of {of}}}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_neighbours_become_one_text() {
        let zone: Arc<Unknown> = Arc::new(Unknown::Parameter("Zone".into()));
        let pieces =
            [Piece::Known("a-".into()), Piece::Known("b".into()), Piece::Unknown(zone), Piece::Known("".into())];
        let value = Value::from_pieces(pieces);
        assert_eq!(value.to_string(), "a-b${Zone}");
        assert!(!value.is_known());
        assert_eq!(Value::from_pieces([Piece::Known("a".into())]), Value::text("a"));
        assert_eq!(Value::from_pieces([]), Value::text(""));
    }

    #[test]
    fn json_keeps_kinds_and_writes_unknowns_as_references() {
        let value = Value::Map(
            vec![
                ("Port".into(), Value::Number("443".into())),
                ("On".into(), Value::Bool(true)),
                ("Id".into(), Value::list([Value::unknown(Unknown::Parameter("VPCID".into())), Value::Absent])),
            ]
            .into(),
        );
        assert_eq!(value.to_json(), serde_json::json!({"Port": 443, "On": true, "Id": ["${VPCID}"]}));
    }
}
