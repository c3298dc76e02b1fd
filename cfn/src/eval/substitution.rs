//! The patterns of `Fn::Sub`, and dynamic references in texts.

use super::value::{Piece, Unknown, Value};
use std::sync::Arc;

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    Text(Arc<str>),
    /// `${Name}`: a variable, a parameter, a pseudo-parameter or a resource.
    Name(Arc<str>),
    /// `${Resource.Attribute}`.
    Attribute(Arc<str>, Arc<str>),
}

/// Takes a pattern apart. `${!Literal}` stands for `${Literal}`.
pub(crate) fn slots(pattern: &str) -> Result<Vec<Slot>, String> {
    let mut slots = Vec::new();
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find("${") {
        text.push_str(&rest[..at]);
        let inside = &rest[at + 2..];
        let Some(end) = inside.find('}') else {
            return Err(format!("has a `${{` without `}}`: `{pattern}`"));
        };
        let name = inside[..end].trim();
        rest = &inside[end + 1..];
        if let Some(literal) = name.strip_prefix('!') {
            text.push_str(&format!("${{{literal}}}"));
            continue;
        }
        if name.is_empty() {
            return Err(format!("has an empty `${{}}`: `{pattern}`"));
        }
        if !text.is_empty() {
            slots.push(Slot::Text(std::mem::take(&mut text).into()));
        }
        slots.push(match name.split_once('.') {
            Some((resource, attribute)) => Slot::Attribute(resource.into(), attribute.into()),
            None => Slot::Name(name.into()),
        });
    }
    text.push_str(rest);
    if !text.is_empty() {
        slots.push(Slot::Text(text.into()));
    }
    Ok(slots)
}

/// A literal text; what `{{resolve:…}}` stands for is not known.
pub(super) fn dynamic(text: &str) -> Value {
    const OPENING: &str = "{{resolve:";
    if !text.contains(OPENING) {
        return Value::text(text);
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(OPENING) {
        let Some(length) = rest[at..].find("}}") else { break };
        let end = at + length + 2;
        pieces.push(Piece::Known(rest[..at].into()));
        pieces.push(Piece::Unknown(Arc::new(Unknown::Dynamic(rest[at..end].into()))));
        rest = &rest[end..];
    }
    pieces.push(Piece::Known(rest.into()));
    Value::from_pieces(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_taken_apart() {
        let found = slots("a-${Name}.${Bucket.Arn}/${!Kept}").expect("a valid pattern");
        let expected = [
            Slot::Text("a-".into()),
            Slot::Name("Name".into()),
            Slot::Text(".".into()),
            Slot::Attribute("Bucket".into(), "Arn".into()),
            Slot::Text("/${Kept}".into()),
        ];
        assert_eq!(found, expected);
        assert_eq!(slots("$5 and {braces}").expect("no slot"), [Slot::Text("$5 and {braces}".into())]);
        assert!(slots("${Open").is_err() && slots("${}").is_err());
    }

    #[test]
    fn dynamic_references_are_unknown() {
        let value = dynamic("postgres://{{resolve:ssm:/host}}:5432");
        assert_eq!(value.to_string(), "postgres://{{resolve:ssm:/host}}:5432");
        assert!(!value.is_known() && dynamic("{{resolve:open").is_known());
    }
}
