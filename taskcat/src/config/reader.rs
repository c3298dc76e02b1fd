//! Nodes of a file → values, with everything that is wrong in it told at once.

use super::{Layer, Place};
use jqs_cfn::template::{Meaning, Node, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// A suggestion that is further away than this helps nobody.
const SUGGESTION_DISTANCE_MAX: usize = 3;

pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    pub(super) layer: Layer,
    /// `file:line:column: what is wrong`, in the order of the text.
    pub(super) problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str, layer: Layer) -> Self {
        Self { source, layer, problems: Vec::new() }
    }

    pub(super) fn place(&self, node: &Node) -> Place {
        Place { layer: self.layer, source: self.source.to_owned(), position: Some(node.span.start) }
    }

    pub(super) fn problem(&mut self, node: &Node, message: impl std::fmt::Display) {
        let problem = format!("{}: {message}", self.place(node));
        self.problems.push(problem);
    }

    /// The pairs of a mapping. `what` completes "… is a mapping".
    pub(super) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> &'n [(Node, Node)] {
        match &node.value {
            Value::Mapping(entries) => entries,
            // `parameters:` with nothing behind it.
            Value::Scalar(scalar) if scalar.meaning() == Meaning::Null => &[],
            _ => {
                self.problem(node, format!("{what} is a mapping of keys to values"));
                &[]
            }
        }
    }

    /// The same, with the keys as text; `known` has those that make sense.
    pub(super) fn section<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Vec<(&'n str, &'n Node)> {
        let mut found = Vec::new();
        for (key, value) in self.mapping(node, what) {
            match key.text() {
                Some(name) if known.contains(&name) => found.push((name, value)),
                Some(name) => {
                    let meant = nearest(name, known).map(|meant| format!(": did you mean `{meant}`?"));
                    self.problem(key, format!("{what} has no key `{name}`{}", meant.unwrap_or_default()));
                }
                None => self.problem(key, format!("a key of {what} is a text")),
            }
        }
        found
    }

    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match node.scalar() {
            Some(scalar) if scalar.meaning() != Meaning::Null => Some(scalar.text.clone()),
            _ => {
                self.problem(node, format!("`{what}` is a text"));
                None
            }
        }
    }

    pub(super) fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Some(Meaning::Bool(flag)) = node.scalar().map(jqs_cfn::template::Scalar::meaning) {
            return Some(flag);
        }
        match node.text() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.problem(node, format!("`{what}` is true or false"));
                None
            }
        }
    }

    pub(super) fn count(&mut self, node: &Node, what: &str) -> Option<usize> {
        let number = node.text().and_then(|text| text.parse().ok());
        if number.is_none() {
            self.problem(node, format!("`{what}` is a whole number from 0"));
        }
        number
    }

    /// A list of texts; one text is a list of one.
    pub(super) fn texts(&mut self, node: &Node, what: &str) -> Option<Vec<String>> {
        match &node.value {
            Value::Sequence(items) => Some(items.iter().filter_map(|item| self.text(item, what)).collect()),
            Value::Scalar(scalar) if scalar.meaning() != Meaning::Null => {
                Some(scalar.text.split(',').map(|text| text.trim().to_owned()).collect())
            }
            _ => {
                self.problem(node, format!("`{what}` is a list of texts"));
                None
            }
        }
    }

    /// Seconds, or a number with a unit: `90`, `30s`, `15m`, `2h`.
    pub(super) fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let parsed = node.text().and_then(duration);
        if parsed.is_none() {
            self.problem(node, format!("`{what}` is a time such as `90s`, `15m` or `2h`"));
        }
        parsed
    }

    pub(super) fn pairs(&mut self, node: &Node, what: &str) -> BTreeMap<String, (String, Place)> {
        let mut found = BTreeMap::new();
        for (key, value) in self.mapping(node, &format!("`{what}`")) {
            let Some(name) = self.text(key, what) else { continue };
            if let Some(text) = self.value(value, &name) {
                found.insert(name, (text, self.place(key)));
            }
        }
        found
    }

    /// What goes into a parameter: a scalar as it was written, a list joined with commas.
    fn value(&mut self, node: &Node, name: &str) -> Option<String> {
        match &node.value {
            Value::Scalar(scalar) if scalar.meaning() == Meaning::Null && scalar.is_plain => {
                self.problem(node, format!("`{name}` has no value: write '' for an empty one"));
                None
            }
            Value::Scalar(scalar) => Some(scalar.text.clone()),
            Value::Sequence(items) => {
                let texts: Vec<String> = items.iter().filter_map(|item| self.text(item, name)).collect();
                Some(texts.join(","))
            }
            Value::Mapping(_) => {
                self.problem(node, format!("`{name}` is a text, a number, true or false, or a list of them"));
                None
            }
        }
    }
}

pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |other: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let nearest = known.iter().map(|other| (distance(other), *other)).min()?;
    (nearest.0 <= SUGGESTION_DISTANCE_MAX && nearest.0 < name.len()).then_some(nearest.1)
}

/// A node as JSON, for what is handed on as it is.
pub(super) fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Mapping(entries) => entries
            .iter()
            .filter_map(|(key, value)| Some((key.text()?.to_owned(), json(value))))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Sequence(items) => items.iter().map(json).collect(),
        Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Null => serde_json::Value::Null,
            Meaning::Bool(flag) => flag.into(),
            Meaning::Number => serde_json::from_str(&scalar.decimal()).unwrap_or_else(|_| scalar.text.as_str().into()),
            Meaning::Text => scalar.text.as_str().into(),
        },
    }
}
