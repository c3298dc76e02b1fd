//! `assertions` of a test.

use super::reader::{Reader, json};
use super::section;
use super::{Answer, Assertions, Count, OutputAssertion, ResourceAssertion, Setting, UpdateAssertion};
use jqs_cfn::template::{Node, Value};
use std::time::Duration;

/// How long a URL may take until it answers as it should.
pub const DEFAULT_ANSWER_SECONDS_MAX: u64 = 300;
const DEFAULT_STATUS: u16 = 200;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Assertions {
    let mut assertions = Assertions::default();
    for (key, node) in
        reader.section(node, "`assertions`", &["outputs", "resources", "commands", "updates", "idempotent", "no_drift"])
    {
        match key {
            "outputs" => assertions.outputs = outputs(reader, node),
            "resources" => assertions.resources = items(reader, node, key).into_iter().filter_map(resource).collect(),
            "commands" => {
                let nodes = list(reader, node, key);
                assertions.commands = nodes.iter().filter_map(|node| section::hook(reader, node)).collect();
            }
            "updates" => {
                let nodes = list(reader, node, key);
                assertions.updates = nodes.iter().enumerate().map(|(at, node)| update(reader, node, at)).collect();
            }
            "idempotent" => assertions.is_idempotent = reader.flag(node, key).unwrap_or_default(),
            _ => assertions.has_no_drift = reader.flag(node, key).unwrap_or_default(),
        }
    }
    assertions
}

fn list<'n>(reader: &mut Reader<'_>, node: &'n Node, what: &str) -> &'n [Node] {
    match &node.value {
        Value::Sequence(items) => items,
        _ => {
            reader.problem(node, format!("`{what}` is a list"));
            &[]
        }
    }
}

/// `Key: value` for the whole value, or `Key: {matches: …, answers: …}`.
fn outputs(reader: &mut Reader<'_>, node: &Node) -> Vec<OutputAssertion> {
    let mut found = Vec::new();
    for (key, node) in reader.mapping(node, "`outputs`") {
        let Some(name) = reader.text(key, "outputs") else { continue };
        let place = reader.place(key);
        let mut output = OutputAssertion { key: name, equals: None, matches: None, answers: None, place };
        if node.text().is_some() {
            output.equals = node.text().map(str::to_owned);
            found.push(output);
            continue;
        }
        for (key, node) in reader.section(node, "an output", &["equals", "matches", "answers"]) {
            match key {
                "equals" => output.equals = reader.text(node, key),
                "matches" => output.matches = pattern(reader, node),
                _ => output.answers = Some(answer(reader, node)),
            }
        }
        found.push(output);
    }
    found
}

fn pattern(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "matches")?;
    if let Err(error) = regex_lite::Regex::new(&text) {
        reader.problem(node, format!("`{text}` is no regular expression: {error}"));
        return None;
    }
    Some(text)
}

/// `true` for 200, or a mapping.
fn answer(reader: &mut Reader<'_>, node: &Node) -> Answer {
    let within = Duration::from_secs(DEFAULT_ANSWER_SECONDS_MAX);
    let mut answer = Answer { path: String::new(), status: DEFAULT_STATUS, contains: None, within };
    if node.text() == Some("true") {
        return answer;
    }
    for (key, node) in reader.section(node, "`answers`", &["path", "status", "contains", "within"]) {
        match key {
            "path" => answer.path = reader.text(node, key).unwrap_or_default(),
            "contains" => answer.contains = reader.text(node, key),
            "within" => answer.within = reader.duration(node, key).unwrap_or(within),
            _ => match node.text().and_then(|text| text.parse().ok()).filter(|status| (100..600).contains(status)) {
                Some(status) => answer.status = status,
                None => reader.problem(node, "`status` is a status of HTTP, such as 200"),
            },
        }
    }
    answer
}

fn items(reader: &mut Reader<'_>, node: &Node, what: &str) -> Vec<ResourceAssertion> {
    let nodes = list(reader, node, what);
    nodes.iter().map(|node| one(reader, node)).collect()
}

fn resource(resource: ResourceAssertion) -> Option<ResourceAssertion> {
    (resource.logical_id.is_some() || resource.kind.is_some()).then_some(resource)
}

fn one(reader: &mut Reader<'_>, node: &Node) -> ResourceAssertion {
    let mut found = ResourceAssertion {
        logical_id: None,
        kind: None,
        count: None,
        properties: Default::default(),
        place: reader.place(node),
    };
    for (key, node) in reader.section(node, "a resource", &["type", "logical_id", "count", "properties"]) {
        match key {
            "type" => found.kind = reader.text(node, key),
            "logical_id" => found.logical_id = reader.text(node, key),
            "count" => found.count = count(reader, node),
            _ => {
                for (key, value) in reader.mapping(node, "`properties`") {
                    if let Some(name) = reader.text(key, "properties") {
                        found.properties.insert(name, json(value));
                    }
                }
            }
        }
    }
    if found.logical_id.is_none() == found.kind.is_none() {
        reader.problem(node, "a resource has either `type` or `logical_id`");
    }
    found
}

/// A number, or `{min: …, max: …}`.
fn count(reader: &mut Reader<'_>, node: &Node) -> Option<Count> {
    if node.text().is_some() {
        return reader.count(node, "count").map(|number| Count { min: number, max: number });
    }
    let mut count = Count { min: 0, max: usize::MAX };
    for (key, node) in reader.section(node, "`count`", &["min", "max"]) {
        let number = reader.count(node, key)?;
        if key == "min" { count.min = number } else { count.max = number }
    }
    Some(count)
}

fn update(reader: &mut Reader<'_>, node: &Node, at: usize) -> UpdateAssertion {
    let mut update = UpdateAssertion {
        name: format!("update {}", at + 1),
        parameters: Default::default(),
        not_replaced: Vec::new(),
        changes: Vec::new(),
        outputs: Vec::new(),
        place: reader.place(node),
    };
    for (key, node) in reader.section(node, "an update", &["name", "parameters", "not_replaced", "changes", "outputs"])
    {
        match key {
            "name" => update.name = reader.text(node, key).unwrap_or_default(),
            "parameters" => {
                let pairs = reader.pairs(node, key).into_iter();
                update.parameters = pairs.map(|(key, (value, place))| (key, Setting { value, place })).collect();
            }
            "not_replaced" => update.not_replaced = reader.texts(node, key).unwrap_or_default(),
            "changes" => update.changes = reader.texts(node, key).unwrap_or_default(),
            _ => update.outputs = outputs(reader, node),
        }
    }
    if update.parameters.is_empty() {
        reader.problem(node, "an update has `parameters`, those that change");
    }
    update
}
