//! What `DescribeEvents` alone tells: which property a validation refused, and which hook failed, and why. For watching it brings
//! nothing over `DescribeStackEvents`: every nested stack is an operation of its own, so one call tells of one stack either way.
//! Where an endpoint does not know it, or the caller may not use it, there is nothing more to tell.

use crate::session::Session;
use aws_sdk_cloudformation::types::{EventFilter, EventType, HookFailureMode, OperationEvent};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub logical_id: String,
    pub kind: String,
    /// The validation or the hook.
    pub by: String,
    /// The place in the template that was validated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { logical_id, kind, by, place, reason } = self;
        let place = place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
        write!(formatter, "{logical_id} ({kind}){place}: {reason} [{by}]")
    }
}

/// Why a change set was refused.
pub async fn of_change_set(session: &Session, id: &str) -> Vec<Refusal> {
    read(session, |call| call.change_set_name(id), None).await
}

/// What refused something in a stack since then.
pub async fn of_stack(session: &Session, id: &str, since: Timestamp) -> Vec<Refusal> {
    read(session, |call| call.stack_name(id), Some(since)).await
}

type Call = aws_sdk_cloudformation::operation::describe_events::builders::DescribeEventsFluentBuilder;

async fn read(session: &Session, of: impl FnOnce(Call) -> Call, since: Option<Timestamp>) -> Vec<Refusal> {
    let failed = EventFilter::builder().failed_events(true).build();
    let mut pages = of(session.cloudformation.describe_events()).filters(failed).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(failure) => {
                tracing::debug!(?failure, "no more is told of the failure");
                break;
            }
        };
        let is_new = |event: &&OperationEvent| {
            let time = event.timestamp().and_then(|time| Timestamp::from_nanosecond(time.as_nanos()).ok());
            since.is_none_or(|since| time.is_none_or(|time| time >= since))
        };
        found.extend(page.operation_events().iter().filter(is_new).filter_map(refusal));
    }
    // Newest first is how they come.
    found.reverse();
    found.dedup();
    found
}

fn refusal(event: &OperationEvent) -> Option<Refusal> {
    let (by, reason, mode) = match event.event_type()? {
        EventType::ValidationError => {
            (event.validation_name(), event.validation_status_reason(), event.validation_failure_mode())
        }
        EventType::HookInvocationError => (event.hook_type(), event.hook_status_reason(), event.hook_failure_mode()),
        _ => return None,
    };
    if mode == Some(&HookFailureMode::Warn) {
        return None;
    }
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Some(Refusal {
        logical_id: text(event.logical_resource_id()),
        kind: text(event.resource_type()),
        by: text(by),
        place: event.validation_path().filter(|path| !path.is_empty()).map(str::to_owned),
        reason: reason.unwrap_or("AWS gave no reason").to_owned(),
    })
}
