//! What must hold of a stack that is up.

use super::{Hook, Place, Setting};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// All of it is optional; that a deletion leaves nothing is always asserted.
#[derive(Debug, Clone, Default)]
pub struct Assertions {
    pub outputs: Vec<OutputAssertion>,
    pub resources: Vec<ResourceAssertion>,
    /// They have the outputs in their environment, as `OUTPUT_KEY`.
    pub commands: Vec<Hook>,
    pub updates: Vec<UpdateAssertion>,
    /// A second deployment of the same changes nothing.
    pub is_idempotent: bool,
    /// Nothing has drifted.
    pub has_no_drift: bool,
}

impl Assertions {
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
            && self.resources.is_empty()
            && self.commands.is_empty()
            && self.updates.is_empty()
            && !self.is_idempotent
            && !self.has_no_drift
    }
}

#[derive(Debug, Clone)]
pub struct OutputAssertion {
    pub key: String,
    /// Exactly.
    pub equals: Option<String>,
    /// A regular expression that it must match anywhere.
    pub matches: Option<String>,
    /// It is a URL that answers.
    pub answers: Option<Answer>,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Appended to the URL.
    pub path: String,
    pub status: u16,
    pub contains: Option<String>,
    pub within: Duration,
}

#[derive(Debug, Clone)]
pub struct ResourceAssertion {
    /// Logical id, below nested stacks as `Storage/Domain`; or
    pub logical_id: Option<String>,
    /// a type: all resources of it, in all nested stacks.
    pub kind: Option<String>,
    pub count: Option<Count>,
    /// Pointer into the properties (`Tags/0/Key`) → value.
    pub properties: BTreeMap<String, Value>,
    pub place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub min: usize,
    pub max: usize,
}

/// The stack is updated to other parameters, and this must hold of the plan for it.
#[derive(Debug, Clone)]
pub struct UpdateAssertion {
    pub name: String,
    pub parameters: BTreeMap<String, Setting>,
    /// Logical ids, as above, that must not be replaced; `*` for all.
    pub not_replaced: Vec<String>,
    /// Must be changed.
    pub changes: Vec<String>,
    pub outputs: Vec<OutputAssertion>,
    pub place: Place,
}
