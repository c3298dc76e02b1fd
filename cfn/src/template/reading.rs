//! Tree of nodes → the sections that CloudFormation knows. Every fault is collected; what has one is left out.

use super::fault::{Fault, Faults};
use super::{Assertion, Condition, Mapping, Node, Output, Rule, Template, Value, loops, parameter, resource};

const FORMAT_VERSION: &str = "2010-09-09";
const SECTIONS: [&str; 12] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Fn::Transform",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

pub(super) fn read(name: &str, root: Node) -> Result<Template, Faults> {
    let mut reading = Reading { name, transforms: transforms(&root), faults: Vec::new() };
    if reading.mapping(&root, "a template").is_some() {
        reading.top(&root);
    }
    let template = Template {
        name: name.to_owned(),
        description: reading.text(&root, "Description"),
        transforms: reading.transforms.clone(),
        parameters: reading.section(&root, "Parameters", parameter::read),
        mappings: reading.section(&root, "Mappings", mapping),
        conditions: reading.section(&root, "Conditions", condition),
        rules: reading.section(&root, "Rules", rule),
        resources: reading.section(&root, "Resources", resource::read),
        outputs: reading.section(&root, "Outputs", output),
        root,
    };
    Faults::none_or(reading.faults, template)
}

/// `Transform` is one name, or a list of names and of calls with `Name`.
pub(super) fn transforms(root: &Node) -> Vec<String> {
    let Some(node) = root.get("Transform") else { return Vec::new() };
    let one = |node: &Node| node.text().or_else(|| node.get("Name")?.text()).map(str::to_owned);
    one(node).into_iter().chain(node.items().iter().filter_map(one)).collect()
}

/// What is read, and what was found wrong with it so far.
pub(super) struct Reading<'a> {
    name: &'a str,
    transforms: Vec<String>,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    pub(super) fn fault(&mut self, node: &Node, message: impl Into<String>) {
        self.faults.push(Fault::new(self.name, node.span, message));
    }

    /// A macro may stand for anything, so that what looks wrong before it ran may be right.
    pub(super) fn has_macros(&self) -> bool {
        !self.transforms.is_empty()
    }

    pub(super) fn mapping(&mut self, node: &Node, what: &str) -> Option<()> {
        if matches!(node.value, Value::Mapping(_)) {
            return Some(());
        }
        self.fault(node, format!("{what} is a mapping"));
        None
    }

    pub(super) fn name_of(&mut self, key: &Node, what: &str) -> Option<String> {
        let name = key.text().filter(|name| !name.is_empty()).map(str::to_owned);
        if name.is_none() {
            self.fault(key, format!("a {what} has no name"));
        }
        name
    }

    pub(super) fn only(&mut self, body: &Node, known: &[&str], what: &str) {
        for (key, _) in body.entries() {
            if let Some(text) = key.text().filter(|text| !known.contains(text)) {
                self.fault(key, format!("{what} has no `{text}`"));
            }
        }
    }

    pub(super) fn text(&mut self, body: &Node, key: &str) -> Option<String> {
        let node = body.get(key)?;
        if node.text().is_none() {
            self.fault(node, format!("`{key}` is a text"));
        }
        node.text().map(str::to_owned)
    }

    /// One text, or a list of them.
    pub(super) fn texts(&mut self, body: &Node, key: &str) -> Vec<String> {
        let Some(node) = body.get(key) else { return Vec::new() };
        let mut texts: Vec<String> = node.text().map(str::to_owned).into_iter().collect();
        for item in node.items() {
            match item.text() {
                Some(text) => texts.push(text.to_owned()),
                None => self.fault(item, format!("`{key}` is a list of texts")),
            }
        }
        if matches!(node.value, Value::Mapping(_)) {
            self.fault(node, format!("`{key}` is a text or a list of texts"));
        }
        texts
    }

    fn top(&mut self, root: &Node) {
        if !self.has_macros() {
            self.only(root, &SECTIONS, "a template");
        }
        if let Some(version) = root.get("AWSTemplateFormatVersion")
            && version.text() != Some(FORMAT_VERSION)
        {
            self.fault(version, format!("`AWSTemplateFormatVersion` is `{FORMAT_VERSION}`"));
        }
        if let Some(metadata) = root.get("Metadata") {
            self.mapping(metadata, "`Metadata`");
        }
        if root.get("Resources").is_none_or(|node| matches!(&node.value, Value::Mapping(entries) if entries.is_empty()))
        {
            self.fault(root, "the template has no `Resources`");
        }
    }

    /// The entries of a section, without what a macro will fill in.
    fn section<T>(&mut self, root: &Node, name: &str, read: impl Fn(&mut Self, &(Node, Node)) -> Option<T>) -> Vec<T> {
        let Some(section) = root.get(name) else { return Vec::new() };
        if self.mapping(section, &format!("`{name}`")).is_none() {
            return Vec::new();
        }
        let mut entries = Vec::new();
        for entry in section.entries() {
            if entry.0.text() == Some("Fn::Transform") || loops::is_loop(&entry.0) {
                continue;
            }
            entries.extend(read(self, entry));
        }
        entries
    }
}

fn mapping(reading: &mut Reading<'_>, (key, body): &(Node, Node)) -> Option<Mapping> {
    let name = reading.name_of(key, "mapping")?;
    reading.mapping(body, &format!("the mapping `{name}`"))?;
    for (top, second) in body.entries() {
        if top.text() == Some("Fn::Transform") || reading.mapping(second, "each key of a mapping").is_none() {
            continue;
        }
        for (_, value) in second.entries() {
            let is_value = value.text().is_some() || value.items().iter().all(|item| item.text().is_some());
            if !is_value || matches!(value.value, Value::Mapping(_)) {
                reading.fault(value, "a value of a mapping is a text, a number or a list of them");
            }
        }
    }
    Some(Mapping { name, body: body.clone(), span: key.span })
}

fn condition(reading: &mut Reading<'_>, (key, body): &(Node, Node)) -> Option<Condition> {
    let name = reading.name_of(key, "condition")?;
    if body.single().is_none() {
        reading.fault(body, format!("the condition `{name}` is a call of one function"));
    }
    Some(Condition { name, expression: body.clone(), span: key.span })
}

fn rule(reading: &mut Reading<'_>, (key, body): &(Node, Node)) -> Option<Rule> {
    let name = reading.name_of(key, "rule")?;
    reading.mapping(body, &format!("the rule `{name}`"))?;
    reading.only(body, &["Assertions", "RuleCondition"], "a rule");
    let list = body.get("Assertions");
    if list.is_none_or(|list| list.items().is_empty()) {
        reading.fault(list.unwrap_or(key), format!("the rule `{name}` has a list of `Assertions`"));
    }
    let mut assertions = Vec::new();
    for item in list.map_or(&[][..], Node::items) {
        match item.get("Assert") {
            Some(assert) => {
                let description = reading.text(item, "AssertDescription");
                assertions.push(Assertion { assert: assert.clone(), description });
            }
            None => reading.fault(item, "an assertion has `Assert`"),
        }
    }
    Some(Rule { name, condition: body.get("RuleCondition").cloned(), assertions, span: key.span })
}

fn output(reading: &mut Reading<'_>, (key, body): &(Node, Node)) -> Option<Output> {
    let name = reading.name_of(key, "output")?;
    reading.mapping(body, &format!("the output `{name}`"))?;
    reading.only(body, &["Condition", "Description", "Export", "Value"], "an output");
    if body.get("Value").is_none() {
        reading.fault(key, format!("the output `{name}` has no `Value`"));
    }
    let export = body.get("Export");
    let export_name = export.and_then(|export| export.get("Name")).cloned();
    if let (Some(export), None) = (export, &export_name) {
        reading.fault(export, "`Export` has a `Name`");
    }
    Some(Output {
        name,
        description: reading.text(body, "Description"),
        condition: reading.text(body, "Condition"),
        value: body.get("Value").cloned(),
        export_name,
        span: key.span,
    })
}
