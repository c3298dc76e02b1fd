//! What `jqs render --resolved` says against what a deployment made. What is unknown beforehand may be anything, but the same
//! everywhere; ids of stacks and resources must be the true ones.

use crate::deployed::Deployed;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Comparison {
    /// Values of unknowns, as they are found.
    known: BTreeMap<String, String>,
    pub(crate) differences: Vec<String>,
    /// How many texts were compared.
    pub(crate) compared: usize,
}

impl Comparison {
    pub(crate) fn of(said: &Value, deployed: &Deployed) -> Self {
        let mut comparison = Self::default();
        comparison.learn("", deployed);
        comparison.stack("", said, deployed);
        comparison
    }

    fn learn(&mut self, path: &str, deployed: &Deployed) {
        let mut know = |name: String, value: &str| self.known.insert(name, value.to_owned());
        know(format!("{path}AWS::StackId/uuid"), &deployed.uuid);
        know(format!("{path}AWS::StackName/suffix"), deployed.name.rsplit('-').next().unwrap());
        for (logical_id, resource) in &deployed.resources {
            know(format!("{path}{logical_id}"), &resource.physical_id);
        }
        for (logical_id, resource) in &deployed.resources {
            if let Some(nested) = &resource.nested {
                self.learn(&format!("{path}{logical_id}/"), nested);
            }
        }
    }

    fn differ(&mut self, at: &str, said: impl std::fmt::Display, found: impl std::fmt::Display) {
        self.differences.push(format!("{at}: said {said}, found {found}"));
    }

    fn stack(&mut self, path: &str, said: &Value, deployed: &Deployed) {
        let keys =
            |value: &Value| value.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let mut said_ids = keys(&said["Resources"]);
        said_ids.sort();
        let found_ids: Vec<String> = deployed.resources.keys().cloned().collect();
        if said_ids != found_ids {
            self.differ(&format!("{path}Resources"), format!("{said_ids:?}"), format!("{found_ids:?}"));
        }
        for (name, value) in &deployed.parameters {
            let said = &said["Parameters"][name];
            // AWS shows a list as it was given, and takes the blanks off where it is used.
            let found = if said.is_array() { value.replace(", ", ",") } else { value.clone() };
            self.value(&format!("{path}Parameters.{name}"), &joined(said), &found.into());
        }
        let mut said_outputs = keys(&said["Outputs"]);
        said_outputs.sort();
        let found_outputs: Vec<String> = deployed.outputs.keys().cloned().collect();
        if said_outputs != found_outputs {
            self.differ(&format!("{path}Outputs"), format!("{said_outputs:?}"), format!("{found_outputs:?}"));
        }
        for (name, value) in &deployed.outputs {
            self.value(&format!("{path}Outputs.{name}"), &said["Outputs"][name]["Value"], &value.as_str().into());
        }
        for (logical_id, resource) in &deployed.resources {
            let at = format!("{path}{logical_id}");
            let said = &said["Resources"][logical_id];
            if said["Type"] != resource.kind.as_str() {
                self.differ(&at, &said["Type"], &resource.kind);
            }
            self.value(&at, &said["Properties"], &resource.properties);
            if let Some(nested) = &resource.nested {
                self.stack(&format!("{at}/"), &said["Stack"], nested);
            }
        }
    }

    fn value(&mut self, at: &str, said: &Value, found: &Value) {
        match (said, found) {
            // A stack hands its tags down to what is in it, as a list or as a mapping.
            (Value::Null, Value::Array(_) | Value::Object(_)) if at.ends_with(".Tags") => {}
            (Value::Object(one), Value::Object(_)) if at.ends_with(".Tags") => {
                for key in one.keys() {
                    self.value(&format!("{at}.{key}"), &said[key], &found[key]);
                }
            }
            (Value::Object(one), Value::Object(other)) => {
                for key in one.keys().chain(other.keys().filter(|key| !one.contains_key(*key))) {
                    self.value(&format!("{at}.{key}"), &said[key], &found[key]);
                }
            }
            (Value::Array(one), Value::Array(other)) if at.ends_with(".Tags") => {
                for tag in one {
                    let same = other.iter().find(|other| other["Key"] == tag["Key"]).cloned().unwrap_or_default();
                    self.value(&format!("{at}.{}", tag["Key"]), tag, &same);
                }
            }
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                for (index, (one, other)) in one.iter().zip(other).enumerate() {
                    self.value(&format!("{at}.{index}"), one, other);
                }
            }
            _ => {
                self.compared += 1;
                match (scalar(said), scalar(found)) {
                    (Some(one), Some(other)) if self.is_match(&one, &other) => {}
                    _ if said == found => {}
                    _ => self.differ(at, said, found),
                }
            }
        }
    }

    /// Whether a text with unknown parts may be the one that was found. The parts are known from then on.
    fn is_match(&mut self, said: &str, found: &str) -> bool {
        let said = self.with_known(said);
        let Some((before, rest)) = said.split_once("${").filter(|(_, rest)| !rest.starts_with('!')) else {
            return said.replace("${!", "${") == found;
        };
        let Some((name, rest)) = end_of_unknown(rest) else { return said == found };
        let Some(found) = found.strip_prefix(before) else { return false };
        let next = rest.split("${").next().unwrap_or_default();
        let value = match rest {
            "" => found,
            _ if next.is_empty() => return false,
            _ => match found.split_once(next) {
                Some((value, _)) => value,
                None => return false,
            },
        };
        if value.is_empty() || !is_of_its_kind(name, value) {
            return false;
        }
        self.known.insert(name.to_owned(), value.to_owned());
        let (rest, found) = (rest.to_owned(), found[value.len()..].to_owned());
        self.is_match(&rest, &found)
    }

    /// Puts in what is known, the innermost first.
    fn with_known(&self, text: &str) -> String {
        let mut text = text.to_owned();
        loop {
            let mut changed = false;
            for (at, _) in text.clone().rmatch_indices("${") {
                let Some(length) = text[at..].find('}') else { continue };
                let name = &text[at + 2..at + length];
                if let Some(value) = self.known.get(name).cloned().or_else(|| function(name)) {
                    text.replace_range(at..=at + length, &value);
                    changed = true;
                    break;
                }
            }
            if !changed {
                return text;
            }
        }
    }
}

/// A split text waits, between two marks, for the item that is selected of it.
const MARK: char = '\u{1}';

/// `Fn::Split - of text` and `Fn::Select 0 of …`, once the text is known.
fn function(name: &str) -> Option<String> {
    if let Some((delimiter, text)) = name.strip_prefix("Fn::Split ").and_then(|rest| rest.split_once(" of ")) {
        return Some(format!("{MARK}{delimiter}{MARK}{text}"));
    }
    let (index, list) = name.strip_prefix("Fn::Select ")?.split_once(" of ")?;
    let (delimiter, text) = list.strip_prefix(MARK)?.split_once(MARK)?;
    Some(text.split(delimiter).nth(index.parse().ok()?)?.to_owned())
}

/// The name of an unknown, and what is behind it: names may hold unknowns themselves.
fn end_of_unknown(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[..at], &text[at + 1..]));
        }
    }
    None
}

/// An ARN must look like one, and so must the ids that EC2 gives.
fn is_of_its_kind(name: &str, value: &str) -> bool {
    match name.rsplit_once('.').map(|(_, attribute)| attribute) {
        Some("Arn") => value.starts_with("arn:"),
        Some("GroupId") => value.starts_with("sg-"),
        Some("AllocationId") => value.starts_with("eipalloc-"),
        _ => true,
    }
}

/// Lists of a parameter are one text in AWS's answer.
fn joined(said: &Value) -> Value {
    match said.as_array() {
        Some(items) => items.iter().filter_map(scalar).collect::<Vec<_>>().join(",").into(),
        None => said.clone(),
    }
}

/// Numbers and booleans reach services as text or not, as their handlers take them.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
