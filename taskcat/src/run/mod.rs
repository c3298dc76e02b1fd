//! A run of a matrix: what it tells while it goes on, and what came of it.

mod event;
mod result;

pub use event::{Event, Phase};
pub use result::{AssertionResult, CaseResult, Failure, FailureKind, PhaseTime, Retry, RunResult, Verdict};
