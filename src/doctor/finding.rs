//! What a check comes to.

use jqs_cfn::{Error, ErrorKind};
use serde::Serialize;

/// What a check is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Ok,
    Warning,
    Failed,
    /// It could not be checked.
    Unchecked,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) verdict: Verdict,
    /// What was found, or why nothing could be.
    pub(crate) found: String,
    /// What to do, a step on each line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
    /// All of what `found` only counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) details: Vec<String>,
}

impl About {
    fn finding(self, verdict: Verdict, found: String) -> Finding {
        Finding { id: self.id, title: self.title, verdict, found, advice: None, details: Vec::new() }
    }

    pub(super) fn ok(self, found: impl Into<String>) -> Finding {
        self.finding(Verdict::Ok, found.into())
    }

    pub(super) fn warning(self, found: impl Into<String>) -> Finding {
        self.finding(Verdict::Warning, found.into())
    }

    pub(super) fn failed(self, found: impl Into<String>) -> Finding {
        self.finding(Verdict::Failed, found.into())
    }

    pub(super) fn unchecked(self, why: impl Into<String>) -> Finding {
        self.finding(Verdict::Unchecked, why.into())
    }

    /// Nobody could be asked, or said no to the question.
    pub(super) fn unanswered(self, error: impl Into<Error>) -> Finding {
        let error = error.into();
        let finding = self.unchecked(error.full());
        match error.hint_text() {
            Some(hint) if error.kind() != ErrorKind::AccessDenied => finding.advice(hint),
            _ => finding,
        }
    }

    /// The same of what a hint goes with.
    pub(super) fn failed_by(self, error: &Error) -> Finding {
        let finding = self.failed(error.full());
        match error.hint_text() {
            Some(hint) => finding.advice(hint),
            None => finding,
        }
    }
}

impl Finding {
    #[must_use]
    pub(super) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    #[must_use]
    pub(super) fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }
}
