//! What can be proven of this one case without AWS: names within their limits, sizes, zones, what is reachable from where.

use super::Subject;
use super::finding::{About, Finding};
use jqs_cfn::eval::StackTree;
use jqs_cfn::prove::{self, Options, Severity, checks};
use std::sync::Arc;

/// What rests on lists of AWS that this version carries: a region may have got a type since.
const DATED: [&str; 2] = ["P901", "P902"];

pub(super) const TEMPLATES: About = About { id: "templates", title: "Templates" };

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    // It computes, and the runtime's threads have others to serve.
    let proven = tokio::task::spawn_blocking(move || prove_case(&subject)).await;
    proven.unwrap_or_else(|error| vec![TEMPLATES.unchecked(error.to_string())])
}

fn prove_case(subject: &Subject) -> Vec<Finding> {
    let tree = match StackTree::open_with(&subject.bundle, subject.entry, &subject.given.parameters) {
        Ok(tree) => tree,
        Err(error) => return vec![TEMPLATES.failed_by(&error)],
    };
    let options = Options {
        regions: vec![subject.given.region.clone()],
        fixed: subject.given.parameters.clone(),
        stack_name: subject.stack_name.clone(),
        ..Options::default()
    };
    let all: Vec<_> = checks::ALL.iter().collect();
    let proof = prove::prove(&tree, &all, &options);
    let told = proof.open().filter(|finding| finding.check.severity > Severity::Info);
    let findings: Vec<Finding> = told
        .map(|finding| {
            let found = format!("{}: {}, {}", finding.check.id, finding.path, finding.problem.message);
            let is_error = finding.check.severity == Severity::Error && !DATED.contains(&finding.check.id);
            let found = if is_error { TEMPLATES.failed(found) } else { TEMPLATES.warning(found) };
            match &finding.problem.hint {
                Some(hint) => found.advice(hint.clone()),
                None => found.advice(format!("`jqs prove --explain {}` says why", finding.check.id)),
            }
        })
        .collect();
    if findings.is_empty() {
        return vec![TEMPLATES.ok(format!("{} checks hold for these parameters", checks::ALL.len()))];
    }
    findings
}
