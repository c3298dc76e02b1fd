//! What nested stacks and those that nest them promise each other: parameters, their values, and outputs (J1).

use super::catalog::finding;
use super::library::{Nested, Nesting};
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::parameters;
use crate::template::{Node, Parameter, Resource, Span, Template};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A suggestion that is further away than this helps nobody.
const SUGGESTION_DISTANCE_MAX: usize = 4;

pub(super) fn check(template: &Template, nesting: &Nesting<'_>) -> Vec<Diagnostic> {
    let mut contract = Contract { template, found: Vec::new() };
    let mut children = BTreeMap::new();
    for resource in &template.resources {
        let Some(url) = resource.template_url.as_deref() else { continue };
        let path = ["Properties", "TemplateURL"];
        match nesting.find(&template.name, url) {
            Some(Nested::Template(child)) => {
                contract.parameters(resource, &child);
                children.insert(resource.logical_id.as_str(), child);
            }
            Some(Nested::Unreadable(why)) => {
                contract.report("J1002", resource, &path, format!("the nested template cannot be read: {why}"));
            }
            // The whole address of somebody else's bucket says nothing about our files.
            None if url.contains("://") && !url.contains("${") => {}
            None if url.ends_with('}') => {}
            None => {
                contract.report("J1001", resource, &path, format!("there is no template for `{url}`"));
            }
        }
    }
    contract.outputs(&children);
    contract.found
}

struct Contract<'a> {
    template: &'a Template,
    found: Vec<Diagnostic>,
}

impl Contract<'_> {
    fn report(&mut self, rule: &'static str, resource: &Resource, below: &[&str], message: String) -> &mut Diagnostic {
        let path = ["Resources", &resource.logical_id].into_iter().chain(below.iter().copied());
        let path: Vec<String> = path.map(str::to_owned).collect();
        let span = walk::locate(&self.template.root, &path);
        let index = self.found.len();
        self.found.push(Diagnostic { path, ..finding(rule, &self.template.name, span, message) });
        &mut self.found[index]
    }

    fn parameters(&mut self, resource: &Resource, child: &Template) {
        let passed = resource.properties().and_then(|properties| properties.get("Parameters"));
        if passed.and_then(Node::single).is_some_and(|(key, _)| key.starts_with("Fn::")) {
            return;
        }
        for parameter in &child.parameters {
            if passed.is_some_and(|passed| passed.get(&parameter.name).is_some()) {
                continue;
            }
            let name = &parameter.name;
            let (rule, message) = match &parameter.default {
                None => ("J1003", format!("`{}` needs the parameter `{name}`", child.name)),
                Some(default) => {
                    ("J1008", format!("`{name}` is not passed: `{}` takes its own default `{default}`", child.name))
                }
            };
            self.report(rule, resource, &["Properties", "Parameters"], message);
        }
        for (key, value) in passed.map_or(&[][..], Node::entries) {
            let Some(name) = key.text() else { continue };
            match child.parameter(name) {
                Some(parameter) => self.value(resource, parameter, value),
                None => self.unknown(resource, child, name, key.span),
            }
        }
    }

    fn unknown(&mut self, resource: &Resource, child: &Template, name: &str, span: Span) {
        let message = format!("`{}` has no parameter `{name}`", child.name);
        let names = child.parameters.iter().map(|parameter| parameter.name.as_str());
        let hint = nearest(names, name).map(|name| format!("did you mean `{name}`?"));
        let diagnostic = self.report("J1004", resource, &["Properties", "Parameters", name], message);
        // The name is at fault, and not what is passed.
        diagnostic.span = span;
        diagnostic.hint = hint;
    }

    fn value(&mut self, resource: &Resource, parameter: &Parameter, value: &Node) {
        let name = parameter.name.as_str();
        for (text, source) in possible(self.template, resource, value, true) {
            let Some(problem) = parameters::problem(parameter, &text) else { continue };
            let shown = if parameter.no_echo { "the value".to_owned() } else { format!("`{text}`") };
            let source = source.map(|source| format!(", which `{source}` may be,")).unwrap_or_default();
            let message = format!("{shown}{source} {problem}");
            let diagnostic = self.report("J1005", resource, &["Properties", "Parameters", name], message);
            diagnostic.hint =
                parameter.constraint_description.as_ref().map(|text| text.trim().trim_end_matches('.').to_owned());
        }
    }

    fn outputs(&mut self, children: &BTreeMap<&str, Arc<Template>>) {
        let mut used: BTreeSet<(String, String)> = BTreeSet::new();
        let mut missing = Vec::new();
        walk::each(&self.template.root, &mut Vec::new(), &mut |path, node| {
            for (stack, output) in references(path, node) {
                if let Some(child) = children.get(stack.as_str()) {
                    if child.outputs.iter().any(|declared| declared.name == output) {
                        used.insert((stack, output));
                    } else {
                        missing.push((path.to_vec(), node.span, child.clone(), output));
                    }
                }
            }
        });
        for (path, span, child, output) in missing {
            let message = format!("`{}` has no output `{output}`", child.name);
            let names = child.outputs.iter().map(|output| output.name.as_str());
            let hint = nearest(names, &output).map(|name| format!("did you mean `{name}`?"));
            self.found.push(Diagnostic { path, hint, ..finding("J1006", &self.template.name, span, message) });
        }
        for (stack, child) in children {
            let Some(resource) = self.template.resource(stack) else { continue };
            for output in child.outputs.iter().filter(|output| output.export_name.is_none()) {
                if !used.contains(&((*stack).to_owned(), output.name.clone())) {
                    self.report("J1007", resource, &[], format!("its output `{}` is not used here", output.name));
                }
            }
        }
    }
}

/// The values that something surely has in some case, and the parameter that they come from. A parameter that is passed on
/// under a condition may be kept from its other values by it, so that only literals count there.
fn possible(template: &Template, resource: &Resource, value: &Node, is_certain: bool) -> Vec<(String, Option<String>)> {
    if let Some(scalar) = value.scalar() {
        return vec![(scalar.text.clone(), None)];
    }
    match value.single() {
        Some(("Fn::If", branches)) => {
            let branches = branches.items().iter().skip(1);
            branches.flat_map(|branch| possible(template, resource, branch, false)).collect()
        }
        Some(("Ref", name)) if is_certain && resource.condition.is_none() => {
            let Some(parameter) = name.text().and_then(|name| template.parameter(name)) else { return Vec::new() };
            let source = Some(parameter.name.clone());
            if parameter.allowed_values.is_empty() {
                return parameter.default.iter().map(|value| (value.clone(), source.clone())).collect();
            }
            parameter.allowed_values.iter().map(|value| (value.clone(), source.clone())).collect()
        }
        _ => Vec::new(),
    }
}

/// The outputs of nested stacks that a call reads: their logical ids and names.
fn references(path: &[String], node: &Node) -> Vec<(String, String)> {
    let output = |resource: &str, attribute: &str| {
        attribute.strip_prefix("Outputs.").map(|output| (resource.to_owned(), output.to_owned()))
    };
    match path.last().map(String::as_str) {
        Some("Fn::GetAtt") => match (node.items(), node.text()) {
            ([resource, attribute], _) => {
                let pair = resource.text().zip(attribute.text());
                pair.and_then(|(resource, attribute)| output(resource, attribute)).into_iter().collect()
            }
            (_, Some(text)) => {
                text.split_once('.').and_then(|(resource, rest)| output(resource, rest)).into_iter().collect()
            }
            _ => Vec::new(),
        },
        Some("Fn::Sub") => {
            let pattern = node.text().or_else(|| node.items().first()?.text()).unwrap_or_default();
            let slots = pattern.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
            slots.filter_map(|(name, _)| name.split_once('.')).filter_map(|(one, rest)| output(one, rest)).collect()
        }
        _ => Vec::new(),
    }
}

fn nearest<'a>(names: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    let distance = |known: &str| strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase());
    names.map(|known| (distance(known), known)).min().filter(|(far, _)| *far <= SUGGESTION_DISTANCE_MAX).map(|it| it.1)
}
