//! Findings for the eye.

use super::finding::{Finding, Verdict};
use console::style;
use serde::Serialize;

/// As wide as the longest title.
const TITLE_WIDTH: usize = 27;
/// Mark, title and the blanks behind them.
const INDENT: usize = TITLE_WIDTH + 3;
/// Narrower than this, words are no longer wrapped.
const DEFAULT_TEXT_WIDTH_MIN: usize = 30;

/// What it comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) ok: usize,
    pub(crate) warnings: usize,
    pub(crate) failed: usize,
    pub(crate) unchecked: usize,
}

impl Summary {
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
        Self {
            ok: count(Verdict::Ok),
            warnings: count(Verdict::Warning),
            failed: count(Verdict::Failed),
            unchecked: count(Verdict::Unchecked),
        }
    }

    pub(crate) fn words(self) -> String {
        let parts = [
            (self.ok, "ok"),
            (self.warnings, if self.warnings == 1 { "warning" } else { "warnings" }),
            (self.failed, "failed"),
            (self.unchecked, "could not be checked"),
        ];
        let said = parts.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}"));
        said.collect::<Vec<_>>().join(", ")
    }
}

/// A line for a finding, and below it what to do; wrapped where the width of the terminal is known.
pub(crate) fn line(finding: &Finding, width: Option<usize>) -> String {
    let mark = match finding.verdict {
        Verdict::Ok => style("✓").green(),
        Verdict::Warning => style("!").yellow().bold(),
        Verdict::Failed => style("✗").red().bold(),
        Verdict::Unchecked => style("?").dim(),
    };
    let found = match finding.verdict {
        Verdict::Unchecked => format!("could not be checked: {}", finding.found),
        _ => finding.found.clone(),
    };
    let mut text = format!("{mark} {:TITLE_WIDTH$} {}", finding.title, indented(&found, width));
    for (at, step) in finding.advice.iter().flat_map(|advice| advice.lines()).enumerate() {
        let lead = if at == 0 { "→" } else { " " };
        text += &format!("\n{:INDENT$}{}", "", indented(&format!("{lead} {step}"), width));
    }
    text
}

fn indented(text: &str, width: Option<usize>) -> String {
    let room = width.map(|width| width.saturating_sub(INDENT + 1)).filter(|room| *room >= DEFAULT_TEXT_WIDTH_MIN);
    let Some(room) = room else { return text.to_owned() };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join(&format!("\n{:INDENT$}", ""))
}
