//! JUnit XML: a suite for each file, in it a test case for each rule that found something, or one that passed.

use super::Report;
use jqs_cfn::diagnostic::Diagnostic;
use jqs_cfn::lint;
use jqs_cfn::markup::escaped;
use std::collections::BTreeMap;

pub(super) fn render(report: &Report<'_>) -> String {
    let suites: Vec<Suite<'_>> = report.files.keys().map(|file| Suite::new(report, file)).collect();
    let tests: usize = suites.iter().map(|suite| suite.cases.len().max(1)).sum();
    let failures: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push_str(&format!("<testsuites name=\"jqs lint\" tests=\"{tests}\" failures=\"{failures}\">\n"));
    suites.iter().for_each(|suite| text.push_str(&suite.render()));
    text + "</testsuites>"
}

struct Suite<'a> {
    file: &'a str,
    cases: BTreeMap<&'a str, Vec<&'a Diagnostic>>,
}

impl<'a> Suite<'a> {
    fn new(report: &Report<'a>, file: &'a str) -> Self {
        let mut cases: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::new();
        for one in report.diagnostics.iter().filter(|one| one.file == file) {
            cases.entry(&one.rule).or_default().push(one);
        }
        Self { file, cases }
    }

    fn render(&self) -> String {
        let file = escaped(self.file);
        let (tests, failures) = (self.cases.len().max(1), self.cases.len());
        let mut text = format!("  <testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failures}\">\n");
        if self.cases.is_empty() {
            text.push_str(&format!("    <testcase classname=\"{file}\" name=\"no findings\"/>\n"));
        }
        for (rule, found) in &self.cases {
            let title = lint::rule(rule).map(|known| format!(": {}", known.title)).unwrap_or_default();
            let name = escaped(&format!("{rule}{title}"));
            text.push_str(&format!("    <testcase classname=\"{file}\" name=\"{name}\">\n"));
            for one in found {
                text.push_str(&failure(one));
            }
            text.push_str("    </testcase>\n");
        }
        text + "  </testsuite>\n"
    }
}

fn failure(one: &Diagnostic) -> String {
    let place = one.span.start;
    let hint = one.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    let text = format!("{}:{}:{}: {}{hint}", one.file, place.line, place.column, one.message);
    let (message, text) = (escaped(&one.message), escaped(&text));
    format!("      <failure type=\"{}\" message=\"{message}\">{text}</failure>\n", one.severity)
}
