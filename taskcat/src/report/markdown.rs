//! Markdown for a pull request: the verdict first, failures with their causes, the rest folded away.

use super::{explained, seconds, span, summary, verdict};
use crate::run::{CaseResult, RunResult, Verdict};
use std::fmt::Write as _;

pub fn markdown(result: &RunResult) -> String {
    let sign = if result.has_passed() { "✅" } else { "❌" };
    let mut text = format!("## {sign} `{}`: {}\n\n", result.project, summary(result));
    let failed: Vec<&CaseResult> = result.cases.iter().filter(|case| !case.failures.is_empty()).collect();
    for case in &failed {
        let _ = writeln!(text, "**{} in {}**\n", plain(&case.test), plain(&case.region));
        for failure in &case.failures {
            let lines: Vec<String> = explained(failure).iter().map(|line| plain(line)).collect();
            let _ = writeln!(text, "- {}", lines.join("<br>"));
            if let Some(hint) = &failure.hint {
                let _ = writeln!(text, "  <br>_{}_", plain(hint));
            }
        }
        text.push('\n');
    }
    table(&mut text, result);
    if !result.remains.is_empty() {
        let _ = writeln!(text, "\n**Left behind** (`jqs test clean --run {}` clears it away):\n", result.run);
        for what in &result.remains {
            let _ = writeln!(text, "- {}", plain(what));
        }
    }
    text
}

fn table(text: &mut String, result: &RunResult) {
    let _ = writeln!(text, "<details><summary>All {} cases</summary>\n", result.cases.len());
    text.push_str("| Test | Region | Verdict | Time | Cost |\n|---|---|---|--:|--:|\n");
    for case in &result.cases {
        let sign = match case.verdict {
            Verdict::Passed => "✅",
            Verdict::Failed => "❌",
            Verdict::Skipped => "⏭️",
        };
        let cost = case.cost.map(|sum| format!("${sum:.2}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {sign} {} | {} | {cost} |",
            plain(&case.test),
            plain(&case.region),
            verdict(case),
            span(seconds(case))
        );
    }
    text.push_str("\n</details>\n");
}

/// Text that means nothing but itself, on one line.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        match letter {
            '\n' | '\r' | '\t' => plain.push(' '),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '@' | '~' => {
                plain.push('\\');
                plain.push(letter);
            }
            letter if letter.is_control() => plain.push('\u{fffd}'),
            letter => plain.push(letter),
        }
    }
    plain
}
