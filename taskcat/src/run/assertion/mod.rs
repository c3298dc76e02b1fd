//! What must hold of a stack that is up: each assertion is checked, whatever becomes of the others.

mod outputs;
mod resources;
mod updates;

use super::hook;
use super::{AssertionResult, Site};
use crate::config::Assertions;
use jqs_cfn::Result;
use jqs_stacks::stack::{self, Stack, StackResource};
use jqs_stacks::{change_set, drift};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The stack that is looked at.
pub struct Subject<'a> {
    pub site: &'a Site,
    pub root: &'a Path,
    pub stack: Stack,
    /// Names of parameters and outputs whose values nobody is to see.
    pub secrets: BTreeSet<String>,
    pub tags: BTreeMap<String, String>,
    /// What hooks and commands are told.
    pub input: Value,
    /// Has resolved the parameters of updates, by the name of the update.
    pub updates: BTreeMap<String, BTreeMap<String, String>>,
}

pub async fn check(subject: &mut Subject<'_>, assertions: &Assertions) -> Vec<AssertionResult> {
    let mut results = outputs::check(subject, &assertions.outputs).await;
    if !assertions.resources.is_empty() {
        results.extend(match stack::resources(&subject.site.session, &subject.stack.id).await {
            Ok(found) => resources::check(subject, &assertions.resources, &found).await,
            Err(error) => vec![missed("resources", error.full())],
        });
    }
    for command in &assertions.commands {
        let name = format!("command `{}`", shown(&command.name));
        let ran = hook::run(command, subject.root, &subject.input, &variables(subject)).await;
        results.push(of_result(name, ran.map(|_| "it has succeeded".to_owned())));
    }
    if assertions.is_idempotent {
        results.push(of_result("a second deployment changes nothing", updates::is_idempotent(subject).await));
    }
    if assertions.has_no_drift {
        results.push(of_result("nothing has drifted", no_drift(subject).await));
    }
    for update in &assertions.updates {
        results.extend(updates::check(subject, update).await);
    }
    results
}

/// The environment of hooks and commands.
pub fn variables(subject: &Subject<'_>) -> Vec<(String, String)> {
    let identity = &subject.site.identity;
    let mut all = vec![
        ("AWS_REGION".to_owned(), identity.region.clone()),
        ("AWS_DEFAULT_REGION".to_owned(), identity.region.clone()),
        ("STACK_NAME".to_owned(), subject.stack.name.clone()),
        ("STACK_ID".to_owned(), subject.stack.id.clone()),
    ];
    all.extend(subject.site.session.profile().map(|profile| ("AWS_PROFILE".to_owned(), profile.to_owned())));
    all.extend(subject.stack.outputs.iter().map(|(key, value)| (format!("OUTPUT_{key}"), value.clone())));
    all
}

async fn no_drift(subject: &Subject<'_>) -> Result<String> {
    let session = &subject.site.session;
    let resources: Vec<StackResource> = stack::resources(session, &subject.stack.id).await?;
    let report = drift::detect(session, &subject.stack.id, &resources).await?;
    if report.drifts.is_empty() {
        return Ok(format!("{} resources are as they were made", report.compared));
    }
    let paths: Vec<String> = report.drifts.iter().map(|one| format!("`{}`", one.path.join("/"))).collect();
    Err(told(format!("these have drifted: {}", paths.join(", "))))
}

/// A sentence as an error, for what is not met.
fn told(text: String) -> jqs_cfn::Error {
    jqs_cfn::Error::new(jqs_cfn::ErrorKind::StackFailed, text)
}

fn of_result(name: impl Into<String>, result: Result<String>) -> AssertionResult {
    match result {
        Ok(said) => AssertionResult { name: name.into(), is_met: true, said },
        Err(error) => missed(name, error.full()),
    }
}

fn missed(name: impl Into<String>, said: String) -> AssertionResult {
    AssertionResult { name: name.into(), is_met: false, said }
}

/// A command line as one line that is not too long.
fn shown(name: &str) -> String {
    const LETTERS_MAX: usize = 60;
    let line = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix("sh -c ").unwrap_or(&line).to_owned();
    match line.char_indices().nth(LETTERS_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// A plan that nobody executes leaves nothing behind.
async fn discard(subject: &Subject<'_>, plan: &change_set::ChangeSet) {
    if let Err(error) = change_set::discard(&subject.site.session, plan).await {
        tracing::warn!(plan = plan.name, "a plan of an assertion stays: {}", error.full());
    }
}
