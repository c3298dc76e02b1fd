//! `jqs timeline`: the last operation on a stack as a chart, after the fact.

use crate::cli::StackArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::timeline;
use clap::Args;
use jqs_cfn::Result;
use jqs_stacks::stack;
use jqs_stacks::watch::Watcher;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs timeline --out timeline.html            the last deployment, update or rollback
  jqs deploy --timeline timeline.html         while it happens, `--timeline` does the same")]
pub(crate) struct TimelineArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// File to write
    #[arg(short, long, value_name = "FILE.html")]
    out: PathBuf,
}

pub(crate) async fn timeline(context: &Context, arguments: &TimelineArgs) -> Result<Exit> {
    timeline::check(&arguments.out)?;
    let (session, _) = context.session().await?;
    let found = stack::get(&session, &arguments.stack.name).await?;
    let mut watcher = Watcher::attach(&session, &found.id).await?;
    watcher.next().await?;
    timeline::write(&arguments.out, watcher.history())?;
    context.printer.note(&format!("The timeline is in {}.", arguments.out.display()));
    Ok(Exit::Done)
}
