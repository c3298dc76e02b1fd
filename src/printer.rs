//! The only one to touch stdout. Stdout is data; everything for the eye goes to stderr.

use crate::paragraph::wrap;
use crate::settings::Settings;
use console::{Alignment, Style, Term, measure_text_width, pad_str, style, truncate_str};
use jqs_cfn::Error;
use serde::Serialize;
use std::io::Write;

/// Less of a type tells nothing.
const KIND_COLUMNS_MIN: usize = 16;

#[derive(Debug, Clone)]
pub(crate) struct Printer {
    json: bool,
    /// What is said ends on a terminal, and is wrapped to fit it.
    wraps: bool,
}

impl Printer {
    pub(crate) fn new(settings: &Settings) -> Self {
        console::set_colors_enabled(settings.stdout_color);
        console::set_colors_enabled_stderr(settings.stderr_color);
        Self { json: settings.json, wraps: settings.wraps }
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

    /// Progress, for the eye. Lines that are too long go on as far to the right as they begin.
    pub(crate) fn note(&self, text: &str) {
        let body = text.trim_start_matches(' ');
        self.below(text.len() - body.len(), body);
    }

    /// Text as far to the right as something above.
    pub(crate) fn below(&self, indent: usize, text: &str) {
        for line in wrap(text, self.columns().saturating_sub(indent)) {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    fn line(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// How many columns a line may have.
    pub(crate) fn columns(&self) -> usize {
        let width = || Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
        self.wraps.then(width).flatten().unwrap_or(usize::MAX)
    }

    /// Text beside a label, the lines below each other.
    pub(crate) fn labelled(&self, label: &str, text: &str) {
        let width = measure_text_width(label);
        for (number, line) in wrap(text, self.columns().saturating_sub(width + 1)).iter().enumerate() {
            let label = if number == 0 { label.to_owned() } else { " ".repeat(width) };
            self.line(&format!("{label} {line}"));
        }
    }

    pub(crate) fn field(&self, name: &str, value: &str) {
        let label = format!("{name:<10}");
        self.labelled(&paint(&label, Style::new().bold()), value);
    }

    pub(crate) fn success(&self, text: &str) {
        self.labelled(&style("✓").green().for_stderr().to_string(), text);
    }

    pub(crate) fn warning(&self, text: &str) {
        self.labelled(&style("warning:").yellow().bold().for_stderr().to_string(), text);
    }

    pub(crate) fn failure(&self, text: &str) {
        self.labelled(&style("✗").red().for_stderr().to_string(), text);
    }

    /// What follows the first line is for copying, and stays as it is.
    pub(crate) fn hint(&self, text: &str) {
        let mut lines = text.lines();
        let label = paint("hint:", Style::new().cyan().bold());
        self.labelled(&label, lines.next().unwrap_or_default());
        for line in lines {
            self.line(&format!("      {line}"));
        }
    }

    /// One of many, with its type in a second column and something to note in a third. The type is cut where there is no room.
    pub(crate) fn listed(&self, name: &str, width: usize, kind: &str, note: &str) {
        let note = if note.is_empty() { String::new() } else { format!("  {note}") };
        let taken = measure_text_width(name).max(width) + 2 + note.chars().count();
        let room = self.columns().saturating_sub(taken).max(KIND_COLUMNS_MIN);
        let name = pad_str(name, width, Alignment::Left, None);
        self.line(&format!("{name}  {}{note}", truncate_str(kind, room, "…")));
    }

    pub(crate) fn error(&self, error: &Error) {
        let text = error.full();
        let label = style("error:").red().bold().for_stderr().to_string();
        for line in text.lines() {
            self.labelled(&label, line);
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
