//! What only shows when resources are seen together, or names are understood (J4002, J5006, J5010).

use super::catalog::finding;
use super::interface::is_secret_name;
use super::walk;
use crate::diagnostic::Diagnostic;
use crate::template::{Node, Resource, Template};

const SERVICE: &str = "AWS::ECS::Service";
const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";
const SCALABLE_TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";

pub(super) fn check(template: &Template) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in &template.resources {
        let Some(properties) = resource.properties() else { continue };
        if resource.kind == SERVICE && properties.get("DesiredCount").is_some() && is_scaled(template, resource) {
            let path = path(resource, &["Properties", "DesiredCount"]);
            let span = properties.entry("DesiredCount").map_or(resource.span, |(key, _)| key.span);
            let message = "every update sets the number back that autoscaling has chosen";
            found.push(Diagnostic { path, ..finding("J5006", &template.name, span, message) });
        }
        found.extend(essential(template, resource, properties));
        found.extend(secrets(template, resource, properties));
    }
    found
}

fn path(resource: &Resource, below: &[&str]) -> Vec<String> {
    ["Resources", &resource.logical_id].into_iter().chain(below.iter().copied()).map(str::to_owned).collect()
}

/// Whether a scalable target of the template names the service.
fn is_scaled(template: &Template, service: &Resource) -> bool {
    let targets = template.resources.iter().filter(|resource| resource.kind == SCALABLE_TARGET);
    let mut ids = targets.filter_map(|target| target.properties()?.get("ResourceId"));
    ids.any(|id| {
        let mut is_named = false;
        walk::each(id, &mut Vec::new(), &mut |_, node| {
            let text = node.text().unwrap_or_default();
            let name = service.logical_id.as_str();
            is_named |= text == name || text.contains(&format!("${{{name}}}")) || text.contains(&format!("${{{name}."));
        });
        is_named
    })
}

/// A task definition whose containers all say that they are not essential.
fn essential(template: &Template, resource: &Resource, properties: &Node) -> Option<Diagnostic> {
    let (key, containers) = properties.entry("ContainerDefinitions").filter(|_| resource.kind == TASK_DEFINITION)?;
    let is_minor =
        |node: &Node| node.get("Essential").and_then(Node::text).is_some_and(|text| text.eq_ignore_ascii_case("false"));
    let items = containers.items();
    if items.is_empty() || !items.iter().all(is_minor) {
        return None;
    }
    let path = path(resource, &["Properties", "ContainerDefinitions"]);
    Some(Diagnostic { path, ..finding("J5010", &template.name, key.span, "none of the containers is essential") })
}

/// Environment variables that are called after a secret and hold it: of containers a list, of functions a map.
fn secrets(template: &Template, resource: &Resource, properties: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut report = |path: &[String], name: &str, value: &Node| {
        let is_reference = value.text().is_some_and(|text| text.is_empty() || text.contains("{{resolve:"));
        if is_secret_name(name) && !is_reference {
            let message = format!("`{name}` is in the environment in plain text");
            let whole = path_of(resource, path);
            found.push(Diagnostic { path: whole, ..finding("J4002", &template.name, value.span, message) });
        }
    };
    walk::each(properties, &mut Vec::new(), &mut |path, node| {
        let Some(parent) = path.last() else { return };
        if parent == "Environment" {
            for item in node.items() {
                if let (Some(name), Some(value)) = (item.get("Name").and_then(Node::text), item.get("Value")) {
                    report(path, name, value);
                }
            }
        }
        if parent == "Variables" {
            for (key, value) in node.entries() {
                report(path, key.text().unwrap_or_default(), value);
            }
        }
    });
    found
}

fn path_of(resource: &Resource, below: &[String]) -> Vec<String> {
    let mut path = path(resource, &["Properties"]);
    path.extend(below.iter().cloned());
    path
}
