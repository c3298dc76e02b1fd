//! The reports of one small proof, which finds one fault, and of a checklist in which every verdict is there.

use super::*;
use crate::diagnostic::{Accepted, Diagnostic, Findings, Severity};
use crate::eval::StackTree;
use crate::prove::tests::proof;
use crate::prove::{Check, Options, Proof, checks, prove};
use crate::template::{Position, Span};
use std::collections::BTreeMap;
use std::time::Duration;

fn sample() -> Vec<Proof> {
    let text = "Resources:
  Third:
    Type: AWS::EC2::Subnet
    Properties:
      AvailabilityZone: !Select [2, !GetAZs '']
";
    let mut proof = proof(&[("zones & more.yaml", text)], &Options::default());
    proof.elapsed = Duration::from_millis(10);
    vec![proof]
}

#[test]
fn text_says_what_where_and_when() {
    let text = text(&sample(), false);
    assert!(
        text.starts_with("error[P001]: `Fn::Select` takes item 2 of a list of 2\n  --> zones & more.yaml:5:"),
        "{text}"
    );
    assert!(text.contains("  Third (AWS::EC2::Subnet)\n  when  region us-west-1\n\n"), "{text}");
    assert!(!text.contains('\x1b') && self::text(&sample(), true).contains("\x1b[1;31merror"));
    assert!(summary(&sample()).starts_with("zones & more.yaml: 1 finding; "), "{}", summary(&sample()));
}

#[test]
fn json_has_the_case_in_parts() {
    let document: serde_json::Value = serde_json::from_str(&json(&sample())).expect("JSON");
    let finding = &document["proofs"][0]["findings"][0];
    assert_eq!((finding["region"].as_str(), finding["line"].as_u64()), (Some("us-west-1"), Some(5)));
    assert_eq!(finding["parameters"], serde_json::json!({}));
}

#[test]
fn junit_and_html_escape_what_they_quote() {
    let junit = junit(&sample());
    assert!(junit.contains("name=\"zones &amp; more.yaml\"") && junit.contains("failures=\"1\""), "{junit}");
    let html = html(&sample());
    assert!(html.contains("<h2>zones &amp; more.yaml</h2>") && !html.contains("zones & more"), "{html}");
    assert!(!html.contains("http"), "the page must not need the network");
}

#[test]
fn numbers_can_be_read() {
    assert_eq!((grouped(7).as_str(), grouped(1_234_567).as_str()), ("7", "1,234,567"));
    assert_eq!((rounded(39.0).as_str(), rounded(1.6e18).as_str()), ("39", "1.6×10^18"));
}

/// A role and a zone that some regions lack, by two checks and four rules. What the linter finds is said here, not by it.
fn checked() -> Vec<Proof> {
    let text = "Resources:
  Third:
    Type: AWS::EC2::Subnet
    Properties: {AvailabilityZone: !Select [2, !GetAZs '']}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}}
";
    let library = BTreeMap::from([("zones & more.yaml".to_owned(), text.to_owned())]);
    let tree = StackTree::open(&library, "zones & more.yaml").expect("a valid template");
    let chosen: Vec<&Check> = checks::ALL.iter().filter(|check| ["P001", "P607"].contains(&check.id)).collect();
    let mut proof = prove(&tree, &chosen, &Options::default());
    proof.elapsed = Duration::from_millis(10);
    let place = Position { line: 6, column: 5, offset: 0 };
    let diagnostic = |rule: &str, message: &str| Diagnostic {
        rule: rule.to_owned(),
        severity: Severity::Warning,
        file: "zones & more.yaml".to_owned(),
        span: Span { start: place, end: place },
        path: Vec::new(),
        message: message.to_owned(),
        hint: None,
    };
    let accepted = Accepted { diagnostic: diagnostic("J4003", "allows <b>"), reason: Some("a & b".to_owned()) };
    let findings = Findings { open: vec![diagnostic("F3006", "there is no \"Rolle\"")], accepted: vec![accepted] };
    let mut checklist = Checklist::of(&tree, &proof, &findings);
    checklist.entries.retain(|entry| ["Q201", "Q402", "Q403", "Q501"].contains(&entry.rule.id));
    proof.checklist = Some(checklist);
    vec![proof]
}

#[test]
fn every_format_has_the_checklist_in_a_snapshot() {
    insta::assert_snapshot!("text", text(&checked(), false));
    insta::assert_snapshot!("json", json(&checked()));
    insta::assert_snapshot!("junit", junit(&checked()));
    let html = html(&checked());
    let section = html.split("<section>").nth(1).and_then(|rest| rest.split("</section>").next());
    insta::assert_snapshot!("html_section", section.expect("a section"));
    let lines = summary(&checked());
    let expected = "Checklist of zones & more.yaml: 1 proven, 1 accepted, 1 refuted, 1 not applicable";
    assert_eq!(lines.lines().nth(1), Some(expected));
}

#[test]
fn without_a_checklist_no_format_speaks_of_one() {
    let document: serde_json::Value = serde_json::from_str(&json(&sample())).expect("JSON");
    assert_eq!(document["proofs"][0]["checklist"], serde_json::Value::Null);
    for text in [text(&sample(), false), junit(&sample()), html(&sample()), summary(&sample())] {
        assert!(!text.contains("Checklist"), "{text}");
    }
}
