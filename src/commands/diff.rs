//! `jqs diff`: what `jqs deploy` would do, without doing it.

use super::operation::{self, Planned};
use super::preflight::PreflightArgs;
use super::{deploy, verdict};
use crate::cli::TargetArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::plan::Plan;
use clap::Args;
use jqs_cfn::Result;
use jqs_stacks::change_set;
use jqs_stacks::stack::{self, Readiness};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs diff                                    what another version of `jqs` would change
  jqs diff -P MaxCollectorCount=10
  jqs diff --json | jq '.changes'

Exit codes:
  0  nothing would change
  1  failed
  2  something would change, or wrong usage")]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    preflight: PreflightArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

pub(crate) async fn diff(context: &Context, arguments: &DiffArgs) -> Result<Exit> {
    let (arguments, preflight) = (&arguments.target, &arguments.preflight);
    deploy::check_offline(context, arguments)?;
    let (session, identity) = context.identified_session().await?;
    let found = stack::find(&session, &arguments.stack.name).await?;
    if let Some(stack) = &found {
        match stack.readiness() {
            Readiness::Updatable => deploy::refuse_foreign(&session, stack).await?,
            Readiness::Empty => {}
            _ => return Err(verdict::unusable(stack)),
        }
    }
    let prepared = deploy::prepare(context, &session, &identity, arguments, found.as_ref(), preflight).await?;
    deploy::upload(context, &session, &identity, &prepared).await?;
    let name = &prepared.request.stack_name;
    match operation::plan(context, &session, &prepared.request).await? {
        Planned::Changes(planned) => {
            change_set::discard(&session, &planned).await?;
            Plan::new(name, &planned.changes, Some(&prepared.target.outlook), prepared.supply.as_ref())
                .show(&context.printer);
            Ok(Exit::Differs)
        }
        Planned::Nothing => {
            context.printer.success(&format!("{name} is up to date: nothing would change"));
            Ok(Exit::Done)
        }
        Planned::Interrupted => Ok(Exit::Failed),
    }
}
