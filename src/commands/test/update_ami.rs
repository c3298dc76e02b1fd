//! `jqs test update-ami`: images in mappings of templates, the newest that their filters let through.

use super::project::ProjectArgs;
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::query::Query;
use jqs_stacks::{Session, SessionOptions};
use jqs_taskcat::ami::{self, Filters, Images};
use similar::TextDiff;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tokio::task::JoinSet;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test update-ami --dry-run               shows what would change
  jqs test update-ami

Templates have images in `Mappings.AWSAMIRegionMap`, and for each codename there the filters of EC2's DescribeImages in
`Metadata.AWSAMIRegionMap.Filters`. Nothing else of a template changes.

Exit codes:
  0  up to date, or brought up to date
  1  for some there is no image
  2  wrong usage")]
pub(crate) struct UpdateAmiArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Show what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
}

struct Opened {
    path: PathBuf,
    text: String,
    images: Images,
}

type Key = (String, String);

pub(crate) async fn update_ami(context: &Context, arguments: &UpdateAmiArgs) -> Result<Exit> {
    let config = arguments.project.config(context)?;
    let paths: BTreeSet<PathBuf> = config.tests.iter().map(|test| config.root.join(&test.template)).collect();
    let mut opened = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot read `{name}`")).because(error))?;
        let images = Images::read(&name, &text)?;
        if !images.entries.is_empty() {
            opened.push(Opened { path, text, images });
        }
    }
    let printer = &context.printer;
    if opened.is_empty() {
        printer.note("No template has a mapping `AWSAMIRegionMap`.");
        return Ok(Exit::Done);
    }
    let mut all_found = true;
    for one in &opened {
        let (found, missing) = look(context, &one.images).await?;
        for (region, codename) in &missing {
            all_found = false;
            let filters = one.images.filters.contains_key(codename);
            let why = if filters { "no image passes its filters" } else { "it has no filters in the metadata" };
            printer.warning(&format!("{}: {codename} in {region} stays as it is: {why}", one.path.display()));
        }
        let text = one.images.replaced(&one.text, &found);
        if text == one.text {
            printer.note(&format!("{} is up to date", one.path.display()));
            continue;
        }
        let name = one.path.display().to_string();
        if arguments.dry_run {
            let diff = TextDiff::from_lines(&one.text, &text);
            printer.data(diff.unified_diff().header(&name, &name).to_string().trim_end());
            continue;
        }
        std::fs::write(&one.path, &text)
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{name}`")).because(error))?;
        printer.success(&format!("{name}: images brought up to date"));
    }
    Ok(if all_found { Exit::Done } else { Exit::Failed })
}

/// Each region is asked at the same time as the others.
async fn look(context: &Context, images: &Images) -> Result<(BTreeMap<Key, String>, Vec<Key>)> {
    let mut asked = JoinSet::new();
    for region in images.regions() {
        let options = SessionOptions { region: Some(region.to_owned()), ..context.settings.session.clone() };
        let wanted: BTreeMap<String, Option<Filters>> = images
            .entries
            .iter()
            .filter(|entry| entry.region == region)
            .map(|entry| (entry.codename.clone(), images.filters.get(&entry.codename).cloned()))
            .collect();
        let region = region.to_owned();
        asked.spawn(async move {
            let query = Query::new(&Session::open(&options).await?)?;
            let mut found = Vec::new();
            for (codename, filters) in wanted {
                let image = match filters {
                    Some(filters) => ami::newest(&query, &filters).await?,
                    None => None,
                };
                found.push(((region.clone(), codename), image));
            }
            Ok::<_, Error>(found)
        });
    }
    let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
    while let Some(answer) = asked.join_next().await {
        let answer =
            answer.map_err(|error| Error::new(ErrorKind::Service, "a region was not asked").because(error))??;
        for (key, image) in answer {
            match image {
                Some(image) => drop(found.insert(key, image)),
                None => missing.push(key),
            }
        }
    }
    missing.sort();
    Ok((found, missing))
}
