//! `jqs watch`: comes back to whatever goes on with a stack.

use super::deploy;
use super::operation;
use crate::cli::StackArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::timeline::RecordArgs;
use clap::Args;
use jqs_cfn::Result;
use jqs_stacks::stack::{self, Readiness};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs watch                                   to its end; Ctrl-C leaves it again
  jqs watch --name other --timeline other.html
  jqs watch --json                            a line for each event")]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    record: RecordArgs,
}

pub(crate) async fn watch(context: &Context, arguments: &WatchArgs) -> Result<Exit> {
    arguments.record.begin(context)?;
    let (session, _) = context.identified_session().await?;
    let found = stack::get(&session, &arguments.stack.name).await?;
    if found.readiness() != Readiness::Busy {
        context.printer.note(&format!("Nothing goes on with `{}`: it is in {}.", found.name, found.status));
        return Ok(if found.succeeded() { Exit::Done } else { Exit::Failed });
    }
    let ended = operation::attach(context, &session, &found).await?;
    deploy::conclude(context, &session, &found.name, ended).await
}
