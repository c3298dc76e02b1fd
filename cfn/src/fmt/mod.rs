//! One layout for templates. It keeps comments, the order of keys, anchors and block scalars; JSON stays JSON.

mod events;
pub(crate) mod json;
mod line;
pub(crate) mod scalar;
mod shape;
mod short;
pub(crate) mod syntax;
pub(crate) mod yaml;

pub use yaml::DEFAULT_WIDTH;

use crate::error::{Error, ErrorKind, Result};
use crate::template::{self, DEFAULT_TEMPLATE_BYTES_MAX, Fault, Faults, Position, Span};
use syntax::{Content, Syntax};

/// A template in our layout. It is read again: where the layout would change what the template means, or lose a comment,
/// that is an error.
pub fn format(name: &str, text: &str) -> Result<String> {
    let node = template::parse(name, text)?;
    // YAML reads every kind of line break as this one.
    let text = &text.replace("\r\n", "\n").replace('\r', "\n");
    let mut syntax = events::read(name, text).map_err(Faults::from)?;
    let before = comments(&syntax);
    let formatted = if is_json(text) {
        json::write(&syntax)
    } else {
        short::shorten(&mut syntax);
        yaml::write(&syntax)
    };
    if formatted.len() > DEFAULT_TEMPLATE_BYTES_MAX {
        let message = format!("formatted, the template would have more than {DEFAULT_TEMPLATE_BYTES_MAX} bytes");
        let start = Span { start: Position::START, end: Position::START };
        return Err(Faults::from(Fault::new(name, start, message)).into());
    }
    let again = template::parse(name, &formatted).ok().filter(|again| again.means_the_same(&node));
    let comments = events::read(name, &formatted).ok().map(|syntax| comments(&syntax));
    if again.is_none() || comments.is_none_or(|comments| comments != before) {
        let message = format!("cannot format `{name}` without changing what it says");
        return Err(Error::new(ErrorKind::Template, message));
    }
    Ok(formatted)
}

/// Not YAML that begins with a brace.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text.trim_start_matches('\u{feff}')).is_ok()
        && template::is_json(text)
}

/// All comments, in the order in which they are written.
fn comments(node: &Syntax) -> Vec<String> {
    let mut all: Vec<String> = node.above.iter().map(|comment| comment.text.clone()).collect();
    match &node.content {
        Content::Sequence(items, _) => all.extend(items.iter().flat_map(comments)),
        Content::Mapping(entries, _) => {
            all.extend(entries.iter().flat_map(|(key, value)| comments(key).into_iter().chain(comments(value))));
        }
        _ => {}
    }
    all.extend(node.below.iter().map(|comment| comment.text.clone()));
    all.extend(node.beside.clone());
    all
}
