//! The checklist for quick starts: rules that a published deployment keeps, each with the checks that prove or refute it.

use super::check::Severity;
use super::prover::{Finding, Proof};
use serde::Serialize;

/// One rule, and the checks that are evidence of it.
#[derive(Debug)]
pub struct Rule {
    pub id: &'static str,
    pub title: &'static str,
    checks: &'static [&'static str],
}

pub const RULES: [Rule; 10] = [
    Rule { id: "Q1", title: "it survives the loss of an Availability Zone", checks: &["P302", "P303", "P211", "P212"] },
    Rule { id: "Q2", title: "it deploys in every region and partition", checks: &["P001", "P901", "P902"] },
    Rule {
        id: "Q3",
        title: "tasks are in private subnets and find a way out",
        checks: &["P304", "P506", "P508", "P509"],
    },
    Rule {
        id: "Q4",
        title: "security groups admit what is needed, from where it is needed",
        checks: &["P503", "P504", "P505"],
    },
    Rule {
        id: "Q5",
        title: "the internet gets in by a deliberate choice, encrypted",
        checks: &["P501", "P502", "P704", "P705"],
    },
    Rule { id: "Q6", title: "roles may do what they need", checks: &["P601", "P602", "P603"] },
    Rule { id: "Q7", title: "roles and policies trust only whom they must", checks: &["P604", "P605", "P606"] },
    Rule { id: "Q8", title: "IAM resources have no names of their own", checks: &["P607"] },
    Rule {
        id: "Q9",
        title: "data is encrypted, and it is said what becomes of it",
        checks: &["P701", "P703", "P507", "P801", "P802"],
    },
    Rule { id: "Q10", title: "nested stacks are given what they need", checks: &["P002", "P003", "P807", "P808"] },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// In every case.
    Proven,
    /// In every case, but for what the templates accept with a reason.
    Accepted,
    /// There is a case that breaks it.
    Refuted,
    /// Nothing in the templates is subject to it, or none of its checks has run.
    NotApplicable,
}

/// What became of one rule.
#[derive(Debug)]
pub struct Entry {
    pub rule: &'static Rule,
    pub verdict: Verdict,
    /// What breaks it or is accepted; else the checks with their cases.
    pub evidence: Vec<String>,
}

#[derive(Debug)]
pub struct Checklist {
    pub entries: Vec<Entry>,
}

impl Checklist {
    pub fn of(proof: &Proof) -> Self {
        Self { entries: RULES.iter().map(|rule| entry(rule, proof)).collect() }
    }

    pub fn is_kept(&self) -> bool {
        self.entries.iter().all(|entry| entry.verdict != Verdict::Refuted)
    }
}

fn entry(rule: &'static Rule, proof: &Proof) -> Entry {
    // Infos are for the reader; they break no rule.
    let counts =
        |finding: &&Finding| rule.checks.contains(&finding.check.id) && finding.check.severity >= Severity::Warning;
    let (accepted, open): (Vec<&Finding>, Vec<&Finding>) =
        proof.findings.iter().filter(counts).partition(|finding| finding.accepted.is_some());
    let asked = proof.checks.iter().filter(|proven| rule.checks.contains(&proven.check.id) && proven.questions > 0);
    let asked: Vec<String> = asked.map(|proven| format!("{}: {} cases", proven.check.id, proven.cases)).collect();
    let (verdict, evidence) = if !open.is_empty() {
        (Verdict::Refuted, open.into_iter().map(told).collect())
    } else if !accepted.is_empty() {
        (Verdict::Accepted, accepted.into_iter().map(told).collect())
    } else if asked.is_empty() {
        (Verdict::NotApplicable, Vec::new())
    } else {
        (Verdict::Proven, asked)
    };
    Entry { rule, verdict, evidence }
}

fn told(finding: &Finding) -> String {
    let case: Vec<String> = finding.case.iter().map(ToString::to_string).collect();
    let when = if case.is_empty() { String::new() } else { format!(", when {}", case.join(", ")) };
    let because = finding.accepted.as_ref().map(|reason| format!(", accepted because {reason}")).unwrap_or_default();
    format!("{}: {}: {}{when}{because}", finding.check.id, finding.path, finding.problem.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::Options;
    use crate::prove::checks;
    use crate::prove::tests::proof;

    fn verdict(text: &str, id: &str) -> (Verdict, Vec<String>) {
        let checklist = Checklist::of(&proof(&[("t.yaml", text)], &Options::default()));
        let entry = checklist.entries.into_iter().find(|entry| entry.rule.id == id).expect("a rule");
        (entry.verdict, entry.evidence)
    }

    #[test]
    fn rules_name_checks_that_exist() {
        for id in RULES.iter().flat_map(|rule| rule.checks) {
            assert!(checks::ALL.iter().any(|check| check.id == *id), "{id}");
        }
    }

    #[test]
    fn each_rule_is_proven_refuted_accepted_or_has_no_subject() {
        let role = |name: &str, metadata: &str| {
            format!("Resources: {{R: {{Type: 'AWS::IAM::Role', {metadata} Properties: {{{name}}}}}}}")
        };
        assert_eq!(verdict(&role("", ""), "Q8"), (Verdict::Proven, vec!["P607: 1 cases".to_owned()]));
        let (refuted, evidence) = verdict(&role("RoleName: x", ""), "Q8");
        assert!(refuted == Verdict::Refuted && evidence[0].starts_with("P607: R: `RoleName`"), "{evidence:?}");
        let (accepted, evidence) =
            verdict(&role("RoleName: x", "Metadata: {jqs: {ignore: [{id: P607, reason: known}]}},"), "Q8");
        assert!(accepted == Verdict::Accepted && evidence[0].ends_with("accepted because known"), "{evidence:?}");
        assert_eq!(verdict("Resources: {T: {Type: 'AWS::SNS::Topic'}}", "Q8").0, Verdict::NotApplicable);
    }
}
