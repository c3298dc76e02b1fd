//! The first true cause. A failed deployment ends in dozens of events, most of which only say that something else failed:
//! siblings are cancelled, parents echo their children. The cause is the earliest failure that is neither.

use crate::stack::DEFAULT_NESTING_MAX;
use crate::watch::StackEvent;
use jqs_cfn::template::NESTED_STACK;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Logical ids from the root stack down to the resource; empty where the stack itself failed.
    pub path: Vec<String>,
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub physical_id: String,
}

/// Finds the cause among the events of one operation over all its stacks, in any order.
pub fn first_cause(root_id: &str, events: &[StackEvent]) -> Option<Cause> {
    let mut ordered: Vec<&StackEvent> = events.iter().collect();
    ordered.sort_by_key(|event| (event.time, event.sequence));
    cause_in(root_id, &ordered, 0)
}

fn cause_in(stack_id: &str, events: &[&StackEvent], depth: usize) -> Option<Cause> {
    let own = || events.iter().filter(|event| event.stack_id == stack_id);
    let is_failure =
        |event: &&&StackEvent| event.status.ends_with("_FAILED") && !event.is_stack_itself() && !is_echo(event);
    if let Some(event) = own().find(is_failure) {
        // The failure itself may come without the id of the nested stack, which other events of it then have.
        let child = own().find(|other| other.logical_id == event.logical_id && !other.physical_id.is_empty());
        let child = child.filter(|child| child.kind == NESTED_STACK && depth < DEFAULT_NESTING_MAX);
        let below = child.and_then(|child| cause_in(&child.physical_id, events, depth + 1));
        return Some(below.unwrap_or_else(|| Cause::from(*event)));
    }
    // No resource failed: the stack itself was refused, for instance by a rule or a missing export.
    own()
        .find(|event| event.is_stack_itself() && event.has_failed() && event.reason.is_some())
        .map(|event| Cause::from(*event))
}

/// Failures that follow from another one.
pub fn is_echo(event: &StackEvent) -> bool {
    event.reason.as_deref().is_some_and(|reason| {
        reason.starts_with("Resource creation cancelled")
            || reason.starts_with("Resource update cancelled")
            || reason.starts_with("Resource deletion cancelled")
    })
}

impl From<&StackEvent> for Cause {
    fn from(event: &StackEvent) -> Self {
        Self {
            path: event.path.clone(),
            kind: event.kind.clone(),
            status: event.status.clone(),
            reason: event.reason.clone().unwrap_or_else(|| "AWS gave no reason".to_owned()),
            physical_id: event.physical_id.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "arn:aws:cloudformation:eu-west-1:111122223333:stack/jaeger/1";
    const CHILD: &str = "arn:aws:cloudformation:eu-west-1:111122223333:stack/jaeger-Storage/2";

    fn event(second: i64, stack: &str, logical: &str, physical: &str, status: &str, reason: &str) -> StackEvent {
        let is_stack = physical.starts_with("arn:aws:cloudformation");
        StackEvent {
            id: format!("{second}-{logical}"),
            time: jiff::Timestamp::from_second(second).expect("a small number"),
            sequence: second as u64,
            stack_id: stack.to_owned(),
            path: if stack == physical { vec![] } else { vec![logical.to_owned()] },
            logical_id: logical.to_owned(),
            physical_id: physical.to_owned(),
            kind: if is_stack { NESTED_STACK.to_owned() } else { "AWS::SNS::Topic".to_owned() },
            status: status.to_owned(),
            detail: None,
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
        }
    }

    #[test]
    fn the_cause_is_below_the_cascade_in_the_nested_stack() {
        let events = [
            event(
                9,
                ROOT,
                "jaeger",
                ROOT,
                "ROLLBACK_IN_PROGRESS",
                "The following resource(s) failed to create: [Storage]",
            ),
            event(8, ROOT, "Storage", CHILD, "CREATE_FAILED", "Embedded stack was not successfully created"),
            event(4, ROOT, "Alarm", "", "CREATE_FAILED", "Resource creation cancelled"),
            event(3, CHILD, "Other", "", "CREATE_FAILED", "Resource creation cancelled"),
            event(5, CHILD, "Late", "", "CREATE_FAILED", "a later failure"),
            event(2, CHILD, "Domain", "", "CREATE_FAILED", "limit exceeded"),
            event(1, CHILD, "Domain", "", "CREATE_IN_PROGRESS", ""),
        ];
        let cause = first_cause(ROOT, &events).expect("a cause");
        assert_eq!((cause.path.join("/").as_str(), cause.reason.as_str()), ("Domain", "limit exceeded"));
    }

    #[test]
    fn a_stack_that_is_refused_as_a_whole_speaks_for_itself() {
        let events = [event(1, ROOT, "jaeger", ROOT, "ROLLBACK_IN_PROGRESS", "Export x is not there")];
        assert_eq!(first_cause(ROOT, &events).map(|cause| cause.reason), Some("Export x is not there".to_owned()));
        let fine = [event(1, ROOT, "jaeger", ROOT, "CREATE_COMPLETE", "")];
        assert_eq!(first_cause(ROOT, &fine), None);
    }
}
