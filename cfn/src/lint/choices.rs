//! Choices that cannot work, and that no rule of the template refuses (J3009): a condition that holds for one value of a
//! parameter makes a resource which needs another parameter, and that one may be empty.

use super::catalog::finding;
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::parameters;
use crate::template::{Node, Parameter, Resource, Template};
use std::collections::BTreeSet;

pub(super) fn check(template: &Template) -> Vec<Diagnostic> {
    let asserted = asserted(template);
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut known = BTreeSet::new();
    for resource in &template.resources {
        let Some((choice, value)) = resource.condition.as_deref().and_then(|name| choice(template, name)) else {
            continue;
        };
        for parameter in needed(template, resource) {
            let name = parameter.name.as_str();
            if name == choice
                || asserted.contains(name)
                || !known.insert((choice.clone(), value.clone(), name.to_owned()))
            {
                continue;
            }
            let message =
                format!("`{choice}` may be `{value}` while `{name}`, which `{}` needs, is empty", resource.logical_id);
            let path = ["Parameters", name].map(str::to_owned).to_vec();
            let hint = format!("add a rule for `{choice}` `{value}` that asserts `{name}` is not empty");
            found.push(Diagnostic {
                path,
                hint: Some(hint),
                ..finding("J3009", &template.name, parameter.span, message)
            });
        }
    }
    found
}

/// The parameter and the value that a condition stands for, where it is a plain comparison with an allowed value.
fn choice(template: &Template, condition: &str) -> Option<(String, String)> {
    let (_, node) = template.section("Conditions").iter().find(|(key, _)| key.text() == Some(condition))?;
    let operands = node.get("Fn::Equals")?.items();
    let name = operands.iter().find_map(|operand| operand.get("Ref")?.text())?;
    let value = operands.iter().find_map(Node::text)?;
    let is_choice = template.parameter(name)?.allowed_values.iter().any(|allowed| allowed == value);
    is_choice.then(|| (name.to_owned(), value.to_owned()))
}

/// Parameters that may be empty and are used as they are: not in a branch of `Fn::If`, and not as a part of a text.
fn needed<'a>(template: &'a Template, resource: &Resource) -> Vec<&'a Parameter> {
    let mut names = BTreeSet::new();
    let Some(properties) = resource.properties() else { return Vec::new() };
    walk::each(properties, &mut Vec::new(), &mut |path, node| {
        let is_plain = path.iter().filter(|key| key.starts_with("Fn::")).count() == 0;
        // What a nested stack makes of it is its own matter.
        let is_passed = resource.template_url.is_some();
        if is_plain && !is_passed && path.last().is_some_and(|key| key == "Ref") {
            names.extend(node.text());
        }
    });
    let parameters = names.into_iter().filter_map(|name| template.parameter(name));
    parameters
        .filter(|parameter| parameter.default.as_deref() == Some("") && parameters::problem(parameter, "").is_none())
        .collect()
}

/// Every parameter that a rule speaks of.
fn asserted(template: &Template) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (_, rule) in template.section("Rules") {
        walk::each(rule, &mut Vec::new(), &mut |path, node| {
            if path.last().is_some_and(|key| key == "Ref") {
                names.extend(node.text());
            }
        });
    }
    names
}
