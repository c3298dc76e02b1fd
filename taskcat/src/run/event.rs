//! What a run tells while it goes on.

use super::{CaseResult, Failure, Retry};
use jqs_stacks::patience::Loss;
use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// For its turn, under the limits.
    Waiting,
    /// Hooks, parameters.
    Preparing,
    Creating,
    Asserting,
    Deleting,
    Done,
}

/// `case` is the index in the matrix.
#[derive(Debug, Clone)]
pub enum Event {
    /// For instance what is uploaded.
    Note(String),
    Entered {
        case: usize,
        phase: Phase,
        stack_name: String,
    },
    /// Resources of the stack that are there, out of how many; the status of the stack.
    Progress {
        case: usize,
        status: String,
        done: usize,
        of: usize,
    },
    Retried {
        case: usize,
        retry: Retry,
    },
    Failed {
        case: usize,
        failure: Failure,
    },
    Finished {
        case: usize,
        result: Box<CaseResult>,
    },
    /// A region does not answer for now, or does again.
    Lost {
        region: String,
        loss: Option<Loss>,
    },
}
