//! What somebody has changed beside the stack: resources as they are, against what the templates made.

use crate::aws_error;
use crate::session::Session;
use crate::stack::StackResource;
use aws_sdk_cloudformation::types::{StackDriftDetectionStatus, StackResourceDrift, StackResourceDriftStatus};
use jqs_cfn::template::NESTED_STACK;
use jqs_cfn::{Error, ErrorKind, Result};
use serde::Serialize;
use std::time::Duration;

pub const DEFAULT_DETECTION_WAIT_SECONDS: u64 = 600;
const POLL_FIRST_MILLISECONDS: u64 = 500;
const POLL_MAX_MILLISECONDS: u64 = 5_000;

/// A resource that is no longer as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Logical ids from the root stack down to it.
    pub path: Vec<String>,
    pub kind: String,
    pub physical_id: String,
    pub is_deleted: bool,
    pub differences: Vec<Difference>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub property: String,
    pub expected: String,
    pub actual: String,
}

/// What was looked at, and what was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub drifts: Vec<Drift>,
    /// Resources that CloudFormation could compare.
    pub compared: usize,
    /// Stacks of the tree.
    pub stacks: usize,
}

/// Looks at a stack and all stacks nested in it: CloudFormation compares each by itself.
pub async fn detect(session: &Session, stack_id: &str, resources: &[StackResource]) -> Result<Report> {
    let nested = resources.iter().filter(|resource| resource.kind == NESTED_STACK);
    let nested = nested.map(|resource| (resource.physical_id.clone(), resource.path.clone()));
    let stacks: Vec<(String, Vec<String>)> = std::iter::once((stack_id.to_owned(), Vec::new())).chain(nested).collect();
    // All are asked for before the first is waited for.
    let mut asked = Vec::new();
    for (id, path) in &stacks {
        let call = session.cloudformation.detect_stack_drift().stack_name(id);
        let answer = call.send().await.map_err(|failure| aws_error(format!("look for drift in `{id}`"), failure))?;
        asked.push((answer.stack_drift_detection_id().unwrap_or_default().to_owned(), id, path));
    }
    let mut report = Report { stacks: stacks.len(), ..Report::default() };
    for (detection, id, path) in asked {
        wait(session, &detection, id).await?;
        read(session, id, path, &mut report).await?;
    }
    report.drifts.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(report)
}

async fn wait(session: &Session, detection: &str, stack: &str) -> Result<()> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(DEFAULT_DETECTION_WAIT_SECONDS);
    let mut pause = POLL_FIRST_MILLISECONDS;
    loop {
        let call = session.cloudformation.describe_stack_drift_detection_status();
        let answer = call.stack_drift_detection_id(detection).send().await;
        let answer = answer.map_err(|failure| aws_error(format!("look for drift in `{stack}`"), failure))?;
        match answer.detection_status() {
            Some(StackDriftDetectionStatus::DetectionInProgress) => {}
            // It failed for some resources, and has compared the others.
            _ => return Ok(()),
        }
        if tokio::time::Instant::now() > deadline {
            let message = format!("AWS has not compared `{stack}` within {DEFAULT_DETECTION_WAIT_SECONDS} seconds");
            return Err(Error::new(ErrorKind::TimedOut, message));
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
        pause = (pause * 3 / 2).min(POLL_MAX_MILLISECONDS);
    }
}

async fn read(session: &Session, stack: &str, above: &[String], report: &mut Report) -> Result<()> {
    let mut token = None;
    loop {
        let call = session.cloudformation.describe_stack_resource_drifts().stack_name(stack).set_next_token(token);
        let page = call.send().await.map_err(|failure| aws_error(format!("read the drift of `{stack}`"), failure))?;
        for drift in page.stack_resource_drifts() {
            let status = drift.stack_resource_drift_status();
            report.compared += usize::from(status != Some(&StackResourceDriftStatus::NotChecked));
            // A nested stack has drifted if what is in it has, which is told there.
            let is_found =
                matches!(status, Some(StackResourceDriftStatus::Modified | StackResourceDriftStatus::Deleted));
            if is_found && drift.resource_type() != Some(NESTED_STACK) {
                report.drifts.push(found(drift, above));
            }
        }
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(());
        }
    }
}

fn found(drift: &StackResourceDrift, above: &[String]) -> Drift {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let mut path = above.to_vec();
    path.push(text(drift.logical_resource_id()));
    let differences = drift.property_differences().iter().map(|difference| Difference {
        property: text(difference.property_path()),
        expected: text(difference.expected_value()),
        actual: text(difference.actual_value()),
    });
    Drift {
        path,
        kind: text(drift.resource_type()),
        physical_id: text(drift.physical_resource_id()),
        is_deleted: drift.stack_resource_drift_status() == Some(&StackResourceDriftStatus::Deleted),
        differences: differences.collect(),
    }
}
