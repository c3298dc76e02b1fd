//! What the rules are, for whoever meets one.

use crate::exit::Exit;
use crate::printer::Printer;
use jqs_cfn::lint::{self, RuleInfo};
use jqs_cfn::{Error, ErrorKind, Result};

const CFN_LINT_RULES: &str = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md";

pub(super) fn one(printer: &Printer, id: &str) -> Result<Exit> {
    let rule = lint::rule(id).ok_or_else(|| {
        let error = Error::new(ErrorKind::Usage, format!("there is no rule `{id}`"));
        match lint::nearest_rule(id) {
            Some(nearest) => error.hint(format!("did you mean `{nearest}`? `jqs lint --list-rules` has them all")),
            None => error,
        }
    })?;
    if printer.is_json() {
        printer.document(&rule);
        return Ok(Exit::Done);
    }
    printer.data(&format!("{}: {}", rule.id, rule.title));
    printer.data(&format!("{}, ruleset {}, from {}", rule.severity, rule.ruleset.name(), rule.origin));
    if let Some(reason) = &rule.reason {
        printer.data(&format!("\n{reason}"));
    }
    if rule.origin == "cfn-lint" {
        printer.data(&format!("\n{CFN_LINT_RULES}"));
    }
    Ok(Exit::Done)
}

pub(super) fn all(printer: &Printer) -> Exit {
    let rules = lint::rules();
    if printer.is_json() {
        printer.document(&rules);
        return Exit::Done;
    }
    for RuleInfo { id, severity, ruleset, origin, title, .. } in &rules {
        printer.data(&format!("{id:<6} {:<8} {:<11} {origin:<23} {title}", severity.name(), ruleset.name()));
    }
    Exit::Done
}
