//! What whoever fills in a template reads: descriptions, labels, groups (J3).

use super::INTERFACE;
use super::catalog::finding;
use crate::diagnostic::Diagnostic;
use crate::template::{Node, Parameter, Position, Span, Template};
use std::collections::BTreeSet;

/// Parts of names that only secrets have, at their ends.
const SECRETS: [&str; 6] = ["password", "secret", "token", "apikey", "privatekey", "passphrase"];

pub(super) fn check(template: &Template) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let file = template.name.as_str();
    if template.description.as_deref().is_none_or(|text| text.trim().is_empty()) {
        let end = Position { column: 2, offset: 1, ..Position::START };
        let span = template.root.entries().first().map_or(Span { start: Position::START, end }, |(key, _)| key.span);
        found.push(finding("J3008", file, span, "the template says nowhere what it makes"));
    }
    let interface = template.root.get("Metadata").and_then(|metadata| metadata.get(INTERFACE));
    let labels = named(interface.and_then(|node| node.get("ParameterLabels")).map_or(&[][..], Node::entries));
    let groups = interface.and_then(|node| node.get("ParameterGroups")).map_or(&[][..], Node::items);
    let grouped: Vec<&Node> = groups.iter().filter_map(|group| group.get("Parameters")).flat_map(Node::items).collect();
    let names: BTreeSet<&str> = grouped.iter().filter_map(|node| node.text()).collect();
    for parameter in &template.parameters {
        parameter_faults(template, parameter, labels.contains(parameter.name.as_str()), &names, &mut found);
    }
    let labelled = interface.and_then(|node| node.get("ParameterLabels")).map_or(&[][..], Node::entries);
    for node in grouped.into_iter().chain(labelled.iter().map(|(key, _)| key)) {
        if let Some(name) = node.text().filter(|name| template.parameter(name).is_none()) {
            found.push(finding("J3005", file, node.span, format!("there is no parameter `{name}`")));
        }
    }
    for output in template.outputs.iter().filter(|output| output.description.is_none()) {
        let path = ["Outputs", &output.name].map(str::to_owned).to_vec();
        let message = format!("the output `{}` has no description", output.name);
        found.push(Diagnostic { path, ..finding("J3007", file, output.span, message) });
    }
    found
}

fn named(entries: &[(Node, Node)]) -> BTreeSet<&str> {
    entries.iter().filter_map(|(key, _)| key.text()).collect()
}

fn parameter_faults(
    template: &Template,
    parameter: &Parameter,
    has_label: bool,
    grouped: &BTreeSet<&str>,
    found: &mut Vec<Diagnostic>,
) {
    let name = parameter.name.as_str();
    let mut report = |rule: &'static str, message: String| {
        let path = ["Parameters", name].map(str::to_owned).to_vec();
        found.push(Diagnostic { path, ..finding(rule, &template.name, parameter.span, message) });
    };
    if parameter.description.as_deref().is_none_or(|text| text.trim().is_empty()) {
        report("J3001", format!("the parameter `{name}` has no description"));
    }
    if is_constrained(parameter) && parameter.constraint_description.is_none() {
        report("J3002", format!("the parameter `{name}` is constrained, and nothing says how in words"));
    }
    if !has_label {
        report("J3003", format!("the parameter `{name}` has no label"));
    }
    if !grouped.contains(name) {
        report("J3004", format!("the parameter `{name}` is in no group"));
    }
    if !parameter.no_echo && is_secret(parameter) {
        report("J3006", format!("the parameter `{name}` is a secret without `NoEcho`"));
    }
}

/// Allowed values need no words: the console shows them as a list.
fn is_constrained(parameter: &Parameter) -> bool {
    parameter.allowed_pattern.is_some()
        || parameter.length_min.is_some()
        || parameter.length_max.is_some()
        || parameter.value_min.is_some()
        || parameter.value_max.is_some()
}

fn is_secret(parameter: &Parameter) -> bool {
    let name = parameter.name.to_lowercase();
    let is_text = parameter.kind == "String" && parameter.allowed_values.is_empty();
    is_text && SECRETS.iter().any(|secret| name.ends_with(secret))
}

/// Names of environment variables are judged by the same words.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name: String = name.to_lowercase().chars().filter(|letter| *letter != '_' && *letter != '-').collect();
    SECRETS.iter().any(|secret| name.ends_with(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_the_end_of_their_names() {
        assert!(is_secret_name("DB_PASSWORD") && is_secret_name("api-key"));
        assert!(!is_secret_name("SECRET_ARN") && !is_secret_name("TOKEN_COUNT"));
        let parameter =
            |name: &str| Parameter { name: name.to_owned(), kind: "String".to_owned(), ..Parameter::default() };
        assert!(is_secret(&parameter("MasterPassword")) && !is_secret(&parameter("PasswordSecretArn")));
    }

    #[test]
    fn a_label_for_nobody_is_found() {
        let text = "\
Description: d
Metadata: {AWS::CloudFormation::Interface: {ParameterLabels: {Gone: {default: x}}}}
Resources: {A: {Type: T}}
";
        let template = Template::read("t.yaml", text).expect("a valid template");
        let found: Vec<_> = check(&template).into_iter().map(|one| one.rule).collect();
        assert_eq!(found, ["J3005"]);
    }
}
