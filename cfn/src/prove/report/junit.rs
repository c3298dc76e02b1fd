//! For continuous integration: a suite for each entry with a test case for each check, and one for its checklist with a test
//! case for each rule.

use super::{case, place};
use crate::markup::escaped;
use crate::prove::checklist::{Checklist, Entry, Verdict};
use crate::prove::{Proof, Proven};

pub fn junit(proofs: &[Proof]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"jqs prove\">\n");
    for proof in proofs {
        let failures = proof.checks.iter().filter(|proven| proven.findings > 0).count();
        text.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" time=\"{:.3}\">\n",
            escaped(&proof.entry),
            proof.checks.len(),
            proof.elapsed.as_secs_f64()
        ));
        proof.checks.iter().for_each(|proven| test_case(proof, proven, &mut text));
        text.push_str("  </testsuite>\n");
        proof.checklist.iter().for_each(|checklist| suite(proof, checklist, &mut text));
    }
    text + "</testsuites>\n"
}

fn test_case(proof: &Proof, proven: &Proven, text: &mut String) {
    let check = proven.check;
    let name = escaped(&format!("{} {}", check.id, check.title));
    let found: Vec<_> = proof.open().filter(|finding| std::ptr::eq(finding.check, check)).collect();
    text.push_str(&format!("    <testcase classname=\"{}\" name=\"{name}\"", escaped(&proof.entry)));
    if found.is_empty() {
        text.push_str("/>\n");
        return;
    }
    let lines = found.iter().map(|finding| {
        format!("{}: {}: {}\n  when {}", place(finding), finding.path, finding.problem.message, case(finding))
    });
    let lines = escaped(&lines.collect::<Vec<_>>().join("\n"));
    let message = escaped(&found[0].problem.message);
    text.push_str(&format!(
        ">\n      <failure message=\"{message}\" type=\"{}\">{lines}</failure>\n    </testcase>\n",
        check.severity
    ));
}

fn suite(proof: &Proof, checklist: &Checklist, text: &mut String) {
    let name = escaped(&format!("Checklist of {}", proof.entry));
    text.push_str(&format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
        checklist.entries.len(),
        checklist.count(Verdict::Refuted),
        checklist.count(Verdict::NotApplicable),
    ));
    for entry in &checklist.entries {
        let test = escaped(&format!("{} {}", entry.rule.id, entry.rule.title));
        text.push_str(&format!("    <testcase classname=\"{name}\" name=\"{test}\">\n      {}\n", outcome(entry)));
        text.push_str("    </testcase>\n");
    }
    text.push_str("  </testsuite>\n");
}

/// What JUnit knows of a rule. One that is kept says in the output of its test case what it rests on.
fn outcome(entry: &Entry) -> String {
    let lines = escaped(&entry.evidence.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    match (entry.verdict, entry.worst(), entry.faults().next()) {
        (Verdict::Refuted, Some(severity), Some(first)) => {
            let message = escaped(&first.message);
            format!("<failure message=\"{message}\" type=\"{severity}\">{lines}</failure>")
        }
        (Verdict::NotApplicable, ..) => "<skipped message=\"not applicable\"/>".to_owned(),
        (verdict, ..) => format!("<system-out>{}\n{lines}</system-out>", verdict.name()),
    }
}
