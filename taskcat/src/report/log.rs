//! The log of a stack: what happened, in order.

use super::{explained, seconds, span, verdict};
use crate::run::CaseResult;
use std::fmt::Write as _;

/// In the folder of the reports.
pub fn log_name(case: &CaseResult) -> String {
    format!("{}-{}.log", case.test, case.region)
}

pub fn log(case: &CaseResult) -> String {
    let mut text = format!("{} in {}: {}, after {}\n", case.test, case.region, verdict(case), span(seconds(case)));
    let _ = writeln!(text, "stack {} {}\n", case.stack_name, case.stack_id);
    let width = case.events.iter().map(|event| event.path.len()).max().unwrap_or_default();
    for event in &case.events {
        let time = event.time.strftime("%Y-%m-%d %H:%M:%S");
        let reason = event.reason.as_ref().map(|reason| format!("  {}", one_line(reason))).unwrap_or_default();
        let line = format!("{time}  {:<28}  {:<width$}  {}{reason}", event.status, event.path, event.kind);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for retry in &case.retries {
        let _ = writeln!(text, "tried again: {}", one_line(&retry.cause));
    }
    for failure in &case.failures {
        let _ = writeln!(
            text,
            "failed: {}",
            explained(failure).iter().map(|line| one_line(line)).collect::<Vec<_>>().join(": ")
        );
    }
    text
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
