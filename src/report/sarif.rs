//! SARIF 2.1.0: what code scanning services read. <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use super::Report;
use jqs_cfn::diagnostic::{Diagnostic, Severity};
use jqs_cfn::lint;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn render(report: &Report<'_>) -> String {
    let ids: BTreeSet<&str> = report.diagnostics.iter().map(|one| one.rule.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "jqs lint",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": ids.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": report.diagnostics.iter().map(|one| result(one, &ids)).collect::<Vec<_>>(),
        }],
    });
    format!("{document:#}")
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn rule(id: &str) -> Value {
    let Some(known) = lint::rule(id) else { return json!({"id": id}) };
    let full = known.reason.as_ref().unwrap_or(&known.title);
    json!({
        "id": id,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": full},
        "defaultConfiguration": {"level": level(known.severity)},
    })
}

fn result(one: &Diagnostic, ids: &[&str]) -> Value {
    let hint = one.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    let (start, end) = (one.span.start, one.span.end);
    json!({
        "ruleId": one.rule,
        "ruleIndex": ids.binary_search(&one.rule.as_str()).ok(),
        "level": level(one.severity),
        "message": {"text": format!("{}{hint}", one.message)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&one.file)},
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        }}],
    })
}

/// A relative path as a URI reference: what is not plain is encoded.
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().fold(String::new(), |uri, byte| match is_plain(byte) {
        true => uri + &char::from(byte).to_string(),
        false => uri + &format!("%{byte:02X}"),
    })
}
