//! Commands that a GitHub workflow prints, which mark the lines of a pull request.

use super::Report;
use jqs_cfn::diagnostic::{Diagnostic, Severity};

pub(super) fn render(report: &Report<'_>) -> String {
    report.diagnostics.iter().map(command).collect::<Vec<_>>().join("\n")
}

fn command(one: &Diagnostic) -> String {
    let name = match one.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let (start, end) = (one.span.start, one.span.end);
    let hint = one.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    let text = data(&format!("{}{hint}", one.message));
    let (file, title) = (property(&one.file), property(&one.rule));
    // GitHub takes columns only where both are on one line.
    let columns = match start.line == end.line {
        true => format!(",col={},endColumn={}", start.column, end.column),
        false => String::new(),
    };
    format!("::{name} file={file},line={},endLine={}{columns},title={title}::{text}", start.line, end.line)
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
