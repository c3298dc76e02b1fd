//! `TASKCAT_GENERAL_…`, `TASKCAT_PROJECT_…` and `TASKCAT_TESTS_…`.

use super::Layer;
use super::reader::Reader;
use super::section::{Sections, level};
use jqs_cfn::template;
use std::collections::BTreeMap;

const PREFIX: &str = "TASKCAT_";

/// What the variables say. Of tests they can say nothing that would not hold for all of them.
pub(super) fn read(variables: &BTreeMap<String, String>, problems: &mut Vec<String>) -> Sections {
    let mut sections = Sections::default();
    for (variable, value) in variables {
        let Some(rest) = variable.strip_prefix(PREFIX).map(str::to_ascii_lowercase) else { continue };
        let target = ["general", "project"].into_iter().find_map(|section| {
            let key = rest.strip_prefix(section)?.strip_prefix('_')?;
            Some((section, key.to_owned()))
        });
        let Some((section, key)) = target else { continue };
        let text = format!("{key}: {value}\n");
        let mut reader = Reader::new(variable, Layer::Environment);
        match template::parse(variable, &text) {
            Ok(node) => {
                let known: &[&str] = if section == "general" {
                    &["s3_bucket", "s3_regional_buckets", "regions"]
                } else {
                    &[
                        "name",
                        "owner",
                        "regions",
                        "az_blacklist",
                        "package_lambda",
                        "lambda_zip_path",
                        "lambda_source_path",
                        "s3_bucket",
                        "s3_regional_buckets",
                        "build_submodules",
                        "template",
                        "s3_enable_sig_v2",
                        "s3_object_acl",
                        "shorten_stack_name",
                        "role_name",
                        "org_id",
                    ]
                };
                let mut said = level(&mut reader, &node, "the environment", known);
                for place in places(&mut said) {
                    place.position = None;
                }
                if section == "general" { sections.general.overlay(said) } else { sections.project.overlay(said) }
            }
            Err(_) => reader.problems.push(format!("{variable}: the value cannot be read")),
        }
        problems.extend(reader.problems.into_iter().map(|problem| without_position(variable, &problem)));
    }
    sections
}

/// A variable has no lines.
fn without_position(variable: &str, problem: &str) -> String {
    let message = problem.splitn(4, ':').nth(3).map(str::trim).unwrap_or(problem);
    if problem.starts_with(variable) { format!("{variable}: {message}") } else { problem.to_owned() }
}

fn places(level: &mut super::level::Level) -> Vec<&mut super::Place> {
    let mut found = Vec::new();
    macro_rules! add {
        ($($field:ident),*) => { $(if let Some((_, place)) = &mut level.$field { found.push(place); })* };
    }
    add!(
        name,
        owner,
        regions,
        template,
        bucket,
        has_regional_buckets,
        object_acl,
        zones_excluded,
        role_name,
        shorten_stack_name,
        package,
        source_path,
        zip_path,
        with_submodules
    );
    found
}
