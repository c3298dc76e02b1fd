//! `jqs test generate-config`: a configuration to begin with.

use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_taskcat::config::PROJECT_FILE;
use jqs_taskcat::generate;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test generate-config                    writes .taskcat.yml for the templates in this folder
  jqs test generate-config --project-root infra --regions eu-west-1,us-east-1
  jqs test generate-config --dry-run          shows it")]
pub(crate) struct GenerateConfigArgs {
    /// Folder of the project
    #[arg(short = 'p', long, default_value = ".", value_name = "FOLDER")]
    project_root: PathBuf,
    /// Name of the project [default: that of the folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Regions of the tests, comma-separated
    #[arg(short = 'r', long, value_name = "REGION,…", value_delimiter = ',', default_value = "us-east-1")]
    regions: Vec<String>,
    /// File to write, below the project's folder
    #[arg(short = 'o', long, default_value = PROJECT_FILE, value_name = "FILE")]
    output_file: PathBuf,
    /// Write over a file that is there
    #[arg(short = 'f', long)]
    force: bool,
    /// Show it, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn generate_config(context: &Context, arguments: &GenerateConfigArgs) -> Result<Exit> {
    if !context.settings.session.allow_unknown_region {
        arguments.regions.iter().try_for_each(|name| jqs_cfn::region::check(name))?;
    }
    let made = generate::generate(&arguments.project_root, arguments.name.as_deref(), &arguments.regions)?;
    let printer = &context.printer;
    let path = arguments.project_root.join(&arguments.output_file);
    if arguments.dry_run {
        printer.data(made.text.trim_end());
    } else if path.exists() && !arguments.force {
        return Err(Error::new(ErrorKind::Usage, format!("`{}` is there already", path.display()))
            .hint("`--force` writes over it, `--output-file` names another, `--dry-run` shows what it would be"));
    } else {
        std::fs::write(&path, &made.text)
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{}`", path.display())).because(error))?;
        printer.success(&format!("{}: {} tests", path.display(), made.templates.len()));
    }
    if !made.open.is_empty() {
        printer.warning("these parameters need values, in place of FILL-IN:");
        made.open.iter().for_each(|one| printer.note(&format!("  {one}")));
    }
    Ok(Exit::Done)
}
