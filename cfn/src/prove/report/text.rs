//! For the terminal.

use super::{case, grouped, place, sentence, tally};
use crate::prove::checklist::{Checklist, Entry, Verdict};
use crate::prove::{Finding, Proof, Proven, Severity};

/// Colours of the terminal, or none.
struct Paint {
    is_coloured: bool,
}

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.is_coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn severity(&self, severity: Severity) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Info => "1;36",
        };
        self.with(code, &severity.to_string())
    }
}

pub fn text(proofs: &[Proof], is_coloured: bool) -> String {
    let paint = Paint { is_coloured };
    let mut text = String::new();
    for proof in proofs {
        proof.findings.iter().for_each(|finding| self::finding(finding, &paint, &mut text));
        let width = proof.checks.iter().map(|proven| proven.check.title.len()).max().unwrap_or_default();
        for proven in &proof.checks {
            text.push_str(&check(proven, width, &paint));
        }
        text.push_str(&format!("{}\n\n", paint.with("1", &sentence(proof))));
        proof.checklist.iter().for_each(|checklist| self::checklist(proof, checklist, &paint, &mut text));
    }
    text
}

/// What is found, and one line for each proof: for many at once.
pub fn findings(proofs: &[Proof], is_coloured: bool) -> String {
    let paint = Paint { is_coloured };
    let mut text = String::new();
    for proof in proofs {
        proof.findings.iter().for_each(|finding| self::finding(finding, &paint, &mut text));
    }
    for proof in proofs {
        text.push_str(&format!("{}\n", paint.with("1", &sentence(proof))));
    }
    text
}

fn heading(proof: &Proof, checklist: &Checklist) -> String {
    format!("Checklist of {}: {}", proof.entry, tally(checklist))
}

/// The rules of the checklist, each with what it rests on.
fn checklist(proof: &Proof, checklist: &Checklist, paint: &Paint, text: &mut String) {
    text.push_str(&format!("{}\n", paint.with("1", &heading(proof, checklist))));
    for Entry { rule, verdict, evidence } in &checklist.entries {
        let mark = match verdict {
            Verdict::Proven => paint.with("32", "✓"),
            Verdict::Accepted => paint.with("33", "a"),
            Verdict::Refuted => paint.with("31", "✗"),
            Verdict::NotApplicable => "-".to_owned(),
        };
        text.push_str(&format!("{mark} {}  {}\n", rule.id, rule.title));
        let lines: Vec<String> = evidence.iter().map(ToString::to_string).collect();
        let lines = if *verdict == Verdict::Proven { vec![paint.with("2", &lines.join(", "))] } else { lines };
        lines.iter().for_each(|line| text.push_str(&format!("        {line}\n")));
    }
    text.push('\n');
}

/// One line for each proof, and for each checklist.
pub fn summary(proofs: &[Proof]) -> String {
    let lines = proofs.iter().flat_map(|proof| {
        std::iter::once(sentence(proof)).chain(proof.checklist.as_ref().map(|checklist| heading(proof, checklist)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn finding(finding: &Finding, paint: &Paint, text: &mut String) {
    let check = finding.check;
    let severity = match finding.accepted {
        Some(_) => paint.with("2", "accepted"),
        None => paint.severity(check.severity),
    };
    text.push_str(&format!("{severity}[{}]: {}\n", check.id, finding.problem.message));
    let kind = if finding.kind.is_empty() { String::new() } else { format!(" ({})", finding.kind) };
    text.push_str(&format!("  --> {}  {}{kind}\n", place(finding), finding.path));
    text.push_str(&format!("  when  {}\n", case(finding)));
    if let Some(reason) = &finding.accepted {
        // Whoever accepted it knows the way that leads there.
        text.push_str(&format!("  because  {reason}\n\n"));
        return;
    }
    for (at, step) in finding.problem.steps.iter().enumerate() {
        text.push_str(&format!("  {}  {step}\n", if at == 0 { "path" } else { "   →" }));
    }
    if let Some(hint) = &finding.problem.hint {
        text.push_str(&format!("  hint  {hint}\n"));
    }
    text.push('\n');
}

fn check(proven: &Proven, width: usize, paint: &Paint) -> String {
    let mark = match (proven.findings, proven.check.severity) {
        (0, _) => paint.with("32", "✓"),
        (_, Severity::Info) => paint.with("36", "i"),
        _ => paint.with("31", "✗"),
    };
    let (id, title) = (proven.check.id, proven.check.title);
    let cases = match proven.questions {
        0 => "nothing to look at".to_owned(),
        _ => format!("{:>9} cases", grouped(proven.cases)),
    };
    format!("{mark} {id}  {title:width$}  {cases}\n")
}
