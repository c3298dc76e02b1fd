//! A change set over all nested stacks: made, waited for, read as a tree, executed or thrown away.

mod change;

pub use change::{Action, Change, Fate, PropertyChange};

use crate::aws_error;
use crate::patience::{Loss, Patience};
use crate::refusal;
use crate::session::Session;
use crate::stack::{self, DEFAULT_NESTING_MAX, Readiness};
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, ExecutionStatus, OnStackFailure, Parameter, Tag,
};
use jqs_cfn::parameters::ParameterValue;
use jqs_cfn::{Error, ErrorKind, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

pub const DEFAULT_CREATION_WAIT_SECONDS: u64 = 900;
/// What the names of our change sets begin with.
pub const NAME_PREFIX: &str = "jqs-";

#[derive(Debug, Clone)]
pub enum TemplateSource {
    Url(String),
    /// The template that the stack has.
    Previous,
}

#[derive(Debug, Clone)]
pub struct ChangeSetRequest {
    pub stack_name: String,
    pub change_set_name: String,
    pub creates: bool,
    pub template: TemplateSource,
    pub parameters: Vec<ParameterValue>,
    pub tags: BTreeMap<String, String>,
    pub on_failure: OnFailure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    Rollback,
    /// Leave everything as it failed, to look at it.
    Keep,
    /// Delete a stack whose creation failed.
    Delete,
}

#[derive(Debug, Clone, Serialize)]
pub struct ChangeSet {
    pub id: String,
    pub name: String,
    pub stack_id: String,
    pub creates: bool,
    pub changes: Vec<Change>,
}

/// What came of asking for changes.
#[derive(Debug, Clone)]
pub enum Outcome {
    Changes(ChangeSet),
    Nothing,
}

/// Asks for the change set. It exists from here on: whoever stops must `discard` it.
pub async fn create(session: &Session, request: &ChangeSetRequest) -> Result<ChangeSet> {
    let mut call = session
        .cloudformation
        .create_change_set()
        .stack_name(&request.stack_name)
        .change_set_name(&request.change_set_name)
        // A call that is sent again because its answer was lost must not be taken for a second one.
        .client_token(&request.change_set_name)
        .change_set_type(if request.creates { ChangeSetType::Create } else { ChangeSetType::Update })
        .include_nested_stacks(true)
        .capabilities(Capability::CapabilityIam)
        .capabilities(Capability::CapabilityNamedIam)
        .capabilities(Capability::CapabilityAutoExpand)
        .on_stack_failure(match request.on_failure {
            OnFailure::Delete if request.creates => OnStackFailure::Delete,
            OnFailure::Keep => OnStackFailure::DoNothing,
            OnFailure::Rollback | OnFailure::Delete => OnStackFailure::Rollback,
        });
    call = match &request.template {
        TemplateSource::Url(url) => call.template_url(url),
        TemplateSource::Previous => call.use_previous_template(true),
    };
    for value in &request.parameters {
        let parameter = Parameter::builder()
            .parameter_key(&value.parameter_key)
            .set_parameter_value(value.parameter_value.clone())
            .set_use_previous_value(value.use_previous_value.then_some(true));
        call = call.parameters(parameter.build());
    }
    for (key, value) in &request.tags {
        call = call.tags(Tag::builder().key(key).value(value).build());
    }
    let answer = call.send().await.map_err(|failure| aws_error("make the change set", failure))?;
    tracing::debug!(id = answer.id(), stack = answer.stack_id(), "asked for a change set");
    Ok(ChangeSet {
        id: answer.id().unwrap_or_default().to_owned(),
        name: request.change_set_name.clone(),
        stack_id: answer.stack_id().unwrap_or_default().to_owned(),
        creates: request.creates,
        changes: Vec::new(),
    })
}

/// Told of each answer: what is lost, or that nothing is.
type Tell<'a> = &'a (dyn Fn(Option<&Loss>) + Send + Sync);

/// Waits until AWS has worked out the changes, and reads them, nested stacks included.
pub async fn settle(session: &Session, mut change_set: ChangeSet, tell: Tell<'_>) -> Result<Outcome> {
    let pages = wait(session, &change_set.id, tell).await?;
    let Some(first) = pages.first() else { return Ok(Outcome::Nothing) };
    if first.status() == Some(&ChangeSetStatus::Failed) {
        let reason = first.status_reason().unwrap_or("AWS gave no reason").to_owned();
        if says_no_changes(&reason) {
            return Ok(Outcome::Nothing);
        }
        return match nested_failure(session, &change_set.id, &reason).await? {
            NestedFailure::NoChanges => Ok(Outcome::Nothing),
            NestedFailure::Because(reason, id) => {
                // Of a validation that failed, the change set says no more than its name.
                let refusals = refusal::of_change_set(session, &id).await;
                let told = refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
                let reason = if told.is_empty() { reason } else { told };
                Err(Error::new(ErrorKind::ChangeSetFailed, "AWS refuses the changes").because(reason))
            }
        };
    }
    change_set.changes = read(session, pages, 0, tell).await?;
    Ok(if change_set.changes.is_empty() { Outcome::Nothing } else { Outcome::Changes(change_set) })
}

/// CloudFormation has no code for this, only these words.
fn says_no_changes(reason: &str) -> bool {
    reason.contains("The submitted information didn't contain changes")
        || reason.contains("No updates are to be performed")
}

enum NestedFailure {
    NoChanges,
    /// With the change set that says so.
    Because(String, String),
}

/// The reason of a parent is only "nested change set ARN was not successfully created": the true one is in the child.
async fn nested_failure(session: &Session, id: &str, reason: &str) -> Result<NestedFailure> {
    let (mut own, mut reason) = (id.to_owned(), reason.to_owned());
    for _ in 0..DEFAULT_NESTING_MAX {
        let Some(id) = nested_change_set(&reason) else { break };
        let Ok(answer) = session.cloudformation.describe_change_set().change_set_name(id).send().await else { break };
        let Some(inner) = answer.status_reason() else { break };
        if says_no_changes(inner) {
            return Ok(NestedFailure::NoChanges);
        }
        (own, reason) = (id.to_owned(), inner.to_owned());
    }
    Ok(NestedFailure::Because(reason, own))
}

fn nested_change_set(reason: &str) -> Option<&str> {
    reason.split_whitespace().find(|word| word.starts_with("arn:") && word.contains(":changeSet/"))
}

async fn wait(session: &Session, id: &str, tell: Tell<'_>) -> Result<Vec<DescribeChangeSetOutput>> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(DEFAULT_CREATION_WAIT_SECONDS);
    let mut pause = Duration::ZERO;
    loop {
        let pages = patiently(session, id, tell).await?;
        let status = pages.first().and_then(DescribeChangeSetOutput::status);
        if !matches!(status, Some(ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress)) {
            return Ok(pages);
        }
        if tokio::time::Instant::now() > deadline {
            return Err(Error::new(
                ErrorKind::TimedOut,
                format!("AWS has not worked out the changes within {DEFAULT_CREATION_WAIT_SECONDS} seconds"),
            ));
        }
        pause = session.pace.slower(pause);
        tokio::time::sleep(pause).await;
    }
}

async fn describe(session: &Session, id: &str) -> Result<Vec<DescribeChangeSetOutput>> {
    let mut pages = Vec::new();
    let mut token = None;
    loop {
        let call = session.cloudformation.describe_change_set().change_set_name(id).include_property_values(true);
        let call = call.set_next_token(token);
        let page = call.send().await.map_err(|failure| aws_error("read the change set", failure))?;
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        pages.push(page);
        if token.is_none() {
            return Ok(pages);
        }
    }
}

/// Outlives what passes: AWS works the changes out meanwhile.
async fn patiently(session: &Session, id: &str, tell: Tell<'_>) -> Result<Vec<DescribeChangeSetOutput>> {
    let mut patience = Patience::default();
    loop {
        match describe(session, id).await {
            Ok(pages) => {
                tell(None);
                return Ok(pages);
            }
            Err(error) => tell(Some(&patience.tolerate(session, error).await?)),
        }
        tokio::time::sleep(session.pace.max).await;
    }
}

async fn read(
    session: &Session,
    pages: Vec<DescribeChangeSetOutput>,
    depth: usize,
    tell: Tell<'_>,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let entries = pages.iter().flat_map(DescribeChangeSetOutput::changes);
    for entry in entries.filter_map(|change| change.resource_change()) {
        let mut change = Change::from(entry);
        // Nested change sets exist where the service made them; a removed nested stack has none.
        if let Some(nested) = entry.change_set_id().filter(|id| !id.is_empty() && depth < DEFAULT_NESTING_MAX) {
            let pages = patiently(session, nested, tell).await?;
            change.children = Box::pin(read(session, pages, depth + 1, tell)).await?;
        }
        changes.push(change);
    }
    changes.sort_by(|one, other| one.logical_id.cmp(&other.logical_id));
    Ok(changes)
}

/// The change set of an earlier plan, if it can still be executed as it was approved.
pub async fn recall(session: &Session, id: &str, creates: bool) -> Result<ChangeSet> {
    let pages = describe(session, id).await?;
    let Some(first) = pages.first() else { return Err(gone("AWS does not know it any more")) };
    if first.execution_status() != Some(&ExecutionStatus::Available) {
        return Err(gone(match first.execution_status() {
            Some(ExecutionStatus::ExecuteInProgress) => "it is being executed",
            Some(ExecutionStatus::ExecuteComplete | ExecutionStatus::ExecuteFailed) => "it has been executed before",
            _ => "the stack has moved since",
        }));
    }
    let stack_id = first.stack_id().unwrap_or_default().to_owned();
    let name = first.change_set_name().unwrap_or_default().to_owned();
    let changes = read(session, pages, 0, &|_| ()).await?;
    Ok(ChangeSet { id: id.to_owned(), name, stack_id, creates, changes })
}

fn gone(why: &str) -> Error {
    Error::new(ErrorKind::Refused, "the plan can no longer be executed").because(why).hint("plan again")
}

pub async fn execute(session: &Session, change_set: &ChangeSet) -> Result<()> {
    let call = session.cloudformation.execute_change_set().change_set_name(&change_set.id);
    call.client_request_token(&change_set.name).send().await.map_err(|failure| {
        let is_obsolete = failure.code() == Some("InvalidChangeSetStatus");
        let error = aws_error("execute the change set", failure);
        match is_obsolete {
            true => error.hint("the stack has changed since the plan was made: run the command again for a new one"),
            false => error,
        }
    })?;
    Ok(())
}

/// Whether all change sets of a stack are ours. One that was only planned has no tags to tell whose it is.
pub async fn are_ours(session: &Session, stack_id: &str) -> Result<bool> {
    Ok(names(session, stack_id).await?.iter().all(|name| name.starts_with(NAME_PREFIX)))
}

async fn names(session: &Session, stack_id: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut pages = session.cloudformation.list_change_sets().stack_name(stack_id).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|failure| aws_error("list the change sets of the stack", failure))?;
        found.extend(page.summaries().iter().filter_map(|summary| summary.change_set_name()).map(str::to_owned));
    }
    Ok(found)
}

/// Removes the change set, and the empty stack that AWS made to hold it, unless it holds another plan as well.
pub async fn discard(session: &Session, change_set: &ChangeSet) -> Result<()> {
    let call = session.cloudformation.delete_change_set().change_set_name(&change_set.id);
    match call.send().await {
        Err(failure) if stack::is_absent(&failure) => {}
        other => {
            other.map_err(|failure| aws_error("delete the change set", failure))?;
        }
    }
    if !change_set.creates {
        return Ok(());
    }
    match stack::find(session, &change_set.stack_id).await? {
        Some(stack) if stack.readiness() == Readiness::Empty => {
            let others = names(session, &change_set.stack_id).await?;
            if others.iter().any(|name| *name != change_set.name) {
                return Ok(());
            }
            crate::delete::delete(session, &change_set.stack_id, false).await
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_wordings_of_no_change_are_known() {
        assert!(says_no_changes(
            "The submitted information didn't contain changes. Submit different information to create a change set."
        ));
        assert!(says_no_changes("No updates are to be performed."));
        assert!(!says_no_changes("Parameters: [X] must have values"));
    }

    #[test]
    fn the_nested_change_set_is_found_in_the_reason() {
        let id = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/a/b";
        let reason = format!("Nested change set {id} was not successfully created: Currently in FAILED.");
        assert_eq!(nested_change_set(&reason), Some(id));
        assert_eq!(nested_change_set("No updates are to be performed."), None);
    }
}
