//! Nested stacks merged into one template, for whoever deploys a single file. The outermost template keeps its parameters,
//! rules and outputs; everything of a nested stack is said in their terms.

mod conditions;
mod facts;
mod flattening;
mod names;
mod order;
mod outputs;
mod resources;
mod rules;
mod simplify;
mod sweep;
mod values;

#[cfg(test)]
mod tests;

pub use names::DEFAULT_NAME_CHARACTERS_MAX;

use crate::error::{Error, ErrorKind, Result};
use crate::eval::StackTree;
use crate::render::made::{mapping, text};
use crate::template::{DEFAULT_TEMPLATE_BYTES_MAX, Node, Span};
use flattening::Flattening;
use std::collections::HashSet;
use sweep::Used;

/// CloudFormation's limits for one template.
pub const DEFAULT_RESOURCES_MAX: usize = 500;
pub const DEFAULT_PARAMETERS_MAX: usize = 200;
pub const DEFAULT_OUTPUTS_MAX: usize = 200;
pub const DEFAULT_MAPPINGS_MAX: usize = 200;
/// A template that is larger must be uploaded to a bucket to be deployed.
pub const DEFAULT_INLINE_BYTES_MAX: usize = 51_200;

/// The one transform that only adds functions, which can be merged like any other.
const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";

/// Constraints that a parameter takes over from the nested parameters that it is passed to.
const CONSTRAINTS: [&str; 6] = ["AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue"];

#[derive(Debug, Clone)]
pub struct Flat {
    /// The whole template.
    pub root: Node,
    /// What is not as it was with nested stacks, in words.
    pub notes: Vec<String>,
}

/// Merges all stacks of the tree into one template.
pub fn flatten(tree: &StackTree) -> Result<Flat> {
    let work = Flattening::new(tree);
    work.check()?;
    let template = &tree.root().program.template;
    for (key, _) in template.section("Conditions") {
        work.condition(crate::eval::StackId::ROOT, key.text().unwrap_or_default(), key.span)?;
    }
    let resources = work.resources()?;
    let outputs = work.outputs()?;
    let rules = work.rules()?;
    let mut used = Used::default();
    resources.iter().chain(&outputs).for_each(|(_, node)| used.add_conditional(node));
    rules.iter().for_each(|(_, node)| used.add(node));
    let conditions = used.keep_conditions(&work.conditions.borrow());
    let span = template.root.span;
    let conditions = conditions.into_iter().map(|(name, node)| (text(name, span), node)).collect();
    let mappings = work.kept_mappings(&used);
    let parameters = work.kept_parameters(&used);
    check_references(&template.name, &used, &resources, &parameters)?;
    for (what, count, most) in [
        ("resources", resources.len(), DEFAULT_RESOURCES_MAX),
        ("parameters", parameters.len(), DEFAULT_PARAMETERS_MAX),
        ("outputs", outputs.len(), DEFAULT_OUTPUTS_MAX),
        ("mappings", mappings.len(), DEFAULT_MAPPINGS_MAX),
    ] {
        if count > most {
            let message =
                format!("merged into one, `{}` has {count} {what}, CloudFormation takes {most}", template.name);
            return Err(Error::new(ErrorKind::Template, message));
        }
    }
    let mut root = work.head(&parameters);
    for (name, entries) in [
        ("Parameters", parameters),
        ("Rules", rules),
        ("Mappings", mappings),
        ("Conditions", conditions),
        ("Resources", resources),
        ("Outputs", outputs),
    ] {
        if !entries.is_empty() {
            root.push((text(name, span), mapping(entries, span)));
        }
    }
    Ok(Flat { root: mapping(root, span), notes: work.notes.into_inner() })
}

impl Flat {
    /// What the size of the written template means for its deployment.
    pub fn check_size(&self, bytes: usize) -> Result<Option<String>> {
        if bytes > DEFAULT_TEMPLATE_BYTES_MAX {
            let message =
                format!("the merged template has {bytes} bytes, CloudFormation takes {DEFAULT_TEMPLATE_BYTES_MAX}");
            return Err(Error::new(ErrorKind::Template, message));
        }
        let note = format!(
            "the template has {bytes} bytes: above {DEFAULT_INLINE_BYTES_MAX} it is deployed from a bucket (`--template-url`, or \
             `aws cloudformation deploy --s3-bucket`)"
        );
        Ok((bytes > DEFAULT_INLINE_BYTES_MAX).then_some(note))
    }
}

impl Flattening<'_> {
    /// The sections before the parameters.
    fn head(&self, parameters: &[(Node, Node)]) -> Vec<(Node, Node)> {
        let root = &self.tree.root().program.template.root;
        let is_kept = |name: &str| parameters.iter().any(|(key, _)| key.text() == Some(name));
        let mut head = Vec::new();
        if let Some((key, version)) = root.entry("AWSTemplateFormatVersion") {
            head.push((key.clone(), version.clone()));
        }
        if self.has_extensions() {
            head.push((text("Transform", root.span), text(LANGUAGE_EXTENSIONS, root.span)));
        }
        if let Some((key, description)) = root.entry("Description") {
            head.push((key.clone(), description.clone()));
        }
        if let Some((key, metadata)) = root.entry("Metadata") {
            head.push((key.clone(), sweep::interface(metadata, &is_kept)));
        }
        head
    }

    fn kept_mappings(&self, used: &Used) -> Vec<(Node, Node)> {
        let mut kept = Vec::new();
        let mut seen = HashSet::new();
        for stack in self.tree.stacks() {
            for (key, body) in stack.program.template.section("Mappings") {
                let flat = self.mapping(stack.id, key.text().unwrap_or_default());
                let Some(flat) = flat.filter(|flat| used.mappings.contains(flat)) else { continue };
                if seen.insert(flat.clone()) {
                    kept.push((text(flat, key.span), body.clone()));
                }
            }
        }
        kept
    }

    /// The parameters that something uses, with the constraints of those that they are passed to.
    fn kept_parameters(&self, used: &Used) -> Vec<(Node, Node)> {
        let mut kept = Vec::new();
        let mut gone = Vec::new();
        for (key, body) in self.tree.root().program.template.section("Parameters") {
            let name = key.text().unwrap_or_default();
            if !used.names.contains(name) {
                gone.push(format!("`{name}`"));
                continue;
            }
            let mut body = body.clone();
            if let crate::template::Value::Mapping(entries) = &mut body.value {
                for (constraint, value) in self.constraints_passed(name) {
                    if !entries.iter().any(|(key, _)| key.text() == constraint.text()) {
                        entries.push((constraint, value));
                    }
                }
            }
            kept.push((key.clone(), body));
        }
        if !gone.is_empty() {
            self.note(format!("nothing needs these parameters any more: {}", gone.join(", ")));
        }
        kept
    }

    /// Constraints of nested parameters that a parameter is always passed to as it is. One with constraints of its own
    /// keeps to them.
    fn constraints_passed(&self, name: &str) -> Vec<(Node, Node)> {
        let program = &self.tree.root().program;
        let section = program.template.section("Parameters");
        let own = section.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, body)| body);
        if own.is_some_and(|body| CONSTRAINTS.iter().any(|key| body.get(key).is_some())) {
            return Vec::new();
        }
        let kind = program.parameter(name).map(|parameter| parameter.kind.as_str());
        for (stack, parameter) in self.always_passed(name) {
            let section = self.stack(stack).program.template.section("Parameters");
            let Some((_, body)) = section.iter().find(|(key, _)| key.text() == Some(&parameter)) else { continue };
            let is_constraint = |key: &Node| key.text().is_some_and(|key| CONSTRAINTS.contains(&key));
            let entries = body.entries().iter();
            let found: Vec<(Node, Node)> = entries
                .filter(|(key, _)| is_constraint(key) || key.text() == Some("ConstraintDescription"))
                .cloned()
                .collect();
            if body.get("Type").and_then(Node::text) == kind && found.iter().any(|(key, _)| is_constraint(key)) {
                return found;
            }
        }
        Vec::new()
    }
}

/// Whatever the template names must be in it.
fn check_references(name: &str, used: &Used, resources: &[(Node, Node)], parameters: &[(Node, Node)]) -> Result<()> {
    let known: HashSet<&str> = resources.iter().chain(parameters).filter_map(|(key, _)| key.text()).collect();
    let mut unknown: Vec<&String> = used.names.iter().filter(|name| !name.starts_with("AWS::")).collect();
    unknown.retain(|name| !known.contains(name.as_str()));
    unknown.sort();
    match unknown.first() {
        Some(missing) => {
            let message = format!("`{missing}` is never made, but something refers to it");
            Err(crate::template::fault(name, Span::default().start, message))
        }
        None => Ok(()),
    }
}
