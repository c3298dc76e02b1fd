//! A run's result in the forms that people and machines read. Pure: text out, from the result alone.

mod html;
mod junit;
mod log;
mod markdown;
#[cfg(test)]
mod tests;
mod write;

pub use html::html;
pub use junit::junit;
pub use log::{log, log_name};
pub use markdown::markdown;
pub use write::{REPORT_JSON, Written, read, write_all, write_json};

use crate::run::{CaseResult, Failure, RESULT_VERSION, RunResult, Verdict};
use serde::{Deserialize, Serialize};

/// The file that all other forms can be made of again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Document {
    pub version: u32,
    pub result: RunResult,
}

pub fn json(result: &RunResult) -> String {
    let document = Document { version: RESULT_VERSION, result: result.clone() };
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// One sentence for the whole.
pub fn summary(result: &RunResult) -> String {
    let (passed, failed) = (result.count(Verdict::Passed), result.count(Verdict::Failed));
    let skipped = result.count(Verdict::Skipped);
    let mut text = format!("{passed} of {} passed", result.cases.len());
    if failed > 0 {
        text.push_str(&format!(", {failed} failed"));
    }
    if skipped > 0 {
        text.push_str(&format!(", {skipped} not run to the end"));
    }
    let retries: usize = result.cases.iter().map(|case| case.retries.len()).sum();
    if retries > 0 {
        text.push_str(&format!(", {retries} {}", if retries == 1 { "retry" } else { "retries" }));
    }
    match &result.cut_short {
        Some(why) => format!("{text}; {why}"),
        None => text,
    }
}

/// A failure as lines: what, where it comes from, what to do.
pub fn explained(failure: &Failure) -> Vec<String> {
    let mut lines = vec![failure.message.clone()];
    if let Some(cause) = &failure.cause {
        let path = if cause.path.is_empty() { "the stack".to_owned() } else { cause.path.join("/") };
        lines.push(format!("{path} ({}): {}", cause.kind, cause.reason));
    }
    lines
}

pub fn verdict(case: &CaseResult) -> &'static str {
    match case.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Skipped => "not run to the end",
    }
}

/// How long the whole case took.
pub fn seconds(case: &CaseResult) -> f64 {
    case.phases.iter().map(|phase| phase.seconds).sum()
}

/// `1h 02m 03s`, `2m 03s`, `3.1s`.
pub fn span(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 3_600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{seconds:.1}s"),
        (0, minutes, rest) => format!("{minutes}m {rest:02}s"),
        (hours, minutes, rest) => format!("{hours}h {minutes:02}m {rest:02}s"),
    }
}

/// As the JSON calls it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
