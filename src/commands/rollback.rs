//! `jqs rollback`: back to where the stack was before the update that goes on, or that failed.

use super::operation::{self, Ended};
use crate::approval::{self, Approval};
use crate::cli::StackArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::timeline::RecordArgs;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::rollback::{self, Way};
use jqs_stacks::stack;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs rollback                                cancel the update that goes on
  jqs rollback --skip Storage.Domain          go on with a rollback that is stuck, without this resource

Exit codes:
  0    rolled back
  1    failed, or there is nothing to roll back
  2    wrong usage, or not approved
  130  detached by Ctrl-C; the operation in AWS goes on")]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Resources that a stuck rollback leaves as they are, in a nested stack `STACK.ID`; they must be mended by hand
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    skip: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    record: RecordArgs,
}

pub(crate) async fn rollback(context: &Context, arguments: &RollbackArgs) -> Result<Exit> {
    arguments.record.begin(context)?;
    let (session, _) = context.identified_session().await?;
    let found = stack::get(&session, &arguments.stack.name).await?;
    super::deploy::refuse_foreign(&session, &found).await?;
    let Some(way) = rollback::way(&found.status) else {
        return Err(Error::new(ErrorKind::StackUnusable, format!("`{}` is in {}", found.name, found.status))
            .hint("there is nothing to roll back: `jqs deploy` with the parameters of before undoes an update"));
    };
    if way != Way::Continue && !arguments.skip.is_empty() {
        let message = format!("`--skip` is for a rollback that is stuck, and `{}` is in {}", found.name, found.status);
        return Err(Error::new(ErrorKind::Usage, message));
    }
    let question = match way {
        Way::Cancel => format!("Cancel the update of `{}` and roll it back?", found.name),
        Way::Continue => format!("Go on with the rollback of `{}`?", found.name),
        Way::Roll => format!("Roll `{}` back, as it is in {}?", found.name, found.status),
    };
    if approval::ask(context, &question, arguments.yes).await? == Approval::Refused {
        return Ok(Exit::Refused);
    }
    let ended = operation::roll_back(context, &session, &found, way, &arguments.skip).await?;
    Ok(match ended {
        Ended::Well { .. } => Exit::Done,
        other => other.exit(),
    })
}
