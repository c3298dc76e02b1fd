//! Our own rules, by family. docs/lint.md shows the same table.

mod offers;
mod operation;
mod portability;
mod security;
mod stacks;
mod texts;

use super::catalog::{OwnRule, Ruleset};
use crate::diagnostic::Severity;

const FAMILIES: [&[OwnRule]; 6] =
    [stacks::RULES, portability::RULES, texts::RULES, security::RULES, operation::RULES, offers::RULES];

/// In the order of their ids.
pub(super) fn all() -> impl Iterator<Item = &'static OwnRule> {
    FAMILIES.into_iter().flatten()
}

const fn rule(
    id: &'static str,
    severity: Severity,
    ruleset: Ruleset,
    title: &'static str,
    reason: &'static str,
) -> OwnRule {
    OwnRule { id, severity, ruleset, title, reason, twins: &[] }
}

/// The same, with the rules of the validator that say it too.
const fn twin(of: OwnRule, twins: &'static [&'static str]) -> OwnRule {
    OwnRule { twins, ..of }
}
