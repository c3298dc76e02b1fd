//! Proofs as text for people, and as JSON, JUnit and HTML for what comes after.

mod html;
mod json;
mod junit;
mod text;

#[cfg(test)]
mod tests;

pub use html::html;
pub use json::json;
pub use junit::junit;
pub use text::{findings, summary, text};

use super::checklist::{Checklist, Verdict};
use super::{Finding, Proof};

/// The choices of a case in one line.
fn case(finding: &Finding) -> String {
    if finding.case.is_empty() {
        return "every case, the default one among them".to_owned();
    }
    finding.case.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn place(finding: &Finding) -> String {
    format!("{}:{}:{}", finding.file, finding.span.start.line, finding.span.start.column)
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number that may be far beyond counting.
fn rounded(number: f64) -> String {
    if number < 1e9 { grouped(number as u64) } else { format!("{number:.1e}").replace('e', "×10^") }
}

fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// The outcome in one sentence.
fn sentence(proof: &Proof) -> String {
    let open = proof.open().count();
    let outcome = if open == 0 { "proven".to_owned() } else { counted(open, "finding") };
    let outcome = match proof.findings.len() - open {
        0 => outcome,
        accepted => format!("{outcome}, {} accepted", counted(accepted, "finding")),
    };
    let combinations = rounded(proof.combinations);
    let regions = counted(proof.regions, "region");
    format!(
        "{}: {outcome}; {} cases stand for {combinations} combinations of parameters in {regions} ({:.2} s)",
        proof.entry,
        grouped(proof.cases),
        proof.elapsed.as_secs_f64()
    )
}

/// How many rules of a checklist came to what.
fn tally(checklist: &Checklist) -> String {
    let counts = Verdict::ALL.into_iter().map(|verdict| (checklist.count(verdict), verdict));
    let counts = counts.filter(|(count, _)| *count > 0);
    counts.map(|(count, verdict)| format!("{count} {}", verdict.name())).collect::<Vec<_>>().join(", ")
}
