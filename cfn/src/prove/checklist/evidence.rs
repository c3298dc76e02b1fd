//! What a rule of the checklist rests on.

use crate::diagnostic::{Accepted, Diagnostic, Severity};
use crate::prove::prover::Finding;
use crate::template::Span;
use std::fmt::{self, Display};

#[derive(Debug)]
pub enum Evidence {
    /// A check that finds nothing in all of its cases.
    Cases { check: &'static str, cases: u64 },
    /// A lint rule that finds nothing in the templates that have something for it.
    Templates { rule: &'static str, templates: usize },
    /// What breaks the rule, or would if nobody accepted it.
    Fault(Fault),
}

/// A finding of a check, or of a lint rule.
#[derive(Debug)]
pub struct Fault {
    pub id: String,
    pub severity: Severity,
    pub file: String,
    pub span: Span,
    /// Logical ids down to the resource; nothing where a lint rule says where by the line.
    pub resource: Option<String>,
    pub message: String,
    /// The choices that lead to it; none where it is there in every case.
    pub case: Vec<String>,
    pub accepted: Option<String>,
}

impl Fault {
    pub fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.span.start.line, self.span.start.column)
    }
}

impl From<&Finding> for Fault {
    fn from(finding: &Finding) -> Self {
        Self {
            id: finding.check.id.to_owned(),
            severity: finding.check.severity,
            file: finding.file.clone(),
            span: finding.span,
            resource: Some(finding.path.clone()),
            message: finding.problem.message.clone(),
            case: finding.case.iter().map(ToString::to_string).collect(),
            accepted: finding.accepted.clone(),
        }
    }
}

impl From<&Diagnostic> for Fault {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            id: diagnostic.rule.clone(),
            severity: diagnostic.severity,
            file: diagnostic.file.clone(),
            span: diagnostic.span,
            resource: None,
            message: diagnostic.message.clone(),
            case: Vec::new(),
            accepted: None,
        }
    }
}

impl From<&Accepted> for Fault {
    fn from(accepted: &Accepted) -> Self {
        Self { accepted: accepted.reason.clone(), ..Self::from(&accepted.diagnostic) }
    }
}

impl Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cases { check, cases: 1 } => write!(formatter, "{check}: 1 case"),
            Self::Cases { check, cases } => write!(formatter, "{check}: {cases} cases"),
            Self::Templates { rule, templates: 1 } => write!(formatter, "{rule}: 1 template"),
            Self::Templates { rule, templates } => write!(formatter, "{rule}: {templates} templates"),
            Self::Fault(fault) => fault.fmt(formatter),
        }
    }
}

impl Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        let whose = self.resource.as_ref().map(|path| format!(" {path}:")).unwrap_or_default();
        write!(formatter, "{}: {place}:{whose} {}", self.id, self.message)?;
        if !self.case.is_empty() {
            write!(formatter, ", when {}", self.case.join(", "))?;
        }
        self.accepted.as_ref().map_or(Ok(()), |reason| write!(formatter, ", accepted because {reason}"))
    }
}
