//! JUnit XML: a suite for each test, a case for each of its regions.

use super::{explained, seconds, word};
use crate::run::{CaseResult, RunResult, Verdict};
use jqs_cfn::markup::escaped;
use std::fmt::Write as _;

pub fn junit(result: &RunResult) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let total: f64 = result.cases.iter().map(seconds).sum();
    let _ = writeln!(
        text,
        "<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{total:.3}\">",
        escaped(&result.project),
        result.cases.len(),
        result.count(Verdict::Failed),
        result.count(Verdict::Skipped),
    );
    for cases in result.cases.chunk_by(|one, other| one.test == other.test) {
        suite(&mut text, result, cases);
    }
    text + "</testsuites>\n"
}

fn suite(text: &mut String, result: &RunResult, cases: &[CaseResult]) {
    let count = |verdict| cases.iter().filter(|case| case.verdict == verdict).count();
    let total: f64 = cases.iter().map(seconds).sum();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{total:.3}\" timestamp=\"{}\">",
        escaped(&cases[0].test),
        cases.len(),
        count(Verdict::Failed),
        count(Verdict::Skipped),
        result.started.strftime("%Y-%m-%dT%H:%M:%S"),
    );
    let _ = writeln!(text, "    <properties><property name=\"run\" value=\"{}\"/></properties>", escaped(&result.run));
    for case in cases {
        one(text, case);
    }
    text.push_str("  </testsuite>\n");
}

fn one(text: &mut String, case: &CaseResult) {
    let _ = writeln!(
        text,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\">",
        escaped(&case.region),
        escaped(&case.test),
        seconds(case)
    );
    for failure in &case.failures {
        let lines = explained(failure);
        let kind = word(&failure.kind);
        let _ = writeln!(
            text,
            "      <failure type=\"{kind}\" message=\"{}\">{}</failure>",
            escaped(&lines[0]),
            escaped(&lines.join("\n"))
        );
    }
    if case.verdict == Verdict::Skipped {
        text.push_str("      <skipped message=\"the run was cut short\"/>\n");
    }
    let mut out = format!("stack {} {}\n", case.stack_name, case.stack_id);
    for (key, value) in &case.outputs {
        let _ = writeln!(out, "{key} = {value}");
    }
    for retry in &case.retries {
        let _ = writeln!(out, "tried again ({}): {}", word(&retry.phase), retry.cause);
    }
    let _ = writeln!(text, "      <system-out>{}</system-out>", escaped(&out));
    text.push_str("    </testcase>\n");
}
