//! One closed error kind for everything this crate can meet, each with what to do about it.

use serde::Serialize;
use std::error::Error as StdError;
use std::fmt::{self, Display};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The command line asks for something that makes no sense together.
    Usage,
    /// Somebody, or a rule, said no.
    Refused,
    Template,
    Parameter,
    NoRegion,
    UnknownRegion,
    NoCredentials,
    ExpiredCredentials,
    InvalidCredentials,
    AccessDenied,
    Unreachable,
    Throttled,
    /// What was asked for is not there: a stack, an output, an image.
    NotFound,
    /// Another operation on the stack is still going on.
    StackBusy,
    /// The stack is in a state that only a person can lead it out of.
    StackUnusable,
    StackFailed,
    ChangeSetFailed,
    /// A check says that a deployment would fail.
    PreflightFailed,
    TimedOut,
    Io,
    Service,
}

/// What failed (`Display`), why (`source`), and what to do (`hint`).
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, source: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The message and all its causes, joined as one sentence.
    pub fn full(&self) -> String {
        let mut text = self.message.clone();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }

    /// Worth asking again: the request itself was not refused.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, ErrorKind::Throttled | ErrorKind::Unreachable)
    }

    /// Somebody has to sign in, or to sign in again.
    pub fn is_about_credentials(&self) -> bool {
        use ErrorKind::{ExpiredCredentials, InvalidCredentials, NoCredentials};
        matches!(self.kind, ExpiredCredentials | InvalidCredentials | NoCredentials)
    }
}

impl Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_says_what_and_full_says_why() {
        let error = Error::new(ErrorKind::Service, "cannot list").because("no such thing").hint("look elsewhere");
        assert_eq!(error.to_string(), "cannot list");
        assert_eq!(error.full(), "cannot list: no such thing");
        assert_eq!(error.hint_text(), Some("look elsewhere"));
    }
}
