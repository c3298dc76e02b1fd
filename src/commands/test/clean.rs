//! `jqs test clean` and `jqs test delete`: everything that runs have left, in every region.

use super::found::{self, Looked};
use crate::approval::{self, Approval};
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_taskcat::found::{Filter, remove};
use jqs_taskcat::run::{Event, TAG_TEST};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test clean shop                         of all runs of a project
  jqs test clean --run 0123456789abcdef0123456789abcdef
  jqs test clean --all --dry-run              what is there, of anybody's runs in this account

Stacks go first, then buckets with all versions of what is in them.

Exit codes:
  0  nothing is left, or there was nothing
  1  something could not be deleted
  2  wrong usage, or not approved")]
pub(crate) struct CleanArgs {
    /// Project, as its configuration names it
    #[arg(value_name = "PROJECT", required_unless_present_any = ["run", "all"])]
    project: Option<String>,
    /// Of one run
    #[arg(long, value_name = "ID", conflicts_with_all = ["project", "all"])]
    run: Option<String>,
    /// Of every run in the account
    #[arg(short = 'a', long, conflicts_with = "project")]
    all: bool,
    /// Regions to look in, comma-separated [default: all of the partition]
    #[arg(short = 'r', long, value_name = "REGION,…", value_delimiter = ',')]
    regions: Vec<String>,
    /// Show what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test delete shop
  jqs test delete shop --regions eu-west-1 --yes")]
pub(crate) struct DeleteArgs {
    /// Project, as its configuration names it
    #[arg(value_name = "PROJECT")]
    project: String,
    /// Regions to look in, comma-separated [default: all of the partition]
    #[arg(short = 'r', long, value_name = "REGION,…", value_delimiter = ',')]
    regions: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

pub(crate) async fn delete(context: &Context, arguments: &DeleteArgs) -> Result<Exit> {
    let filter = Filter::Project(arguments.project.clone());
    let looked = found::look(context, &arguments.regions, &filter).await?;
    act(context, looked, false, arguments.yes).await
}

pub(crate) async fn clean(context: &Context, arguments: &CleanArgs) -> Result<Exit> {
    let filter = match (&arguments.run, &arguments.project) {
        (Some(run), _) => Filter::Run(run.clone()),
        (None, Some(project)) => Filter::Project(project.clone()),
        (None, None) => Filter::All,
    };
    let looked = found::look(context, &arguments.regions, &filter).await?;
    act(context, looked, arguments.dry_run, arguments.yes).await
}

async fn act(context: &Context, mut looked: Looked, is_dry: bool, is_approved: bool) -> Result<Exit> {
    let printer = &context.printer;
    if found::is_empty(&looked.found) {
        printer.success(&format!("Nothing of it is there, in {} regions.", looked.regions));
        return Ok(Exit::Done);
    }
    let (mut stacks, mut buckets) = (0, 0);
    for one in &looked.found {
        for stack in &one.stacks {
            stacks += 1;
            let test = stack.tags.get(TAG_TEST).map(String::as_str).unwrap_or_default();
            printer.note(&format!("  {:<16} {:<28} {} {test}", one.region, stack.status, stack.name));
        }
        for name in &one.buckets {
            buckets += 1;
            printer.note(&format!("  {:<16} {:<28} {name}", one.region, "bucket"));
        }
    }
    let what = format!("{stacks} stacks and {buckets} buckets");
    if is_dry {
        printer.note(&format!("{what} would be deleted."));
        return Ok(Exit::Done);
    }
    if approval::ask(context, &format!("Delete {what}?"), is_approved).await? == Approval::Refused {
        return Ok(Exit::Refused);
    }
    let removing = remove(&looked.sites, None, &looked.found);
    tokio::pin!(removing);
    let left = loop {
        tokio::select! {
            biased;
            Some(event) = looked.events.recv() => {
                if let Event::Note(text) = event {
                    printer.note(&text);
                }
            }
            left = &mut removing => break left?,
            () = context.interrupt.raised() => {
                printer.warning("left: what was asked for goes on in AWS, and the same command comes back to it");
                return Ok(Exit::Detached);
            }
        }
    };
    for (what, error) in &left {
        printer.failure(&format!("{what}: {}", error.full()));
    }
    if left.is_empty() {
        printer.success(&format!("Deleted {what}."));
        return Ok(Exit::Done);
    }
    Err(Error::new(ErrorKind::StackFailed, format!("{} of it could not be deleted", left.len())))
}
