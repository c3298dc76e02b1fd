//! What is wrong with a configuration, and where: shown with the line it stands in, as compilers do.

use std::fmt::{self, Display};

/// A line and a column, both from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// From the first character to behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: Position,
    pub(super) end: Position,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    File(Span),
    /// A variable of the environment.
    Variable(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None }
    }

    pub(super) fn at(span: Span, message: impl Into<String>) -> Self {
        Self::new(Place::File(span), message)
    }

    pub(super) fn hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}

/// Everything that is wrong, each fault on lines of its own.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigurationError {
    shown: Vec<String>,
}

impl ConfigurationError {
    pub(super) fn one(message: impl Into<String>) -> Self {
        Self { shown: vec![message.into()] }
    }

    /// `secret_lines` are never shown: a password in a log is a password lost.
    pub(super) fn new(name: &str, text: &str, faults: &[Fault], secret_lines: &[Span]) -> Self {
        Self { shown: faults.iter().map(|fault| show(name, text, fault, secret_lines)).collect() }
    }

    pub fn faults(&self) -> &[String] {
        &self.shown
    }
}

impl Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown.join("\n\n"))
    }
}

fn show(name: &str, text: &str, Fault { place, message, hint }: &Fault, secret_lines: &[Span]) -> String {
    let mut shown = message.clone();
    let mut margin = 1;
    match place {
        Place::Variable(variable) => shown += &format!("\n --> the environment, `{variable}`"),
        Place::File(span) => {
            let Position { line, column } = span.start;
            margin = line.to_string().len();
            shown += &format!("\n{:margin$}--> {name}:{line}:{column}", "");
            let is_secret = secret_lines.iter().any(|secret| (secret.start.line..=secret.end.line).contains(&line));
            if let Some(source) = text.lines().nth(line - 1).filter(|_| !is_secret) {
                shown += &excerpt(source, span, margin);
            }
        }
    }
    if let Some(hint) = hint {
        shown += &format!("\n{:margin$} = help: {hint}", "");
    }
    shown
}

/// The line up to the end of what is meant: what stands behind an unknown key may be a secret.
fn excerpt(source: &str, span: &Span, margin: usize) -> String {
    let Position { line, column } = span.start;
    let last = if span.end.line == line { span.end.column - 1 } else { source.chars().count() };
    let last = last.max(column - 1);
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let seen: String = source.chars().take(last).map(printable).collect();
    let more = if source.chars().count() > last { "…" } else { "" };
    let indent = " ".repeat(column - 1);
    let underline = "^".repeat((last + 1).saturating_sub(column).max(1));
    format!("\n{0:margin$} |\n{line} | {seen}{more}\n{0:margin$} | {indent}{underline}", "")
}
