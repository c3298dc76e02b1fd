//! For programs: one document, of which fields are added to and never renamed.

use super::case;
use crate::prove::checklist::{Entry, Evidence};
use crate::prove::{Finding, Proof, Subject};
use serde_json::{Map, Value, json};

pub fn json(proofs: &[Proof]) -> String {
    let proofs: Vec<Value> = proofs.iter().map(proof).collect();
    let mut text = serde_json::to_string_pretty(&json!({ "proofs": proofs })).unwrap_or_default();
    text.push('\n');
    text
}

fn proof(proof: &Proof) -> Value {
    let checks = proof.checks.iter().map(|proven| {
        json!({
            "id": proven.check.id,
            "title": proven.check.title,
            "severity": proven.check.severity,
            "questions": proven.questions,
            "cases": proven.cases,
            "findings": proven.findings,
            "accepted": proven.accepted,
        })
    });
    let checklist = proof.checklist.as_ref();
    json!({
        "entry": proof.entry,
        "regions": proof.regions,
        "cases": proof.cases,
        "combinations": proof.combinations,
        "seconds": proof.elapsed.as_secs_f64(),
        "checks": checks.collect::<Vec<_>>(),
        "findings": proof.findings.iter().map(finding).collect::<Vec<_>>(),
        // Nothing where nobody asks for it.
        "checklist": checklist.map(|checklist| checklist.entries.iter().map(entry).collect::<Vec<_>>()),
    })
}

fn entry(entry: &Entry) -> Value {
    json!({
        "id": entry.rule.id,
        "title": entry.rule.title,
        "verdict": entry.verdict,
        "severity": entry.worst(),
        "checks": entry.rule.checks,
        "lint_rules": entry.rule.lint_rules,
        "evidence": entry.evidence.iter().map(evidence).collect::<Vec<_>>(),
    })
}

fn evidence(evidence: &Evidence) -> Value {
    match evidence {
        Evidence::Cases { check, cases } => json!({"id": check, "cases": cases}),
        Evidence::Templates { rule, templates } => json!({"id": rule, "templates": templates}),
        Evidence::Fault(fault) => json!({
            "id": fault.id,
            "severity": fault.severity,
            "message": fault.message,
            "resource": fault.resource,
            "file": fault.file,
            "line": fault.span.start.line,
            "column": fault.span.start.column,
            "when": (!fault.case.is_empty()).then(|| fault.case.join(", ")),
            "accepted": fault.accepted,
        }),
    }
}

fn finding(finding: &Finding) -> Value {
    let mut parameters = Map::new();
    for choice in &finding.case {
        if let (Subject::Parameter(name), Some(value)) = (&choice.subject, choice.value()) {
            parameters.insert(name.to_string(), value.to_string().into());
        }
    }
    json!({
        "id": finding.check.id,
        "severity": finding.check.severity,
        "message": finding.problem.message,
        "hint": finding.problem.hint,
        "resource": finding.path,
        "type": finding.kind,
        "file": finding.file,
        "line": finding.span.start.line,
        "column": finding.span.start.column,
        "when": case(finding),
        "parameters": parameters,
        "region": finding.region(),
        "path": finding.problem.steps,
        "cases": finding.cases,
        "accepted": finding.accepted,
    })
}
