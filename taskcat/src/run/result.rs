//! What came of a run. Reports are made of this alone, so that one can be made again from its JSON.

use super::Phase;
use jiff::Timestamp;
use jqs_stacks::failure::Cause;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of the form of the JSON.
pub const RESULT_VERSION: u32 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunResult {
    /// 32 hexadecimal digits, in the tags of all that it made.
    pub run: String,
    pub project: String,
    pub started: Timestamp,
    pub ended: Timestamp,
    pub cases: Vec<CaseResult>,
    /// What it left behind, with the command that clears it away: buckets, stacks that were kept.
    pub remains: Vec<String>,
    /// Why it ended early, such as Ctrl-C, the time limit or the budget.
    pub cut_short: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CaseResult {
    pub test: String,
    pub region: String,
    pub account: String,
    pub stack_name: String,
    /// Empty where none was made.
    pub stack_id: String,
    /// The stack is still there.
    pub is_there: bool,
    pub verdict: Verdict,
    pub phases: Vec<PhaseTime>,
    /// In the order in which they happened; none for a case that passed.
    pub failures: Vec<Failure>,
    pub retries: Vec<Retry>,
    pub assertions: Vec<AssertionResult>,
    /// Without those that the template does not want to be seen.
    pub parameters: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
    /// US dollars, estimated from the time that it was up.
    pub cost: Option<f64>,
    /// ARNs of what carries its tag and is still there.
    pub remains: Vec<String>,
    /// What happened, resource by resource.
    pub events: Vec<LoggedEvent>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Passed,
    Failed,
    /// It was not begun, or not ended: the run was cut short.
    Skipped,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PhaseTime {
    pub phase: Phase,
    pub started: Timestamp,
    pub seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// `prove` says that it cannot work.
    Proof,
    Preparation,
    Creation,
    Assertion,
    Deletion,
    /// Something is left of a stack that is gone.
    Leak,
    TimedOut,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    /// One sentence.
    pub message: String,
    /// The first true cause among the events.
    pub cause: Option<Cause>,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Retry {
    pub phase: Phase,
    pub cause: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssertionResult {
    pub name: String,
    pub is_met: bool,
    /// What was found, in place of what was expected.
    pub said: String,
}

/// A line of the log of a stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoggedEvent {
    pub time: Timestamp,
    /// Logical ids with slashes; empty for the stack itself.
    pub path: String,
    pub kind: String,
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl RunResult {
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases.iter().filter(|case| case.verdict == verdict).count()
    }

    /// Every case that was to run has passed, and nothing is left that was not to stay.
    pub fn has_passed(&self) -> bool {
        self.cases.iter().all(|case| case.verdict == Verdict::Passed) && self.cut_short.is_none()
    }
}
