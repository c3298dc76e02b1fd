//! The only one to touch stdout. Stdout is data; everything for the eye goes to stderr.

use crate::settings::Settings;
use console::{Style, style};
use jqs_cfn::Error;
use serde::Serialize;
use std::io::Write;

#[derive(Debug, Clone)]
pub(crate) struct Printer {
    json: bool,
}

impl Printer {
    pub(crate) fn new(settings: &Settings) -> Self {
        console::set_colors_enabled(settings.stdout_color);
        console::set_colors_enabled_stderr(settings.stderr_color);
        Self { json: settings.json }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One line of data.
    pub(crate) fn data(&self, line: &str) {
        // A reader that went away (`jqs outputs | head -1`) is no failure of ours.
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    /// One line of many that may never end; tells whether anybody still reads them.
    pub(crate) fn stream(&self, line: &str) -> bool {
        writeln!(std::io::stdout(), "{line}").is_ok()
    }

    /// One document, for people to read as well.
    pub(crate) fn document(&self, document: &impl Serialize) {
        if let Ok(text) = serde_json::to_string_pretty(document) {
            self.data(&text);
        }
    }

    /// One of many documents, each on its line; nothing without `--json`.
    pub(crate) fn record(&self, kind: &str, fields: &impl Serialize) {
        if self.json {
            self.stream_record(kind, fields);
        }
    }

    /// The same among many that may never end; tells whether anybody still reads them.
    pub(crate) fn stream_record(&self, kind: &str, fields: &impl Serialize) -> bool {
        #[derive(Serialize)]
        struct Record<'a, T> {
            r#type: &'a str,
            #[serde(flatten)]
            fields: &'a T,
        }
        serde_json::to_string(&Record { r#type: kind, fields }).is_ok_and(|text| self.stream(&text))
    }

    /// Names and values in two columns; as a JSON object with `--json`.
    pub(crate) fn table(&self, rows: &[(String, String)]) {
        let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
        for (key, value) in rows {
            self.data(format!("{key:width$}  {value}").trim_end());
        }
    }

    /// Progress, for the eye.
    pub(crate) fn note(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    pub(crate) fn field(&self, name: &str, value: &str) {
        self.note(&format!("{} {value}", paint(&format!("{name:<10}"), Style::new().bold())));
    }

    pub(crate) fn success(&self, text: &str) {
        self.note(&format!("{} {text}", style("✓").green().for_stderr()));
    }

    pub(crate) fn warning(&self, text: &str) {
        self.note(&format!("{} {text}", style("warning:").yellow().bold().for_stderr()));
    }

    pub(crate) fn failure(&self, text: &str) {
        self.note(&format!("{} {text}", style("✗").red().for_stderr()));
    }

    pub(crate) fn hint(&self, text: &str) {
        let label = paint("hint:", Style::new().cyan().bold());
        let mut lines = text.lines();
        self.note(&format!("{label} {}", lines.next().unwrap_or_default()));
        for line in lines {
            self.note(&format!("      {line}"));
        }
    }

    pub(crate) fn error(&self, error: &Error) {
        let text = error.full();
        let label = style("error:").red().bold().for_stderr();
        for line in text.lines() {
            self.note(&format!("{label} {line}"));
        }
        if let Some(hint) = error.hint_text() {
            self.hint(hint);
        }
        #[derive(Serialize)]
        struct Failure<'a> {
            kind: jqs_cfn::ErrorKind,
            message: &'a str,
            hint: Option<&'a str>,
        }
        self.record("error", &Failure { kind: error.kind(), message: &text, hint: error.hint_text() });
    }
}

pub(crate) fn paint(text: &str, style: Style) -> String {
    style.for_stderr().apply_to(text).to_string()
}
