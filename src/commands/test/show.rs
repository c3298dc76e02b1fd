//! `jqs test show`: what would run, and who says so.

use super::project::ProjectArgs;
use crate::context::Context;
use crate::exit::Exit;
use jqs_cfn::Result;
use jqs_taskcat::config::BucketChoice;
use jqs_taskcat::matrix;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Shown {
    test: String,
    template: String,
    regions: Vec<String>,
    stack_name: String,
    bucket: String,
    parameters: BTreeMap<String, ShownParameter>,
    tags: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct ShownParameter {
    value: String,
    said_in: String,
}

pub(crate) async fn show(context: &Context, arguments: &ProjectArgs) -> Result<Exit> {
    let matrix = arguments.matrix(context)?;
    let printer = &context.printer;
    let mut all = Vec::new();
    for cases in matrix.cases.chunk_by(|one, other| one.test.name == other.test.name) {
        let test = &cases[0].test;
        let parameters = test.parameters.iter().map(|(name, setting)| {
            (name.clone(), ShownParameter { value: setting.value.clone(), said_in: setting.place.to_string() })
        });
        all.push(Shown {
            test: test.name.clone(),
            template: test.template.display().to_string(),
            regions: cases.iter().map(|case| case.region.clone()).collect(),
            stack_name: matrix::stack_name(&matrix.config, test, "RUN")?,
            bucket: match &test.bucket {
                BucketChoice::Auto => "made by the run where it is needed".to_owned(),
                BucketChoice::Named(name) => name.clone(),
                BucketChoice::NamedByRegion(name) => format!("{name}-REGION"),
            },
            parameters: parameters.collect(),
            tags: test.tags.clone(),
        });
    }
    if printer.is_json() {
        printer.document(&all);
        return Ok(Exit::Done);
    }
    for one in &all {
        printer.data(&format!("{}  {}  in {}", one.test, one.template, one.regions.join(", ")));
        printer.data(&format!("  stack {}, bucket: {}", one.stack_name, one.bucket));
        let names = one.parameters.keys().map(String::len).max().unwrap_or_default();
        let values = one.parameters.values().map(|one| one.value.chars().count()).max().unwrap_or_default().min(60);
        for (name, parameter) in &one.parameters {
            printer.data(&format!("  {name:names$}  {:values$}  {}", parameter.value, parameter.said_in));
        }
    }
    let regions: std::collections::BTreeSet<&String> = matrix.cases.iter().map(|case| &case.region).collect();
    printer.note(&format!("{} tests, {} stacks in {} regions", all.len(), matrix.cases.len(), regions.len()));
    Ok(Exit::Done)
}
