//! `jqs doctor`: whether the account and the region are fit for what `jqs deploy` would do, without doing it.

use super::preflight::{stopped, subject};
use super::target::Target;
use super::{deploy, verdict};
use crate::cli::TargetArgs;
use crate::context::Context;
use crate::doctor::{self, Extent, Finding, Summary, line};
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::Result;
use jqs_stacks::stack::{self, Readiness, Stack};
use jqs_stacks::{Identity, Session};
use serde::Serialize;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs doctor                                  would `jqs deploy` find what it needs
  jqs doctor --storage opensearch --region eu-south-1
  jqs doctor prod                             for an environment of jqs.toml
  jqs doctor --json | jq '.checks[] | select(.verdict != \"ok\")'

Exit codes:
  0  everything is fit, or only warnings are left
  1  something is not, or nobody could be asked
  2  wrong usage")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

/// The whole report, for `--json`.
#[derive(Serialize)]
struct Report<'a> {
    stack: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    is_fit: bool,
    summary: Summary,
    checks: &'a [Finding],
}

pub(crate) async fn doctor(context: &Context, arguments: &DoctorArgs) -> Result<Exit> {
    let arguments = &arguments.target;
    deploy::check_offline(context, arguments)?;
    let (session, identity) = match context.session().await {
        Ok(opened) => opened,
        // Nobody is let in: that is a finding, and there are no others.
        Err(error) if error.is_about_credentials() => {
            let finding = doctor::refused(&context.settings.session, &error).await;
            tell(context, &finding);
            return Ok(conclude(context, &arguments.stack.name, None, &[finding]));
        }
        Err(error) => return Err(error),
    };
    let found = stack::find(&session, &arguments.stack.name).await?;
    if let Some(stack) = &found {
        deploy::refuse_foreign(&session, stack).await?;
    }
    let current = found.as_ref().filter(|stack| stack.readiness() == Readiness::Updatable);
    let target = Target::decide(&identity, arguments, current)?;
    context.printer.field("Region", &identity.region);
    context.printer.field("Stack", &target.words(&arguments.stack.name));
    context.printer.note("");
    let mut subject = subject(context, &session, &identity, arguments, &target, found.as_ref())?;
    subject.way_out = way_out(&session, found.as_ref()).await;
    let findings = tokio::select! {
        findings = doctor::examine(subject, Extent::All, |finding| tell(context, finding)) => findings,
        () = context.interrupt.raised() => return Err(stopped()),
    };
    Ok(conclude(context, &arguments.stack.name, Some(&identity), &findings))
}

/// The way out of the state that the stack is in, with the names of what keeps it there.
async fn way_out(session: &Session, stack: Option<&Stack>) -> String {
    let Some(stack) = stack else { return String::new() };
    let blocking = verdict::blocking(session, stack).await;
    verdict::next_command(stack, &blocking)
}

fn tell(context: &Context, finding: &Finding) {
    if context.printer.is_json() {
        return;
    }
    context.printer.data(&line(finding, context.settings.stdout_width));
}

fn conclude(context: &Context, stack: &str, identity: Option<&Identity>, findings: &[Finding]) -> Exit {
    let summary = Summary::of(findings);
    let is_fit = summary.failed == 0;
    let printer = &context.printer;
    if printer.is_json() {
        let account = identity.map(|identity| identity.account.as_str());
        let region = identity.map(|identity| identity.region.as_str());
        printer.document(&Report { stack, account, region, is_fit, summary, checks: findings });
    } else {
        printer.note("");
        let said = summary.words();
        if is_fit {
            printer.success(&format!("{said}: `jqs deploy` finds what it needs"));
        } else {
            printer.failure(&format!("{said}: `jqs deploy` would fail"));
        }
    }
    if is_fit { Exit::Done } else { Exit::Failed }
}
