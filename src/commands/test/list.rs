//! `jqs test list`: the runs of which something is in AWS.

use super::found;
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::Result;
use jqs_taskcat::found::Filter;
use jqs_taskcat::run::{TAG_PROJECT, TAG_RUN, TAG_TEST};
use serde::Serialize;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test list                               in every region of the partition
  jqs test list --regions eu-west-1,us-east-1
  jqs test list --json | jq -r '.[].run' | sort -u")]
pub(crate) struct ListArgs {
    /// Regions to look in, comma-separated [default: all of the partition]
    #[arg(short = 'r', long, value_name = "REGION,…", value_delimiter = ',')]
    regions: Vec<String>,
}

#[derive(Serialize)]
struct Listed {
    run: String,
    project: String,
    test: String,
    region: String,
    stack: String,
    status: String,
    created: Option<String>,
}

pub(crate) async fn list(context: &Context, arguments: &ListArgs) -> Result<Exit> {
    let looked = found::look(context, &arguments.regions, &Filter::All).await?;
    let tag = |stack: &jqs_stacks::stack::Stack, key: &str| stack.tags.get(key).cloned().unwrap_or_default();
    let mut rows: Vec<Listed> = looked
        .found
        .iter()
        .flat_map(|one| one.stacks.iter().map(move |stack| (&one.region, stack)))
        .map(|(region, stack)| Listed {
            run: tag(stack, TAG_RUN),
            project: tag(stack, TAG_PROJECT),
            test: tag(stack, TAG_TEST),
            region: region.clone(),
            stack: stack.name.clone(),
            status: stack.status.clone(),
            created: stack.created.clone(),
        })
        .collect();
    rows.sort_by(|one, other| (&one.run, &one.test, &one.region).cmp(&(&other.run, &other.test, &other.region)));
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&rows);
        return Ok(Exit::Done);
    }
    let buckets: Vec<String> = looked
        .found
        .iter()
        .flat_map(|one| one.buckets.iter().map(|name| format!("{name} in {}", one.region)))
        .collect();
    for run in rows.chunk_by(|one, other| one.run == other.run) {
        printer.data(&format!("{}  {}", run[0].run, run[0].project));
        for row in run {
            printer.data(&format!("  {:<18} {:<16} {:<28} {}", row.test, row.region, row.status, row.stack));
        }
    }
    if !buckets.is_empty() {
        printer.data(&format!("buckets: {}", buckets.join(", ")));
    }
    let text = format!("{} stacks and {} buckets of runs in {} regions", rows.len(), buckets.len(), looked.regions);
    printer.note(&text);
    Ok(Exit::Done)
}
