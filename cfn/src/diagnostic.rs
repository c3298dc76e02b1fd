//! What is wrong with a template, and where: one shape for everything that reads templates and finds fault with them.

use crate::template::Span;
use serde::Serialize;
use std::cmp::Ordering;
use std::fmt::{self, Display};
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing has to be done.
    Info,
    /// It deploys, and somebody will regret it.
    Warning,
    /// It does not deploy, or does something else than what it says.
    Error,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
            .ok_or_else(|| "it is `info`, `warning` or `error`".to_owned())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The id of the rule, for instance `J1003` or `F3002`.
    pub rule: String,
    pub severity: Severity,
    pub file: String,
    pub span: Span,
    /// Keys and positions from the top of the template down to what is meant; empty where it is the whole file.
    pub path: Vec<String>,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// All that was found in some templates.
#[derive(Debug, Default)]
pub struct Findings {
    pub open: Vec<Diagnostic>,
    pub accepted: Vec<Accepted>,
}

/// A finding that the template itself says does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub diagnostic: Diagnostic,
    /// Why it does not count; nothing where nobody has said so.
    pub reason: Option<String>,
}

impl Diagnostic {
    /// By file, place and rule: the order in which they are shown.
    pub fn order(&self, other: &Self) -> Ordering {
        let key = |one: &Self| (one.span.start.line, one.span.start.column, one.span.end.line, one.span.end.column);
        self.file
            .cmp(&other.file)
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(|| other.severity.cmp(&self.severity))
            .then_with(|| self.rule.cmp(&other.rule))
            .then_with(|| self.message.cmp(&other.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_ordered_and_read_by_their_names() {
        assert!(Severity::Error > Severity::Warning && Severity::Warning > Severity::Info);
        for severity in Severity::ALL {
            assert_eq!(severity.name().parse(), Ok(severity));
        }
        assert!("fatal".parse::<Severity>().is_err());
    }
}
