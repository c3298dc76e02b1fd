//! What CloudFormation tells of a stack or of one of its resources, at one moment.

use aws_sdk_cloudformation::types;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct StackEvent {
    #[serde(skip)]
    pub id: String,
    #[serde(serialize_with = "time_as_text")]
    pub time: Timestamp,
    /// Orders events of the same time.
    #[serde(skip)]
    pub sequence: u64,
    pub stack_id: String,
    /// Logical ids from the root stack down to the resource; the path of the stack for its own events.
    pub path: Vec<String>,
    pub logical_id: String,
    pub physical_id: String,
    pub kind: String,
    pub status: String,
    /// How far the status has come, such as `CONFIGURATION_COMPLETE` while AWS waits for a resource to settle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub reason: Option<String>,
}

impl StackEvent {
    /// The event is about the stack that reports it, and not about one of its resources.
    pub fn is_stack_itself(&self) -> bool {
        self.physical_id == self.stack_id
    }

    pub fn has_failed(&self) -> bool {
        self.status.ends_with("_FAILED") || (self.status.contains("ROLLBACK") && !self.status.ends_with("_COMPLETE"))
    }

    /// With it, something begins that somebody asked for.
    pub(super) fn starts_operation(&self) -> bool {
        let starts = ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"];
        self.is_stack_itself() && starts.contains(&self.status.as_str())
    }

    pub(super) fn goes_on(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS")
    }
}

pub(super) fn read(raw: &types::StackEvent, stack_id: &str, stack_path: &[String]) -> StackEvent {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let time = raw.timestamp().and_then(|time| Timestamp::from_nanosecond(time.as_nanos()).ok()).unwrap_or_default();
    let mut event = StackEvent {
        id: text(raw.event_id()),
        time,
        sequence: 0,
        stack_id: stack_id.to_owned(),
        path: stack_path.to_vec(),
        logical_id: text(raw.logical_resource_id()),
        physical_id: text(raw.physical_resource_id()),
        kind: text(raw.resource_type()),
        status: raw.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        detail: raw.detailed_status().map(|detail| detail.as_str().to_owned()),
        reason: raw.resource_status_reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
    };
    if !event.is_stack_itself() {
        event.path.push(event.logical_id.clone());
    }
    event
}

fn time_as_text<S: serde::Serializer>(time: &Timestamp, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}
