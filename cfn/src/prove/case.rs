//! Cases: what an evaluation asks of the inputs is a choice, and every combination of choices is a case. Only what is asked
//! for is chosen, so that the cases of one check are those that make a difference to it, and no blind product.

use super::domain::Domains;
use crate::eval::Inputs;
use crate::template::Parameter;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    Parameter(Arc<str>),
    Region,
    /// A comparison that the templates leave open.
    Open(Arc<str>),
}

#[derive(Debug, Clone)]
pub struct Choice {
    pub subject: Subject,
    options: Vec<Option<Arc<str>>>,
    chosen: usize,
}

impl Choice {
    pub fn value(&self) -> Option<&Arc<str>> {
        self.options[self.chosen].as_ref()
    }

    /// The first option is what one gets without asking for anything.
    pub fn is_default(&self) -> bool {
        self.chosen == 0
    }
}

impl Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value().map_or("<any>", |value| value);
        match &self.subject {
            Subject::Parameter(name) => write!(formatter, "{name}={value}"),
            Subject::Region => write!(formatter, "region {value}"),
            Subject::Open(question) => write!(formatter, "{question}: {value}"),
        }
    }
}

/// What all cases have in common.
#[derive(Debug, Clone)]
pub(super) struct Space {
    pub domains: Domains,
    /// Parameters that have the value that somebody gave.
    pub given: Arc<BTreeSet<String>>,
    pub regions: Vec<Arc<str>>,
    pub stack_name: Arc<str>,
}

/// One walk through the cases: run, advance, run again, until there is none left.
#[derive(Debug)]
pub(super) struct Cases<'a> {
    space: &'a Space,
    trail: RefCell<Vec<Choice>>,
    /// Choices before this one stay as they are.
    fixed: usize,
}

impl<'a> Cases<'a> {
    pub(super) fn new(space: &'a Space) -> Self {
        Self { space, trail: RefCell::default(), fixed: 0 }
    }

    /// The cases that share these choices.
    pub(super) fn within(space: &'a Space, choices: Vec<Choice>) -> Self {
        Self { space, fixed: choices.len(), trail: RefCell::new(choices) }
    }

    pub(super) fn choices(&self) -> Vec<Choice> {
        self.trail.borrow().clone()
    }

    /// Goes on to the next case; `false` after the last one.
    pub(super) fn advance(&self) -> bool {
        let mut trail = self.trail.borrow_mut();
        while trail.len() > self.fixed {
            let Some(last) = trail.last_mut() else { break };
            if last.chosen + 1 < last.options.len() {
                last.chosen += 1;
                return true;
            }
            trail.pop();
        }
        false
    }

    fn choose(&self, subject: Subject, options: impl FnOnce() -> Vec<Option<Arc<str>>>) -> Option<Arc<str>> {
        if let Some(choice) = self.trail.borrow().iter().find(|choice| choice.subject == subject) {
            return choice.value().cloned();
        }
        let options = options();
        let first = options.first().cloned().flatten();
        self.trail.borrow_mut().push(Choice { subject, options, chosen: 0 });
        first
    }
}

impl Inputs for Cases<'_> {
    fn parameter(&self, parameter: &Parameter) -> Option<Arc<str>> {
        let options = self.space.domains.of(&parameter.name);
        match options {
            [] => None,
            // No choice at all: it shall not lengthen what is shown.
            [only] => only.clone(),
            _ => self.choose(Subject::Parameter(parameter.name.as_str().into()), || options.to_vec()),
        }
    }

    fn region(&self) -> Arc<str> {
        let regions = || self.space.regions.iter().cloned().map(Some).collect();
        self.choose(Subject::Region, regions).unwrap_or_else(|| "us-east-1".into())
    }

    fn is_given(&self, parameter: &str) -> bool {
        self.space.given.contains(parameter)
    }

    fn stack_name(&self) -> Arc<str> {
        self.space.stack_name.clone()
    }

    fn decide(&self, question: &str) -> bool {
        let options = || vec![Some("false".into()), Some("true".into())];
        self.choose(Subject::Open(question.into()), options).as_deref() == Some("true")
    }
}

/// The choices that make up a case, with some of them set back to their defaults.
pub(super) fn with_defaults(choices: &[Choice], but: &[usize]) -> Vec<Choice> {
    let mut choices = choices.to_vec();
    for (at, choice) in choices.iter_mut().enumerate() {
        if !but.contains(&at) {
            choice.chosen = 0;
        }
    }
    choices
}
