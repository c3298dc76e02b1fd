//! What came of a run. Reports are made of this alone, so that one can be made again from its JSON.

use super::Phase;
use jiff::Timestamp;
use jqs_stacks::failure::Cause;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// The log of the stack, below the folder of the reports.
    pub log: Option<String>,
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
