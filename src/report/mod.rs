//! Findings in the formats that people and machines read. Pure: text out, nothing printed.

mod github;
mod json;
mod junit;
mod pretty;
mod sarif;

use clap::ValueEnum;
use jqs_cfn::diagnostic::{Diagnostic, Severity};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: the line, what is wrong in it, and what to do
    Pretty,
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for continuous integration
    Junit,
    /// Commands of a GitHub workflow, shown beside the lines of a pull request
    Github,
}

/// All that a report tells.
pub(crate) struct Report<'a> {
    pub(crate) diagnostics: &'a [Diagnostic],
    /// Every file that was looked at, with its text.
    pub(crate) files: &'a BTreeMap<String, String>,
}

impl Report<'_> {
    /// The whole report; it ends without a line break, and may be empty.
    pub(crate) fn render(&self, format: Format) -> String {
        match format {
            Format::Pretty => pretty::render(self),
            Format::Json => json::render(self),
            Format::Sarif => sarif::render(self),
            Format::Junit => junit::render(self),
            Format::Github => github::render(self),
        }
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|one| one.severity == severity).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jqs_cfn::template::{Position, Span};

    const TEXT: &str = "Resources:\n  Topic:\n    Type: AWS::SNS::Topik\n    Naïve: [a, b]\n";

    fn diagnostic(rule: &str, severity: Severity, line: u32, columns: (u32, u32), hint: Option<&str>) -> Diagnostic {
        let position = |column| Position { line, column, offset: 0 };
        Diagnostic {
            rule: rule.to_owned(),
            severity,
            file: "a/t.yaml".to_owned(),
            span: Span { start: position(columns.0), end: position(columns.1) },
            path: vec!["Resources".to_owned(), "Topic".to_owned()],
            message: "100 % wrong: <b> & \"c\"".to_owned(),
            hint: hint.map(str::to_owned),
        }
    }

    fn rendered(format: Format) -> String {
        console::set_colors_enabled(false);
        let diagnostics = [
            diagnostic("F3006", Severity::Error, 3, (11, 26), Some("did you mean\n`AWS::SNS::Topic`?")),
            diagnostic("J5009", Severity::Info, 4, (5, 10), None),
            diagnostic("MINE", Severity::Warning, 9, (1, 1), None),
        ];
        let files = BTreeMap::from([("a/t.yaml".to_owned(), TEXT.to_owned()), ("b.yaml".to_owned(), String::new())]);
        Report { diagnostics: &diagnostics, files: &files }.render(format)
    }

    #[test]
    fn every_format_has_its_whole_output_in_a_snapshot() {
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(env!("CARGO_PKG_VERSION"), "VERSION");
        settings.bind(|| {
            for (name, format) in [
                ("pretty", Format::Pretty),
                ("json", Format::Json),
                ("sarif", Format::Sarif),
                ("junit", Format::Junit),
                ("github", Format::Github),
            ] {
                insta::assert_snapshot!(name, rendered(format));
            }
        });
    }

    #[test]
    fn nothing_found_is_said_too() {
        let files = BTreeMap::from([("b.yaml".to_owned(), String::new())]);
        let report = Report { diagnostics: &[], files: &files };
        assert_eq!(report.render(Format::Pretty), "no findings in 1 file");
        assert_eq!(report.render(Format::Github), "");
        assert!(report.render(Format::Junit).contains("tests=\"1\" failures=\"0\""));
    }

    #[test]
    fn long_lines_are_cut_around_the_fault() {
        console::set_colors_enabled(false);
        let text = format!("{}fault{}", "a ".repeat(200), " b".repeat(200));
        let mut one = diagnostic("J2002", Severity::Warning, 1, (401, 406), None);
        one.message = "m".to_owned();
        let files = BTreeMap::from([("a/t.yaml".to_owned(), text)]);
        let shown = Report { diagnostics: &[one], files: &files }.render(Format::Pretty);
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines[3].find("fault").expect("the fault is shown");
        assert_eq!(
            lines[4].find('^').map(|caret| lines[3][..at].chars().count() == lines[4][..caret].chars().count()),
            Some(true),
            "{shown}"
        );
        assert!(lines[3].chars().count() < 140, "{shown}");
    }
}
