//! What the rules rest on, and how the two kinds of evidence come together.

use super::*;
use crate::diagnostic::{Accepted, Diagnostic};
use crate::lint;
use crate::prove::{Check, Options, checks, prove};
use crate::template::{Position, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Subjects of the rules: the first digits of their ids.
const SUBJECTS: &str = "123456789";

fn entry_of(text: &str, id: &str, findings: &Findings) -> Entry {
    let library = BTreeMap::from([("t.yaml".to_owned(), text.to_owned())]);
    let tree = StackTree::open(&library, "t.yaml").expect("a valid template");
    let checks: Vec<&Check> = checks::ALL.iter().collect();
    let proof = prove(&tree, &checks, &Options::default());
    let checklist = Checklist::of(&tree, &proof, findings);
    checklist.entries.into_iter().find(|entry| entry.rule.id == id).expect("a rule")
}

fn told(text: &str, id: &str, findings: &Findings) -> (Verdict, Vec<String>) {
    let entry = entry_of(text, id, findings);
    (entry.verdict, entry.evidence.iter().map(ToString::to_string).collect())
}

fn role(metadata: &str, properties: &str) -> String {
    format!("Resources: {{R: {{Type: 'AWS::IAM::Role', {metadata} Properties: {{{properties}}}}}}}")
}

fn found(severity: Severity) -> Diagnostic {
    let place = Position { line: 3, column: 5, offset: 0 };
    Diagnostic {
        rule: "J4001".to_owned(),
        severity,
        file: "t.yaml".to_owned(),
        span: Span { start: place, end: place },
        path: Vec::new(),
        message: "named".to_owned(),
        hint: None,
    }
}

#[test]
fn rules_name_checks_and_lint_rules_that_exist() {
    for rule in RULES {
        for id in rule.checks {
            assert!(checks::ALL.iter().any(|check| check.id == *id), "{}: {id}", rule.id);
        }
        let known = lint::rules();
        for id in rule.lint_rules {
            assert!(known.iter().any(|known| names(id, &known.id)), "{}: {id}", rule.id);
        }
        assert!(!rule.checks.is_empty() || !rule.lint_rules.is_empty(), "{} rests on nothing", rule.id);
    }
}

/// A rule of the linter or a check that is new must be named in `rules.rs`.
#[test]
fn whatever_can_refute_is_evidence_of_a_rule() {
    let grave = checks::ALL.iter().filter(|check| check.severity > Severity::Info);
    let mut unnamed: Vec<String> = grave
        .filter(|check| !RULES.iter().any(|rule| rule.rests_on_check(check.id)))
        .map(|check| check.id.to_owned())
        .collect();
    let ours = lint::rules().into_iter().filter(|known| known.origin == "jqs" && known.severity > Severity::Info);
    unnamed.extend(
        ours.filter(|known| !RULES.iter().any(|rule| rule.rests_on_lint_rule(&known.id)))
            .map(|known| known.id.into_owned()),
    );
    assert!(unnamed.is_empty(), "{unnamed:?} are evidence of no rule of the checklist");
}

#[test]
fn ids_are_unique_and_in_order_and_every_subject_has_a_rule() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted() && ids.iter().collect::<BTreeSet<_>>().len() == ids.len());
    for subject in SUBJECTS.chars() {
        assert!(ids.iter().any(|id| id.chars().nth(1) == Some(subject)), "no rule of subject {subject}");
    }
}

#[test]
fn the_proof_alone_decides_where_the_linter_finds_nothing() {
    let nothing = Findings::default();
    let (verdict, evidence) = told(&role("", ""), "Q402", &nothing);
    assert_eq!((verdict, evidence.join(", ").as_str()), (Verdict::Proven, "P607: 1 case, J4001: 1 template"));
    let (verdict, evidence) = told(&role("", "RoleName: x"), "Q402", &nothing);
    assert!(verdict == Verdict::Refuted && evidence[0].contains(" R: `RoleName`"), "{evidence:?}");
    let metadata = "Metadata: {jqs: {ignore: [{id: P607, reason: known}]}},";
    let (verdict, evidence) = told(&role(metadata, "RoleName: x"), "Q402", &nothing);
    assert!(verdict == Verdict::Accepted && evidence[0].ends_with("accepted because known"), "{evidence:?}");
    let topic = "Resources: {T: {Type: 'AWS::SNS::Topic'}}";
    assert_eq!(told(topic, "Q402", &nothing), (Verdict::NotApplicable, Vec::new()));
}

#[test]
fn what_the_linter_finds_refutes_what_the_proof_does_not() {
    let open = |severity| Findings { open: vec![found(severity)], accepted: Vec::new() };
    let entry = entry_of(&role("", ""), "Q402", &open(Severity::Error));
    assert_eq!((entry.verdict, entry.worst()), (Verdict::Refuted, Some(Severity::Error)));
    assert_eq!(entry.evidence[0].to_string(), "J4001: t.yaml:3:5: named");
    let entry = entry_of(&role("", ""), "Q403", &open(Severity::Error));
    assert_eq!(entry.verdict, Verdict::Proven, "the finding is of another rule");
    let entry = entry_of(&role("", ""), "Q402", &open(Severity::Info));
    let evidence: Vec<String> = entry.evidence.iter().map(ToString::to_string).collect();
    assert_eq!((entry.verdict, evidence), (Verdict::Proven, vec!["P607: 1 case".to_owned()]), "an info breaks nothing");
}

#[test]
fn what_is_accepted_counts_with_a_reason_only_and_not_against_what_is_open() {
    let accepted = |reason: Option<&str>| Findings {
        open: Vec::new(),
        accepted: vec![Accepted { diagnostic: found(Severity::Warning), reason: reason.map(str::to_owned) }],
    };
    let (verdict, evidence) = told(&role("", ""), "Q402", &accepted(Some("shared")));
    assert_eq!(
        (verdict, evidence[0].as_str()),
        (Verdict::Accepted, "J4001: t.yaml:3:5: named, accepted because shared")
    );
    assert_eq!(told(&role("", ""), "Q402", &accepted(None)).0, Verdict::Refuted);
    let entry = entry_of(&role("", "RoleName: x"), "Q402", &accepted(Some("shared")));
    assert_eq!((entry.verdict, entry.worst()), (Verdict::Refuted, Some(Severity::Warning)));
    assert_eq!(entry.faults().map(|fault| fault.id.as_str()).collect::<Vec<_>>(), ["P607", "J4001"]);
}
