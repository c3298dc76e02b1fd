//! Updates: what a plan for other parameters would do, and that it succeeds; and that a plan for the same does nothing.

use super::{Subject, discard, missed, of_result, outputs, told};
use crate::config::UpdateAssertion;
use crate::run::AssertionResult;
use crate::run::poller::Goal;
use jqs_cfn::parameters::ParameterValue;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::change_set::{self, Action, Change, ChangeSet, ChangeSetRequest, OnFailure, Outcome, TemplateSource};
use jqs_stacks::stack;
use std::collections::BTreeMap;

/// Stands for every resource.
const ALL: &str = "*";

pub(super) async fn is_idempotent(subject: &Subject<'_>) -> Result<String> {
    match plan(subject, &BTreeMap::new()).await? {
        None => Ok("nothing would change".to_owned()),
        Some(found) => {
            discard(subject, &found).await;
            let paths: Vec<String> = flat(&found.changes).into_iter().map(|(path, _)| format!("`{path}`")).collect();
            Err(told(format!("it would change {}", paths.join(", "))))
        }
    }
}

pub(super) async fn check(subject: &mut Subject<'_>, update: &UpdateAssertion) -> Vec<AssertionResult> {
    let name = &update.name;
    let Some(parameters) = subject.updates.get(name).cloned() else {
        return vec![missed(name, "its parameters are not known".to_owned())];
    };
    let found = match plan(subject, &parameters).await {
        Ok(Some(found)) => found,
        Ok(None) => return vec![missed(name, "it would change nothing".to_owned())],
        Err(error) => return vec![missed(name, error.full())],
    };
    let changes = flat(&found.changes);
    let mut results = Vec::new();
    for id in &update.not_replaced {
        let is_meant = |path: &str| id == ALL || path == id;
        let replaced: Vec<&str> = changes
            .iter()
            .filter(|(path, change)| is_meant(path) && matches!(change.action, Action::Replace | Action::Remove))
            .map(|(path, _)| path.as_str())
            .collect();
        let what = if id == ALL { "nothing".to_owned() } else { format!("`{id}` not") };
        let result = match replaced.as_slice() {
            [] => Ok("none of it is".to_owned()),
            paths => Err(told(format!("it would replace `{}`", paths.join("`, `")))),
        };
        results.push(of_result(format!("{name} replaces {what}"), result));
    }
    for id in &update.changes {
        let result = match changes.iter().any(|(path, _)| path == id) {
            true => Ok("it does".to_owned()),
            false => Err(told("it would leave it as it is".to_owned())),
        };
        results.push(of_result(format!("{name} changes `{id}`"), result));
    }
    if results.iter().any(|result| !result.is_met) {
        discard(subject, &found).await;
        return results;
    }
    let executed = execute(subject, &found).await;
    let has_succeeded = executed.is_ok();
    results.push(of_result(format!("{name} succeeds"), executed));
    if has_succeeded {
        results.extend(outputs::check(subject, &update.outputs).await);
    }
    results
}

async fn plan(subject: &Subject<'_>, parameters: &BTreeMap<String, String>) -> Result<Option<ChangeSet>> {
    let session = &subject.site.session;
    let given = parameters.iter().map(|(key, value)| ParameterValue::new(key, value));
    let rest = subject.stack.parameters.keys().filter(|key| !parameters.contains_key(*key));
    let request = ChangeSetRequest {
        stack_name: subject.stack.id.clone(),
        change_set_name: format!("{}assert-{}", change_set::NAME_PREFIX, uuid::Uuid::new_v4().simple()),
        creates: false,
        template: TemplateSource::Previous,
        parameters: given.chain(rest.map(ParameterValue::previous)).collect(),
        tags: subject.tags.clone(),
        on_failure: OnFailure::Rollback,
    };
    let asked = change_set::create(session, &request).await?;
    match change_set::settle(session, asked.clone(), &|_| ()).await? {
        Outcome::Changes(found) => Ok(Some(found)),
        Outcome::Nothing => {
            discard(subject, &asked).await;
            Ok(None)
        }
    }
}

async fn execute(subject: &mut Subject<'_>, found: &ChangeSet) -> Result<String> {
    let site = subject.site;
    let before = stack::get(&site.session, &subject.stack.id).await?.updated;
    change_set::execute(&site.session, found).await?;
    let after = site.poller.ended(&subject.stack.id, Goal::Updated(before), None).await?;
    if after.status != "UPDATE_COMPLETE" {
        let reason = after.reason.clone().unwrap_or_else(|| "AWS gave no reason".to_owned());
        return Err(Error::new(ErrorKind::StackFailed, format!("the stack is {}", after.status)).because(reason));
    }
    subject.stack = after;
    Ok("the stack is UPDATE_COMPLETE".to_owned())
}

/// Each change with its path; of a nested stack, what is in it.
fn flat(changes: &[Change]) -> Vec<(String, &Change)> {
    let mut found = Vec::new();
    for change in changes {
        found.push((change.logical_id.clone(), change));
        let below = flat(&change.children).into_iter();
        found.extend(below.map(|(path, inner)| (format!("{}/{path}", change.logical_id), inner)));
    }
    found
}
