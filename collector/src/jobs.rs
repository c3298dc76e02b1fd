//! `jqs-collector jobs`: what is done once and ends. A scheduler starts it and looks at the exit code.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jqs_collector::{settings::OpenSearchServerArgs, storage::opensearch};

#[derive(Subcommand)]
pub(crate) enum Job {
    /// Delete the days of traces in OpenSearch that are older than the retention
    Clean(CleanArgs),
}

#[derive(Args)]
pub(crate) struct CleanArgs {
    #[command(flatten)]
    server: OpenSearchServerArgs,

    /// Age in days at which traces are deleted, whole days at a time
    #[arg(long, value_name = "DAYS", env = "JQS_RETENTION_DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,

    /// Only say what would be deleted
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(job: Job) -> anyhow::Result<()> {
    match job {
        Job::Clean(args) => clean(&args).await,
    }
}

async fn clean(args: &CleanArgs) -> anyhow::Result<()> {
    let CleanArgs { server, days, dry_run } = args;
    let settings = server.settings();
    let indices = if *dry_run {
        opensearch::expired_indices(&settings, *days).await
    } else {
        opensearch::delete_expired_indices(&settings, *days).await
    };
    let indices = indices.context("old days of traces are not deleted")?;
    let done = if *dry_run { "would be deleted" } else { "deleted" };
    tracing::info!(?indices, "{} indices older than {days} days {done}", indices.len());
    Ok(())
}
