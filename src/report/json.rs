//! One JSON document.

use super::Report;
use jqs_cfn::diagnostic::{Diagnostic, Severity};
use serde_json::{Value, json};

pub(super) fn render(report: &Report<'_>) -> String {
    let document = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "files": report.files.keys().collect::<Vec<_>>(),
        "counts": {
            "error": report.count(Severity::Error),
            "warning": report.count(Severity::Warning),
            "info": report.count(Severity::Info),
        },
        "findings": report.diagnostics.iter().map(finding).collect::<Vec<_>>(),
    });
    format!("{document:#}")
}

fn finding(one: &Diagnostic) -> Value {
    let (start, end) = (one.span.start, one.span.end);
    json!({
        "rule": one.rule,
        "severity": one.severity,
        "file": one.file,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "path": one.path,
        "message": one.message,
        "hint": one.hint,
    })
}
