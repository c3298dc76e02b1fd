//! Every rule by its id: our own (`J…`), and AWS's validator's, whose numbers are those of `cfn-lint`.

use super::own_rules::OWN_RULES;
use crate::diagnostic::{Diagnostic, Severity};
use crate::template::Span;
use serde::Serialize;
use std::borrow::Cow;

/// When a rule of ours applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ruleset {
    /// To every template.
    Default,
    /// To templates that are published for others, as a Quick Start is.
    QuickStart,
}

impl Ruleset {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::QuickStart => "quickstart",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct OwnRule {
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    pub(super) ruleset: Ruleset,
    pub(super) title: &'static str,
    /// Why it matters, and what to do about it.
    pub(super) reason: &'static str,
    /// Rules of AWS's validator that say the same of the same line: the graver finding of the two is kept, ours where they
    /// are alike.
    pub(super) twins: &'static [&'static str],
}

/// What is known of a rule, whoever made it.
#[derive(Debug, Clone, Serialize)]
pub struct RuleInfo {
    pub id: Cow<'static, str>,
    pub severity: Severity,
    pub ruleset: Ruleset,
    pub origin: &'static str,
    pub title: Cow<'static, str>,
    pub reason: Option<Cow<'static, str>>,
}

/// All rules: ours first, then the validator's, each by id.
pub fn all() -> Vec<RuleInfo> {
    let own = OWN_RULES.iter().map(RuleInfo::from);
    let mut theirs: Vec<RuleInfo> = rules::RULE_REGISTRY.iter().map(RuleInfo::from).collect();
    theirs.sort_by(|one, other| one.id.cmp(&other.id));
    own.chain(theirs).collect()
}

pub fn find(id: &str) -> Option<RuleInfo> {
    match own(id) {
        Some(rule) => Some(rule.into()),
        None => rules::lookup_rule(id).map(RuleInfo::from),
    }
}

/// The id with the least distance, for whoever mistyped one.
pub fn nearest(id: &str) -> Option<Cow<'static, str>> {
    all().into_iter().map(|rule| rule.id).min_by_key(|known| strsim::damerau_levenshtein(known, id))
}

pub(super) fn own(id: &str) -> Option<&'static OwnRule> {
    OWN_RULES.iter().find(|rule| rule.id == id)
}

/// A finding of one of our rules, with its severity.
pub(super) fn finding(id: &'static str, file: &str, span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        rule: id.to_owned(),
        severity: own(id).map_or(Severity::Error, |rule| rule.severity),
        file: file.to_owned(),
        span,
        path: Vec::new(),
        message: message.into(),
        hint: None,
    }
}

/// What `cfn-lint` calls a rule of the validator, which calls what CloudFormation itself refuses `F…`.
pub(super) fn cfn_lint_id(id: &str) -> Option<String> {
    match id.strip_prefix('F') {
        Some(number) => Some(format!("E{number}")),
        None => (!id.starts_with('J')).then(|| id.to_owned()),
    }
}

pub(super) fn severity(severity: rules::Severity) -> Severity {
    match severity {
        rules::Severity::Fatal | rules::Severity::Error => Severity::Error,
        rules::Severity::Warn => Severity::Warning,
        rules::Severity::Info | rules::Severity::Debug => Severity::Info,
    }
}

impl From<&OwnRule> for RuleInfo {
    fn from(rule: &OwnRule) -> Self {
        Self {
            id: rule.id.into(),
            severity: rule.severity,
            ruleset: rule.ruleset,
            origin: "jqs",
            title: rule.title.into(),
            reason: Some(rule.reason.into()),
        }
    }
}

impl From<&rules::RuleDefinition> for RuleInfo {
    fn from(rule: &rules::RuleDefinition) -> Self {
        Self {
            id: rule.id.into(),
            severity: severity(rule.severity()),
            ruleset: Ruleset::Default,
            origin: match rule.origin {
                rules::RuleOrigin::Schema => "CloudFormation",
                rules::RuleOrigin::CfnLint => "cfn-lint",
                _ => "cloudformation-validate",
            },
            title: rule.description.into(),
            reason: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_in_order() {
        let ids: Vec<&str> = OWN_RULES.iter().map(|rule| rule.id).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted);
        assert!(OWN_RULES.iter().all(|rule| rule.id.starts_with('J') && rules::lookup_rule(rule.id).is_none()));
    }

    #[test]
    fn twins_are_rules_of_the_validator() {
        for twin in OWN_RULES.iter().flat_map(|rule| rule.twins) {
            assert!(rules::lookup_rule(twin).is_some(), "{twin}");
        }
    }

    #[test]
    fn a_mistyped_id_has_a_neighbour() {
        assert_eq!(nearest("J10033").as_deref(), Some("J1003"));
        assert_eq!(find("F3002").map(|rule| rule.origin), Some("CloudFormation"));
    }
}
