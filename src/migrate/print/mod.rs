//! The new task definitions in the words of those who keep them in code.

mod cloudformation;
mod terraform;
#[cfg(test)]
mod tests;

use super::assess::{Assessment, Plan, Standing};
use super::definition::TAG_FROM;
use super::show::short;
use crate::exit::Exit;
use crate::printer::Printer;
use clap::ValueEnum;
use jqs_cfn::Result;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    Terraform,
    #[value(name = "cloudformation")]
    CloudFormation,
}

#[derive(Serialize)]
struct Printed<'a> {
    language: Language,
    services: Vec<&'a str>,
    text: &'a str,
}

pub(crate) fn print(printer: &Printer, language: Language, assessments: &[Assessment]) -> Result<Exit> {
    let mut written = Vec::new();
    for assessment in assessments {
        match &assessment.standing {
            Standing::Ready(plan) => written.push((assessment, plan.as_ref())),
            Standing::Blocked(plan) => {
                for obstacle in &plan.rewrite.obstacles {
                    printer.warning(&format!(
                        "{} is left out: {}: {}",
                        assessment.name(),
                        obstacle.message,
                        obstacle.remedy
                    ));
                }
            }
            _ => {}
        }
    }
    if written.is_empty() {
        printer.note("There is no service to migrate.");
        return Ok(Exit::Done);
    }
    let resources: Vec<Resource> = written.iter().map(|(assessment, plan)| Resource::new(assessment, plan)).collect();
    let text = match language {
        Language::Terraform => terraform::write(&resources),
        Language::CloudFormation => cloudformation::write(&resources)?,
    };
    if printer.is_json() {
        let services = written.iter().map(|(assessment, _)| assessment.name()).collect();
        printer.document(&Printed { language, services, text: &text });
    } else {
        printer.data(text.trim_end());
    }
    Ok(Exit::Done)
}

/// A task definition that is to be written.
struct Resource {
    service: String,
    /// What somebody should know who takes it over.
    remarks: Vec<String>,
    /// As `RegisterTaskDefinition` takes it, with tags.
    body: Value,
}

impl Resource {
    fn new(assessment: &Assessment, plan: &Plan) -> Self {
        let sidecars = plan.sidecars.iter().map(|each| format!("`{}`", each.container)).collect::<Vec<_>>().join(", ");
        let (name, revision) = (assessment.name(), short(&assessment.definition.arn));
        let mut remarks = vec![format!("Service `{name}`: {revision} without its sidecar {sidecars}.")];
        let forced = plan.rewrite.obstacles.iter().map(|each| format!("forced: {}: {}", each.message, each.remedy));
        remarks.extend(plan.rewrite.notes.iter().map(|note| format!("note: {note}")).chain(forced));
        let mut body = plan.rewrite.body.clone();
        let tags = plan.tags.iter().filter(|(key, _)| *key != TAG_FROM);
        let tags: Vec<Value> = tags.map(|(key, value)| json!({"key": key, "value": value})).collect();
        if !tags.is_empty() {
            body["tags"] = Value::Array(tags);
        }
        for container in body.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(fields) = container.as_object_mut() {
                // ECS tells lists that nobody has given.
                fields.retain(|_, value| !value.as_array().is_some_and(Vec::is_empty));
            }
        }
        Self { service: name.to_owned(), remarks, body }
    }
}
