//! The configuration file: its document against the keys that there are.

use std::{io::Read as _, path::Path};

use clap::Arg;

use super::{
    ConfigurationError, Entry, Origin, Variables,
    document::{self, Node, Value},
    fault::{Fault, Position, Span},
    keys::{self, Keys},
    substitution::substitute,
};

/// Of the file.
pub const DEFAULT_CONFIG_BYTES_MAX: usize = 1 << 20;

/// The text of a configuration, and what it is called in messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub text: String,
}

impl File {
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let name = path.display().to_string();
        let fail = |why: String| ConfigurationError::one(format!("cannot read the configuration `{name}`: {why}"));
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(|error| fail(error.to_string()))?;
        let limit = DEFAULT_CONFIG_BYTES_MAX as u64 + 1;
        file.take(limit).read_to_string(&mut text).map_err(|error| fail(error.to_string()))?;
        Ok(Self { name, text })
    }

    pub(super) fn entries(&self, keys: &Keys, variables: &Variables) -> Result<Vec<Entry>, ConfigurationError> {
        if self.text.len() > DEFAULT_CONFIG_BYTES_MAX {
            let message = format!("the configuration `{}` has more than {DEFAULT_CONFIG_BYTES_MAX} bytes", self.name);
            return Err(ConfigurationError::one(message));
        }
        // Without a document nobody knows what is a secret: no line is shown.
        let everything = Span { start: START, end: Position { line: usize::MAX, column: 1 } };
        let document = document::parse(&self.text)
            .map_err(|fault| ConfigurationError::new(&self.name, &self.text, &[fault], &[everything]))?;
        let mut reading = Reading { file: self, keys, variables, entries: Vec::new(), faults: Vec::new() };
        let mut secret_lines = Vec::new();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for (key, value) in &document {
            let Value::Scalar(name) = &key.value else {
                reading.faults.push(Fault::at(key.span, "a key is the name of a setting"));
                continue;
            };
            if keys.get(name).is_some_and(keys::is_secret) {
                secret_lines.push(value.span);
            }
            match seen.iter().find(|(other, _)| other == name) {
                Some((_, first)) => reading
                    .faults
                    .push(Fault::at(key.span, format!("`{name}` is set twice, first in line {}", first.start.line))),
                None => {
                    seen.push((name, key.span));
                    reading.setting(name, key.span, value);
                }
            }
        }
        let Reading { entries, faults, .. } = reading;
        if faults.is_empty() {
            return Ok(entries);
        }
        Err(ConfigurationError::new(&self.name, &self.text, &faults, &secret_lines))
    }
}

const START: Position = Position { line: 1, column: 1 };

struct Reading<'a> {
    file: &'a File,
    keys: &'a Keys,
    variables: &'a Variables,
    entries: Vec<Entry>,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    /// One key and its value. A key whose value has a structure, with a type of its own, is told apart here, before it is looked
    /// for among the flags.
    fn setting(&mut self, name: &str, key: Span, value: &Node) {
        let Some(arg) = self.keys.get(name) else {
            let hint = self.keys.nearest(name).map(|near| format!("did you mean `{near}`?"));
            self.faults.push(Fault::at(key, format!("unknown key `{name}`")).hint(hint));
            return;
        };
        let values = match &value.value {
            Value::Scalar(text) => self.value(name, arg, value.span, text, false).into_iter().collect(),
            Value::List(items) if keys::is_list(arg) => self.items(name, arg, items),
            Value::List(_) => return self.fault(value, format!("`{name}` is one value, not a list")),
            Value::Mapping(_) => return self.fault(value, format!("`{name}` is a value, not a mapping")),
            Value::Nothing => {
                return self.faults.push(Fault::at(key, format!("`{name}` has no value; remove it for the default")));
            }
        };
        let origin = Origin::File { name: self.file.name.clone(), line: key.start.line };
        self.entries.push(Entry { key: name.into(), values, origin });
    }

    fn items(&mut self, name: &str, arg: &Arg, items: &[Node]) -> Vec<String> {
        let mut values = Vec::new();
        for item in items {
            match &item.value {
                Value::Scalar(text) => values.extend(self.value(name, arg, item.span, text, true)),
                _ => self.fault(item, format!("`{name}` is a list of single values")),
            }
        }
        values
    }

    fn value(&mut self, name: &str, arg: &Arg, span: Span, text: &str, is_item: bool) -> Option<String> {
        let refuse = |reasons: String| Fault::at(span, reasons);
        let value = match substitute(text, self.variables) {
            Ok(value) => value,
            Err(reason) => {
                self.faults.push(refuse(reason));
                return None;
            }
        };
        if let Some(delimiter) = arg.get_value_delimiter().filter(|delimiter| is_item && value.contains(*delimiter)) {
            self.faults.push(refuse(format!("an item of `{name}` has no `{delimiter}` in it: make it two items")));
            return None;
        }
        if let Err(refused) = self.keys.check(name, arg, &value) {
            let shown = if keys::is_secret(arg) { String::new() } else { format!("`{value}` ") };
            let message = format!("the value {shown}cannot be `{name}`: {}", refused.reason);
            self.faults.push(refuse(message).hint(refused.hint));
            return None;
        }
        Some(value)
    }

    fn fault(&mut self, node: &Node, message: String) {
        self.faults.push(Fault::at(node.span, message));
    }
}
