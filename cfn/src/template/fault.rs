//! What is wrong with a template, and where: all of it at once.

use super::{Position, Span};
use crate::error::{Error, ErrorKind};
use std::fmt::{self, Display};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub file: String,
    pub span: Span,
    pub message: String,
}

/// Never empty; in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Fault {
    pub(crate) fn new(file: &str, span: Span, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), span, message: message.into() }
    }
}

impl Faults {
    pub fn all(&self) -> &[Fault] {
        &self.0
    }

    /// `value`, unless there are faults.
    pub(crate) fn none_or<T>(mut faults: Vec<Fault>, value: T) -> Result<T, Self> {
        if faults.is_empty() {
            return Ok(value);
        }
        faults.sort_by_key(|fault| fault.span.start);
        Err(Self(faults))
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Self::new(ErrorKind::Template, faults.to_string())
    }
}

impl Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column, .. } = self.span.start;
        write!(formatter, "{}:{line}:{column}: {}", self.file, self.message)
    }
}

impl Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            if at > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
impl std::error::Error for Faults {}
