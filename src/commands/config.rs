//! `jqs config show`: what holds here, and who says so. `jqs init`: the file that says it.

use crate::cli::TargetArgs;
use crate::config::{FILE, Origin, Scalar, Values};
use crate::context::Context;
use crate::exit::Exit;
use clap::{Args, Subcommand};
use dialoguer::{Confirm, Input, Select};
use jqs_cfn::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs config show                             every value, and who says so
  jqs config show prod")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    verb: ConfigVerb,
}

#[derive(Debug, Subcommand)]
enum ConfigVerb {
    /// Show every value that would hold for a deployment, and where it comes from
    #[command(after_help = "\
Examples:
  jqs config show
  jqs config show prod                        as `jqs deploy prod` would have it")]
    Show(TargetArgs),
}

impl ConfigArgs {
    pub(crate) fn target(&mut self) -> &mut TargetArgs {
        let ConfigVerb::Show(target) = &mut self.verb;
        target
    }
}

pub(crate) fn show(context: &Context, origins: &[Origin]) -> Exit {
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&origins);
        return Exit::Done;
    }
    let width = origins.iter().map(|one| one.value.len()).max().unwrap_or_default();
    let row = |one: &Origin| (one.key.clone(), format!("{:<width$}  {}", one.value, one.from));
    printer.table(&origins.iter().map(row).collect::<Vec<_>>());
    Exit::Done
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs init                                    asks, and writes jqs.toml
  jqs deploy prod                             then deploys what it says of `prod`")]
pub(crate) struct InitArgs {
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

/// Asks what a deployment needs to know, and writes it down.
pub(crate) fn init(context: &Context, arguments: &InitArgs) -> Result<Exit> {
    let printer = &context.printer;
    let path = Path::new(FILE);
    if path.exists() && !arguments.force {
        return Err(Error::new(ErrorKind::Refused, format!("there is a `{FILE}` already"))
            .hint("`jqs config show` tells what it says; `--force` writes over it"));
    }
    if !context.settings.can_ask {
        return Err(Error::new(ErrorKind::Refused, "nobody can be asked: this is not a terminal")
            .hint(format!("write `{FILE}` by hand, as docs/deploy.md describes")));
    }
    let Some(config) = ask(context)? else {
        printer.note("Nothing was written.");
        return Ok(Exit::Refused);
    };
    let text = toml::to_string(&config)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{FILE}`")).because(error))?;
    std::fs::write(path, text)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{FILE}`")).because(error))?;
    printer.success(&format!("`{FILE}` is written"));
    let environment = config.environments.keys().next().map(|name| format!(" {name}")).unwrap_or_default();
    printer.hint(&format!("`jqs diff{environment}` shows what it makes, `jqs deploy{environment}` makes it"));
    Ok(Exit::Done)
}

fn ask(context: &Context) -> Result<Option<Values>> {
    let failed = |error: dialoguer::Error| Error::new(ErrorKind::Io, "cannot ask").because(error);
    let region = context.settings.session.region.clone().or_else(|| std::env::var("AWS_REGION").ok());
    let environment: String =
        Input::new().with_prompt("Environment").default("dev".to_owned()).interact_text().map_err(failed)?;
    let region: String = Input::new()
        .with_prompt("Region")
        .default(region.unwrap_or_else(|| crate::case::DEFAULT_REGION.to_owned()))
        .validate_with(|text: &String| jqs_cfn::region::check(text).map_err(|error| error.full()))
        .interact_text()
        .map_err(failed)?;
    let storages = ["memory", "opensearch"];
    let words = ["memory: a trial, spans are lost with the task", "opensearch: for production"];
    let storage = Select::new().with_prompt("Storage").items(words).default(0).interact().map_err(failed)?;
    let mut values = Values { storage: Some(storages[storage].to_owned()), ..Values::default() };
    if Confirm::new().with_prompt("Into an existing VPC?").default(false).interact().map_err(failed)? {
        let input = |prompt: &str| Input::<String>::new().with_prompt(prompt).interact_text().map_err(failed);
        values.vpc = Some(input("VPC (vpc-…)")?);
        values.vpc_cidr = Some(input("Its address range (10.0.0.0/16)")?);
        let subnets = input("Private subnets, separated by commas")?;
        values.private_subnets = subnets.split(',').map(|id| id.trim().to_owned()).collect();
    }
    let days: i64 = Input::new().with_prompt("Days that logs are kept").default(30).interact_text().map_err(failed)?;
    values.parameters.insert("LogRetentionDays".to_owned(), Scalar::Whole(days));
    let is_wanted = Confirm::new().with_prompt(format!("Write {FILE}?")).default(true).interact().map_err(failed)?;
    let environments = BTreeMap::from([(environment, values)]);
    Ok(is_wanted.then(|| Values { region: Some(region), environments, ..Values::default() }))
}
