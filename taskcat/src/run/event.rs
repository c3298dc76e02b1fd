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
    /// The stack has this status now.
    Moved {
        case: usize,
        status: String,
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
