//! The checks of `jqs doctor` that cost little, before anything is made: what would fail a deployment in its middle stops it
//! at its beginning.

use super::target::Target;
use super::verdict;
use crate::cli::TargetArgs;
use crate::context::Context;
use crate::doctor::{self, Extent, Finding, Subject, Summary, Verdict};
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::query::Query;
use jqs_stacks::stack::Stack;
use jqs_stacks::{Identity, Session};

#[derive(Debug, Args)]
pub(crate) struct PreflightArgs {
    /// Go on without the checks of `jqs doctor` that cost little
    #[arg(long)]
    pub(crate) skip_preflight: bool,
}

/// Warnings are told and gone on with; what has failed is an error.
pub(super) async fn check(
    context: &Context,
    session: &Session,
    identity: &Identity,
    arguments: &TargetArgs,
    target: &Target,
    found: Option<&Stack>,
    preflight: &PreflightArgs,
) -> Result<()> {
    if preflight.skip_preflight {
        return Ok(());
    }
    let printer = &context.printer;
    let subject = subject(context, session, identity, arguments, target, found)?;
    let findings = tokio::select! {
        findings = doctor::examine(subject, Extent::Preflight, |finding| printer.record("check", finding)) => findings,
        () = context.interrupt.raised() => return Err(stopped()),
    };
    let summary = Summary::of(&findings);
    let more = if summary.unchecked > 0 { " (`jqs doctor` tells why)" } else { "" };
    printer.field("Checks", &format!("{}{more}", summary.words()));
    let told = |verdict| findings.iter().filter(move |finding: &&Finding| finding.verdict == verdict);
    for finding in told(Verdict::Warning) {
        printer.warning(&sentence(finding));
        finding.advice.iter().for_each(|advice| printer.hint(advice));
    }
    for finding in told(Verdict::Failed) {
        printer.failure(&sentence(finding));
        finding.advice.iter().for_each(|advice| printer.hint(advice));
    }
    match summary.failed {
        0 => Ok(()),
        failed => {
            let what = if failed == 1 { "a check has".to_owned() } else { format!("{failed} checks have") };
            Err(Error::new(ErrorKind::PreflightFailed, format!("{what} failed: nothing was made"))
                .hint("mend that and run the command again; `--skip-preflight` goes on without looking"))
        }
    }
}

/// By Ctrl-C.
pub(super) fn stopped() -> Error {
    Error::new(ErrorKind::Refused, "stopped before all was checked: nothing was made")
}

fn sentence(finding: &Finding) -> String {
    format!("{}: {}", finding.title, finding.found)
}

pub(super) fn subject(
    context: &Context,
    session: &Session,
    identity: &Identity,
    arguments: &TargetArgs,
    target: &Target,
    found: Option<&Stack>,
) -> Result<Subject> {
    Ok(Subject {
        session: session.clone(),
        identity: identity.clone(),
        query: Query::new(session)?,
        stack_name: arguments.stack.name.clone(),
        stack: found.cloned(),
        way_out: found.map(|stack| verdict::next_command(stack, &[])).unwrap_or_default(),
        bundle: target.bundle.clone(),
        entry: target.entry.file(),
        given: target.given.clone(),
        after: target.outlook.after.clone(),
        before: target.outlook.before.clone(),
        bucket: target.bucket.clone(),
        skips_image: arguments.skip_image_check,
        dns_server: context.settings.dns_server,
    })
}
