//! The `Rules` of a template: which cases it refuses before anything is made.

use super::evaluator::{Evaluator, Outcome};
use super::tree::StackId;
use std::sync::Arc;

/// An assertion that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub stack: StackId,
    pub rule: Arc<str>,
    pub description: Option<String>,
}

impl Evaluator<'_> {
    /// The first assertion of a stack that refuses this case.
    pub fn violation(&self, id: StackId) -> Outcome<Option<Violation>> {
        for at in 0..self.tree().stack(id).program.rules().len() {
            if let Some(violation) = self.rule_violation(id, at)? {
                return Ok(Some(violation));
            }
        }
        Ok(None)
    }

    /// The first assertion of one rule, by its place among the rules, that refuses this case.
    pub fn rule_violation(&self, id: StackId, at: usize) -> Outcome<Option<Violation>> {
        let rule = &self.tree().stack(id).program.rules()[at];
        if !rule.condition.as_ref().map_or(Ok(true), |condition| self.truth(id, condition))? {
            return Ok(None);
        }
        for (assert, description) in &rule.assertions {
            if !self.truth(id, assert)? {
                return Ok(Some(Violation { stack: id, rule: rule.name.clone(), description: description.clone() }));
            }
        }
        Ok(None)
    }
}
