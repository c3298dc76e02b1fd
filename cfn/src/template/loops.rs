//! `Fn::ForEach` of `AWS::LanguageExtensions`: loops → the entries that they stand for, before the sections are read.

use super::fault::{Fault, Faults};
use super::{DEFAULT_TEMPLATE_BYTES_MAX, DEFAULT_TEMPLATE_NODES_MAX, Node, Scalar, Value, reading};
use std::collections::HashSet;

/// Runs of all loops of one template.
pub const DEFAULT_LOOP_RUNS_MAX: usize = 10_000;

const TRANSFORM: &str = "AWS::LanguageExtensions";
const SECTIONS: [&str; 3] = ["Conditions", "Outputs", "Resources"];

/// What is given for the parameters of a template; nothing for their defaults.
pub(super) type Given<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) fn is_loop(key: &Node) -> bool {
    key.text().is_some_and(|text| text == "Fn::ForEach" || text.starts_with("Fn::ForEach::"))
}

pub(super) fn expand(name: &str, root: Node, given: Given<'_>) -> Result<Node, Faults> {
    if !contains_loop(&root) {
        return Ok(root);
    }
    let is_declared = reading::transforms(&root).iter().any(|transform| transform == TRANSFORM);
    let mut loops = Loops {
        name,
        root: &root,
        given,
        is_declared,
        runs: 0,
        nodes: 0,
        bytes: 0,
        is_exhausted: false,
        faults: Vec::new(),
    };
    let mut entries = Vec::new();
    for (key, value) in root.entries() {
        let takes_loops = key.text().is_some_and(|key| SECTIONS.contains(&key));
        if !takes_loops && (is_loop(key) || contains_loop(value)) {
            loops.fault(key, "`Fn::ForEach` works in `Conditions`, `Resources` and `Outputs`");
        }
        let value = if takes_loops { loops.expanded(value) } else { value.clone() };
        entries.push((key.clone(), value));
    }
    Faults::none_or(loops.faults, Node { value: Value::Mapping(entries), span: root.span })
}

fn contains_loop(node: &Node) -> bool {
    node.items().iter().any(contains_loop)
        || node.entries().iter().any(|(key, value)| is_loop(key) || contains_loop(value))
}

struct Loops<'a> {
    name: &'a str,
    root: &'a Node,
    given: Given<'a>,
    is_declared: bool,
    runs: usize,
    nodes: usize,
    bytes: usize,
    is_exhausted: bool,
    faults: Vec<Fault>,
}

impl Loops<'_> {
    fn fault(&mut self, node: &Node, message: impl Into<String>) {
        self.faults.push(Fault::new(self.name, node.span, message));
    }

    fn expanded(&mut self, node: &Node) -> Node {
        let value = match &node.value {
            Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
            Value::Sequence(items) => Value::Sequence(items.iter().map(|item| self.expanded(item)).collect()),
            Value::Mapping(entries) => Value::Mapping(self.entries(entries)),
        };
        Node { value, span: node.span }
    }

    fn entries(&mut self, entries: &[(Node, Node)]) -> Vec<(Node, Node)> {
        let mut all: Vec<(Node, Node)> = Vec::new();
        let mut keys = HashSet::new();
        for (key, value) in entries {
            let made = if is_loop(key) { self.run(key, value) } else { vec![(key.clone(), self.expanded(value))] };
            for (key, value) in made {
                if keys.insert(key.text().unwrap_or_default().to_owned()) {
                    all.push((key, value));
                } else {
                    self.fault(&key, format!("the key `{}` is there twice", key.text().unwrap_or_default()));
                }
            }
        }
        all
    }

    /// The entries of all runs of one loop.
    fn run(&mut self, key: &Node, body: &Node) -> Vec<(Node, Node)> {
        if !self.is_declared {
            self.fault(key, format!("`Fn::ForEach` needs `Transform: {TRANSFORM}`"));
            return Vec::new();
        }
        let (identifier, collection, fragment) = match body.items() {
            [identifier, collection, fragment] if !fragment.entries().is_empty() => (identifier, collection, fragment),
            _ => {
                self.fault(body, "a loop is a list of an identifier, a collection and a mapping");
                return Vec::new();
            }
        };
        let Some(identifier) = identifier.text().filter(|text| !text.is_empty()) else {
            self.fault(identifier, "the identifier of a loop is a text");
            return Vec::new();
        };
        let placeholder = Placeholder::new(identifier);
        for (key, _) in fragment.entries() {
            if !is_loop(key) && !key.text().is_some_and(|key| placeholder.is_in(key)) {
                self.fault(key, format!("the key has no `${{{identifier}}}`, so that each run makes the same"));
                return Vec::new();
            }
        }
        let mut made = Vec::new();
        for value in self.collection(collection) {
            self.runs += 1;
            let Some(copy) = self.copy(fragment, &placeholder, &value) else {
                self.exhausted(key);
                break;
            };
            made.extend(self.entries(copy.entries()));
        }
        made
    }

    /// One fault is enough: every loop around this one stops as well.
    fn exhausted(&mut self, key: &Node) {
        if !self.is_exhausted {
            self.is_exhausted = true;
            let limits = format!(
                "{DEFAULT_LOOP_RUNS_MAX} runs, {DEFAULT_TEMPLATE_NODES_MAX} nodes or {DEFAULT_TEMPLATE_BYTES_MAX} bytes"
            );
            self.fault(key, format!("the loops make more than {limits}"));
        }
    }

    /// The values that a loop runs over.
    fn collection(&mut self, node: &Node) -> Vec<String> {
        let values = match &node.value {
            Value::Sequence(items) => items.iter().map(|item| self.element(item)).collect(),
            _ => match node.single() {
                Some(("Ref", parameter)) => parameter.text().and_then(|name| self.parameter(name)).map(|text| {
                    text.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
                }),
                Some(("Fn::FindInMap", keys)) => self.mapped(keys),
                _ => None,
            },
        };
        values.unwrap_or_else(|| {
            self.fault(node, "a loop runs over a list, over a parameter that has a value, or over a list in a mapping");
            Vec::new()
        })
    }

    fn element(&self, item: &Node) -> Option<String> {
        match item.single() {
            Some(("Ref", parameter)) => self.parameter(parameter.text()?),
            _ => item.text().map(str::to_owned),
        }
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let declared = self.root.get("Parameters")?.get(name)?;
        (self.given)(name).or_else(|| declared.get("Default")?.text().map(str::to_owned))
    }

    fn mapped(&self, keys: &Node) -> Option<Vec<String>> {
        let [map, top, second] = keys.items() else { return None };
        let (map, top, second) = (self.element(map)?, self.element(top)?, self.element(second)?);
        let list = self.root.get("Mappings")?.get(&map)?.get(&top)?.get(&second)?;
        list.items().iter().map(|item| item.text().map(str::to_owned)).collect()
    }

    /// A fragment with a value in place of the identifier; nothing where it would become too much.
    fn copy(&mut self, node: &Node, placeholder: &Placeholder, value: &str) -> Option<Node> {
        self.nodes += 1;
        let is_too_much = self.runs > DEFAULT_LOOP_RUNS_MAX
            || self.nodes > DEFAULT_TEMPLATE_NODES_MAX
            || self.bytes > DEFAULT_TEMPLATE_BYTES_MAX;
        if is_too_much {
            return None;
        }
        if let Some(("Ref", name)) = node.single()
            && name.text() == Some(&placeholder.identifier)
        {
            self.bytes += value.len();
            return Some(Node { value: Value::Scalar(Scalar::quoted(value)), span: node.span });
        }
        let copied = match &node.value {
            Value::Scalar(scalar) => Value::Scalar(self.filled(scalar, placeholder, value)?),
            Value::Sequence(items) => {
                Value::Sequence(items.iter().map(|item| self.copy(item, placeholder, value)).collect::<Option<_>>()?)
            }
            Value::Mapping(entries) => {
                let mut copies = Vec::with_capacity(entries.len());
                for (key, inner) in entries {
                    copies.push((self.copy(key, placeholder, value)?, self.copy(inner, placeholder, value)?));
                }
                Value::Mapping(copies)
            }
        };
        Some(Node { value: copied, span: node.span })
    }

    fn filled(&mut self, scalar: &Scalar, placeholder: &Placeholder, value: &str) -> Option<Scalar> {
        let places = placeholder.count_in(&scalar.text);
        self.bytes = self.bytes.saturating_add(scalar.text.len()).saturating_add(places.saturating_mul(value.len()));
        if self.bytes > DEFAULT_TEMPLATE_BYTES_MAX {
            return None;
        }
        if places == 0 {
            return Some(scalar.clone());
        }
        let letters: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
        let text = scalar.text.replace(&placeholder.whole, value).replace(&placeholder.letters, &letters);
        Some(Scalar::quoted(text))
    }
}

/// How a fragment names the value of a run.
struct Placeholder {
    identifier: String,
    /// `${Identifier}`: the value as it is.
    whole: String,
    /// `&{Identifier}`: the value without what a logical id cannot have.
    letters: String,
}

impl Placeholder {
    fn new(identifier: &str) -> Self {
        Self {
            identifier: identifier.to_owned(),
            whole: format!("${{{identifier}}}"),
            letters: format!("&{{{identifier}}}"),
        }
    }

    fn is_in(&self, text: &str) -> bool {
        text.contains(&self.whole) || text.contains(&self.letters)
    }

    fn count_in(&self, text: &str) -> usize {
        text.matches(&self.whole).count() + text.matches(&self.letters).count()
    }
}
