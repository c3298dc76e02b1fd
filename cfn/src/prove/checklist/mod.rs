//! The checklist for quick starts: rules that a published deployment keeps, each proven or refuted by checks, by lint rules,
//! or by both.

mod evidence;
mod rules;
mod scope;

#[cfg(test)]
mod tests;

pub use evidence::{Evidence, Fault};
pub use rules::{RULES, Rule};

use super::prover::{Finding, Proof};
use crate::diagnostic::{Findings, Severity};
use crate::eval::StackTree;
use serde::Serialize;
use std::collections::BTreeMap;

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

impl Verdict {
    pub const ALL: [Self; 4] = [Self::Proven, Self::Accepted, Self::Refuted, Self::NotApplicable];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Accepted => "accepted",
            Self::Refuted => "refuted",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// What became of one rule.
#[derive(Debug)]
pub struct Entry {
    pub rule: &'static Rule,
    pub verdict: Verdict,
    /// What breaks it, then what is accepted; without either, what finds nothing.
    pub evidence: Vec<Evidence>,
}

#[derive(Debug)]
pub struct Checklist {
    pub entries: Vec<Entry>,
}

impl Checklist {
    /// What a proof of `tree` and the findings of the linter in its templates come to.
    pub fn of(tree: &StackTree, proof: &Proof, findings: &Findings) -> Self {
        Self { entries: RULES.iter().map(|rule| entry(rule, tree, proof, findings)).collect() }
    }

    pub fn count(&self, verdict: Verdict) -> usize {
        self.entries.iter().filter(|entry| entry.verdict == verdict).count()
    }

    /// The worst of what refutes a rule.
    pub fn worst(&self) -> Option<Severity> {
        self.entries.iter().filter_map(Entry::worst).max()
    }
}

impl Entry {
    /// The worst of what refutes it.
    pub fn worst(&self) -> Option<Severity> {
        let open = self.faults().filter(|fault| fault.accepted.is_none());
        open.map(|fault| fault.severity).max()
    }

    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Fault(fault) => Some(fault),
            Evidence::Cases { .. } | Evidence::Templates { .. } => None,
        })
    }
}

impl Rule {
    fn rests_on_check(&self, id: &str) -> bool {
        self.checks.contains(&id)
    }

    fn rests_on_lint_rule(&self, id: &str) -> bool {
        self.lint_rules.iter().any(|named| names(named, id))
    }
}

/// Whether `named` is the rule `id`, or the letter of its family.
fn names(named: &str, id: &str) -> bool {
    id == named || named.len() == 1 && id.starts_with(named)
}

fn entry(rule: &'static Rule, tree: &StackTree, proof: &Proof, findings: &Findings) -> Entry {
    let (accepted, open): (Vec<Fault>, Vec<Fault>) =
        faults(rule, proof, findings).into_iter().partition(|fault| fault.accepted.is_some());
    let verdict = match (open.is_empty(), accepted.is_empty()) {
        (false, _) => Verdict::Refuted,
        (true, false) => Verdict::Accepted,
        (true, true) => {
            let evidence = silence(rule, tree, proof, findings);
            let verdict = if evidence.is_empty() { Verdict::NotApplicable } else { Verdict::Proven };
            return Entry { rule, verdict, evidence };
        }
    };
    Entry { rule, verdict, evidence: open.into_iter().chain(accepted).map(Evidence::Fault).collect() }
}

/// All that bears on a rule, accepted or not. Infos are for the reader; they break no rule.
fn faults(rule: &Rule, proof: &Proof, findings: &Findings) -> Vec<Fault> {
    let proven = proof.findings.iter().filter(|finding: &&Finding| rule.rests_on_check(finding.check.id));
    let open = findings.open.iter().filter(|found| rule.rests_on_lint_rule(&found.rule));
    let accepted = findings.accepted.iter().filter(|accepted| rule.rests_on_lint_rule(&accepted.diagnostic.rule));
    let all = proven.map(Fault::from).chain(open.map(Fault::from)).chain(accepted.map(Fault::from));
    all.filter(|fault| fault.severity >= Severity::Warning).collect()
}

/// The checks and the lint rules that had something to look at, and found nothing.
fn silence(rule: &Rule, tree: &StackTree, proof: &Proof, findings: &Findings) -> Vec<Evidence> {
    // A check may come in parts, under one id.
    let mut cases: BTreeMap<&'static str, u64> = BTreeMap::new();
    for proven in proof.checks.iter().filter(|proven| rule.rests_on_check(proven.check.id)) {
        if proven.questions > 0 && proven.findings == 0 {
            *cases.entry(proven.check.id).or_default() += proven.cases;
        }
    }
    let mut evidence: Vec<Evidence> =
        cases.into_iter().map(|(check, cases)| Evidence::Cases { check, cases }).collect();
    let templates = rule.scope.templates(tree);
    if templates > 0 {
        let is_silent = |named: &&&str| !findings.open.iter().any(|found| names(named, &found.rule));
        let silent = rule.lint_rules.iter().filter(is_silent);
        evidence.extend(silent.map(|rule| Evidence::Templates { rule, templates }));
    }
    evidence
}
