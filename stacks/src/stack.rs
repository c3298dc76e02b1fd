//! What a stack is and has: state, parameters, outputs, resources of itself and of all stacks nested in it.

use crate::aws_error;
use crate::session::Session;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types;
use jqs_cfn::template::NESTED_STACK;
use jqs_cfn::{Error, ErrorKind, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// Deeper than any stack may be nested in practice; a limit, so that a loop in the answers ends.
pub const DEFAULT_NESTING_MAX: usize = 8;

#[derive(Debug, Clone, Default, Serialize)]
pub struct Stack {
    pub id: String,
    pub name: String,
    pub status: String,
    pub reason: Option<String>,
    pub parameters: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub is_nested: bool,
    #[serde(skip)]
    pub parent_id: Option<String>,
    pub created: Option<String>,
    pub updated: Option<String>,
    pub drift: LastDrift,
}

/// What the last look for drift has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LastDrift {
    /// `NOT_CHECKED`, `IN_SYNC`, `DRIFTED` or `UNKNOWN`
    pub status: String,
    pub checked: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct StackResource {
    /// Logical ids from the root stack down to this resource.
    pub path: Vec<String>,
    pub kind: String,
    pub physical_id: String,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The stack that it is in.
    #[serde(skip)]
    pub stack_id: String,
}

/// What the state of a stack allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    Updatable,
    /// A change set was made and never executed: there is nothing in it.
    Empty,
    /// An operation is going on.
    Busy,
    /// Its creation failed: it can only be deleted.
    Dead,
    /// The rollback of an update failed: it has to end before anything else is done.
    Stuck,
}

impl Stack {
    pub fn readiness(&self) -> Readiness {
        readiness(&self.status)
    }

    /// The operation ended, and well.
    pub fn succeeded(&self) -> bool {
        self.status.ends_with("_COMPLETE") && !self.status.contains("ROLLBACK")
    }
}

pub fn readiness(status: &str) -> Readiness {
    match status {
        "REVIEW_IN_PROGRESS" => Readiness::Empty,
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED" => Readiness::Dead,
        "UPDATE_ROLLBACK_FAILED" => Readiness::Stuck,
        _ if status.ends_with("_IN_PROGRESS") => Readiness::Busy,
        _ => Readiness::Updatable,
    }
}

/// The stack of that name or id; nothing where there is none. A deleted one is found by its id alone.
pub async fn find(session: &Session, name: &str) -> Result<Option<Stack>> {
    match session.cloudformation.describe_stacks().stack_name(name).send().await {
        Ok(answer) => Ok(answer.stacks().first().map(Stack::from)),
        Err(failure) if is_absent(&failure) => Ok(None),
        Err(failure) => Err(aws_error(format!("describe the stack `{name}`"), failure)),
    }
}

pub async fn get(session: &Session, name: &str) -> Result<Stack> {
    let found = find(session, name).await?;
    found.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("there is no stack `{name}` in `{}`", session.region))
            .hint("name it with `--name`, and its region with `--region`")
    })
}

/// CloudFormation says "does not exist" in a `ValidationError`: only the words tell it from other faults.
pub(crate) fn is_absent(failure: &impl ProvideErrorMetadata) -> bool {
    failure.code() == Some("ValidationError") && failure.message().is_some_and(|text| text.contains("does not exist"))
}

/// All stacks of the region that are there.
pub async fn list(session: &Session) -> Result<Vec<Stack>> {
    Ok(list_counted(session).await?.0)
}

/// The same, and how many calls that took.
pub async fn list_counted(session: &Session) -> Result<(Vec<Stack>, usize)> {
    let mut stacks = Vec::new();
    let mut calls = 0;
    let mut pages = session.cloudformation.describe_stacks().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|failure| aws_error("list the stacks of the region", failure))?;
        stacks.extend(page.stacks().iter().map(Stack::from));
        calls += 1;
    }
    stacks.retain(|stack| stack.status != "DELETE_COMPLETE");
    Ok((stacks, calls))
}

/// The resources of the stack and of all stacks nested in it, parents before children.
pub async fn resources(session: &Session, stack: &str) -> Result<Vec<StackResource>> {
    let mut found = Vec::new();
    let mut open = vec![(stack.to_owned(), Vec::<String>::new())];
    while let Some((id, path)) = open.pop() {
        let mut pages = session.cloudformation.list_stack_resources().stack_name(&id).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(failure) if is_absent(&failure) => break,
                other => other.map_err(|failure| aws_error(format!("list the resources of `{id}`"), failure))?,
            };
            for summary in page.stack_resource_summaries() {
                let resource = StackResource::new(summary, &id, &path);
                let is_gone = resource.status == "DELETE_COMPLETE";
                if resource.kind == NESTED_STACK
                    && !is_gone
                    && !resource.physical_id.is_empty()
                    && path.len() < DEFAULT_NESTING_MAX
                {
                    open.push((resource.physical_id.clone(), resource.path.clone()));
                }
                if !is_gone {
                    found.push(resource);
                }
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Those of `resources` at which an operation failed; nested stacks only repeat what is in them.
pub fn failed(resources: &[StackResource]) -> impl Iterator<Item = &StackResource> {
    resources.iter().filter(|resource| resource.status.ends_with("_FAILED") && resource.kind != NESTED_STACK)
}

impl StackResource {
    fn new(summary: &types::StackResourceSummary, stack_id: &str, parent: &[String]) -> Self {
        let mut path = parent.to_vec();
        path.push(summary.logical_resource_id().unwrap_or_default().to_owned());
        Self {
            path,
            kind: summary.resource_type().unwrap_or_default().to_owned(),
            physical_id: summary.physical_resource_id().unwrap_or_default().to_owned(),
            status: summary.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: summary.resource_status_reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
            stack_id: stack_id.to_owned(),
        }
    }
}

impl From<&types::Stack> for Stack {
    fn from(stack: &types::Stack) -> Self {
        let pair =
            |key: Option<&str>, value: Option<&str>| Some((key?.to_owned(), value.unwrap_or_default().to_owned()));
        let text = |time: &aws_sdk_cloudformation::primitives::DateTime| {
            jiff::Timestamp::from_second(time.secs()).ok().map(|time| time.to_string())
        };
        let drift = stack.drift_information();
        let drift_status = drift.and_then(|drift| drift.stack_drift_status()).map(|status| status.as_str());
        Self {
            id: stack.stack_id().unwrap_or_default().to_owned(),
            name: stack.stack_name().unwrap_or_default().to_owned(),
            status: stack.stack_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: stack.stack_status_reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
            parameters: stack
                .parameters()
                .iter()
                .filter_map(|parameter| pair(parameter.parameter_key(), parameter.parameter_value()))
                .collect(),
            outputs: stack
                .outputs()
                .iter()
                .filter_map(|output| pair(output.output_key(), output.output_value()))
                .collect(),
            tags: stack.tags().iter().filter_map(|tag| pair(tag.key(), tag.value())).collect(),
            is_nested: stack.parent_id().is_some(),
            parent_id: stack.parent_id().map(str::to_owned),
            created: stack.creation_time().and_then(text),
            updated: stack.last_updated_time().and_then(text),
            drift: LastDrift {
                status: drift_status.unwrap_or("NOT_CHECKED").to_owned(),
                checked: drift.and_then(|drift| drift.last_check_timestamp()).and_then(text),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_decides_what_may_be_done() {
        for (status, expected) in [
            ("CREATE_COMPLETE", Readiness::Updatable),
            ("UPDATE_ROLLBACK_COMPLETE", Readiness::Updatable),
            ("REVIEW_IN_PROGRESS", Readiness::Empty),
            ("ROLLBACK_COMPLETE", Readiness::Dead),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Readiness::Busy),
            ("DELETE_IN_PROGRESS", Readiness::Busy),
            ("UPDATE_FAILED", Readiness::Updatable),
            ("UPDATE_ROLLBACK_FAILED", Readiness::Stuck),
        ] {
            assert_eq!(readiness(status), expected, "{status}");
        }
    }
}
