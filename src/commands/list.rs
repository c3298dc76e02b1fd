//! `jqs list`: every stack that `jqs` made in the account, over regions at the same time.

use super::deploy::{TAG_NAME, TAG_VERSION};
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result, region};
use jqs_stacks::stack::{self, Stack};
use jqs_stacks::{Session, SessionOptions};
use serde::Serialize;
use tokio::task::JoinSet;

/// Regions that are asked at the same time.
const DEFAULT_REGIONS_AT_ONCE: usize = 12;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs list                                    in every region of the partition
  jqs list --regions eu-west-1,us-east-1
  jqs list --json | jq -r '.[].name'")]
pub(crate) struct ListArgs {
    /// Regions to look in, comma-separated [default: all of the partition]
    #[arg(long, value_name = "REGION,…", value_delimiter = ',')]
    regions: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Listed {
    region: String,
    name: String,
    status: String,
    storage: String,
    version: String,
    changed: String,
    url: Option<String>,
}

pub(crate) async fn list(context: &Context, arguments: &ListArgs) -> Result<Exit> {
    let options = &context.settings.session;
    let (session, identity) = context.session().await?;
    let mut regions: Vec<String> = arguments.regions.iter().chain(&options.region).cloned().collect();
    if !options.allow_unknown_region {
        regions.iter().try_for_each(|name| region::check(name))?;
    }
    if regions.is_empty() {
        let all = region::all().iter().filter(|name| region::partition(name) == identity.partition);
        regions = all.map(|name| (*name).to_owned()).collect();
        // One that this version does not know yet.
        regions.extend(Some(session.region.clone()).filter(|name| !region::is_known(name)));
    }
    regions.sort();
    regions.dedup();
    let mut found = Vec::new();
    let mut silent = Vec::new();
    for some in regions.chunks(DEFAULT_REGIONS_AT_ONCE) {
        let mut asked = JoinSet::new();
        for region in some {
            let options = SessionOptions { region: Some(region.clone()), ..options.clone() };
            let region = region.clone();
            asked.spawn(async move { (region, ask(&options).await) });
        }
        while let Some(answer) = asked.join_next().await {
            let (region, answer) =
                answer.map_err(|error| Error::new(ErrorKind::Service, "a region was not asked").because(error))?;
            match answer {
                Ok(stacks) => found.extend(stacks.into_iter().filter_map(|stack| listed(&region, &stack))),
                Err(error) => silent.push((region, error)),
            }
        }
    }
    found.sort_by(|one, other| (&one.region, &one.name).cmp(&(&other.region, &other.name)));
    silent.sort_by(|one, other| one.0.cmp(&other.0));
    show(context, &found, regions.len(), &silent);
    // A region that the account has not enabled refuses everybody; where none answers, something else is wrong.
    match silent.into_iter().next() {
        Some((_, error)) if found.is_empty() && regions.len() == 1 => Err(error),
        _ => Ok(Exit::Done),
    }
}

async fn ask(options: &SessionOptions) -> Result<Vec<Stack>> {
    stack::list(&Session::open(options).await?).await
}

fn listed(region: &str, stack: &Stack) -> Option<Listed> {
    let tag = |name: &str| stack.tags.get(name).cloned();
    if stack.is_nested || tag(TAG_NAME)? != stack.name {
        return None;
    }
    Some(Listed {
        region: region.to_owned(),
        name: stack.name.clone(),
        status: stack.status.clone(),
        storage: stack.outputs.get("StorageBackend").cloned().unwrap_or_default(),
        version: tag(TAG_VERSION).unwrap_or_default(),
        changed: stack.updated.clone().or_else(|| stack.created.clone()).unwrap_or_default(),
        url: stack.outputs.get("JaegerURL").cloned(),
    })
}

fn show(context: &Context, found: &[Listed], regions: usize, silent: &[(String, Error)]) {
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&found);
    } else {
        let row = |one: &Listed| {
            let url = one.url.as_deref().unwrap_or_default();
            let told = format!("{}  {}  {}  {}  {url}", one.status, one.storage, one.version, one.changed);
            (format!("{}  {}", one.region, one.name), told)
        };
        printer.table(&found.iter().map(row).collect::<Vec<_>>());
        if found.is_empty() {
            printer.note(&format!("No stack of `jqs` in {} of {regions} regions.", regions - silent.len()));
        }
    }
    for (region, error) in silent {
        printer.warning(&format!("{region}: {}", error.full()));
    }
}
