//! A program of the user's that runs before or after.

use super::Place;
use serde_json::Value;
use std::time::Duration;

pub const DEFAULT_HOOK_SECONDS_MAX: u64 = 900;

/// It gets JSON on stdin (project, test, region, stack, parameters, outputs), and may answer with JSON on stdout
/// (`{"parameters": {…}}` before). Any other exit code than 0 fails the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    pub name: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// For the program, as it is in the file.
    pub config: Value,
    pub time_max: Duration,
    pub place: Place,
}
