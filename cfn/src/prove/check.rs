//! What is proven: checks, each of one kind of fault, on one resource in one case.

use super::scene::Scene;
pub use crate::diagnostic::Severity;
use crate::eval::{Address, Outcome, StackTree};
use crate::template::Span;

/// How finely the cases must be told apart for a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// By what conditions, rules and mappings tell apart: enough where values themselves do not matter.
    Structure,
    /// By every value that a parameter allows.
    Values,
    /// The same, in every single region, since AWS differs between regions that a template cannot tell apart.
    Regions,
}

pub struct Check {
    pub id: &'static str,
    pub title: &'static str,
    pub severity: Severity,
    pub grain: Grain,
    /// The types of resource that it looks at; none for all.
    pub kinds: &'static [&'static str],
    /// What it demands and why, in a few sentences.
    pub explanation: &'static str,
    /// How many questions it asks of a resource. Each is asked alone, so that what bears on one does not multiply the cases
    /// of another.
    pub parts: fn(&StackTree, &Address) -> usize,
    /// Asks one of them.
    pub run: fn(&Scene<'_>, &Address, usize) -> Outcome<Vec<Problem>>,
}

/// The type under which checks look at whole stacks: the address of a stack has no logical id.
pub(super) const STACK: &str = "";

pub(super) fn one_part(_: &StackTree, _: &Address) -> usize {
    1
}

/// One fault in one case.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What it is about, the same in every case that has it: a property, or a port.
    pub about: String,
    pub message: String,
    pub hint: Option<String>,
    /// The way that leads to it, step by step, for instance from the internet to a task.
    pub steps: Vec<String>,
    /// Where it is written; the resource itself where nothing is said.
    pub span: Option<Span>,
}

impl Problem {
    pub fn new(about: impl Into<String>, message: impl Into<String>) -> Self {
        Self { about: about.into(), message: message.into(), hint: None, steps: Vec::new(), span: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn steps(mut self, steps: Vec<String>) -> Self {
        self.steps = steps;
        self
    }

    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }
}
