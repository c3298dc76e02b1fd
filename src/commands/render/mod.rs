//! `jqs render`: what would be deployed, written down. Calls nobody; the same input gives the same bytes.

mod bundle;
mod flat;
mod resolved;

use crate::cli::{StackArgs, TemplateArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::source::Source;
use clap::{Args, ValueEnum};
use jqs_cfn::template::{Node, to_json, to_yaml};
use jqs_cfn::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs render --storage memory --out bundle/
  jqs render --vpc vpc-0abc --private-subnets subnet-1,subnet-2 --out bundle/
  jqs render --flat --out jaeger.yaml          one template in place of nested stacks
  jqs render --resolved --region eu-west-1     every resource with all its properties
  jqs render my/templates/entry.yaml --flat    any templates")]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// A template, or the folder of one with what it nests [default: the templates of `jqs deploy`]
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
    /// Merge nested stacks into one template
    #[arg(long, conflicts_with = "resolved")]
    pub(crate) flat: bool,
    /// Show what these parameters make in a region
    #[arg(long)]
    pub(crate) resolved: bool,
    /// How to write `--flat` and `--resolved`
    #[arg(long, value_enum, default_value_t = Format::Yaml, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Folder to write to, made where it is missing; a file with `--flat` and `--resolved` [default there: stdout]
    #[arg(long, value_name = "PATH", required_unless_present_any = ["flat", "resolved"])]
    pub(crate) out: Option<PathBuf>,
    /// Bucket that the templates will be uploaded to
    #[arg(long, value_name = "BUCKET", conflicts_with_all = ["flat", "resolved"])]
    pub(crate) bucket: Option<String>,
    /// Number of the account, where it is to be in names and ARNs
    #[arg(long, value_name = "NUMBER", requires = "resolved")]
    pub(crate) account: Option<String>,
    // Last, for its heading would hold for what follows.
    #[command(flatten)]
    pub(crate) template: TemplateArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Yaml,
    Json,
}

pub(crate) fn render(context: &Context, arguments: &RenderArgs) -> Result<Exit> {
    let source = Source::open(arguments.path.as_deref(), &arguments.template)?;
    if arguments.flat {
        flat::render(context, arguments, &source)
    } else if arguments.resolved {
        resolved::render(context, arguments, &source)
    } else {
        bundle::render(context, arguments, &source)
    }
}

/// By the command line or the environment: nothing here asks AWS's configuration.
fn region(context: &Context) -> Option<String> {
    let of_environment = || ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| std::env::var(name).ok());
    context.settings.session.region.clone().or_else(of_environment).filter(|region| !region.is_empty())
}

fn print(node: &Node, format: Format) -> String {
    match format {
        Format::Yaml => to_yaml(node),
        Format::Json => to_json(node),
    }
}

/// To the file that was named, or to stdout.
fn deliver(context: &Context, arguments: &RenderArgs, text: &str) -> Result<()> {
    match &arguments.out {
        Some(path) => {
            write(path, text.as_bytes())?;
            context.printer.success(&format!("wrote {}", path.display()));
        }
        None => context.printer.data(text.trim_end()),
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = match path.parent() {
        Some(parent) => std::fs::create_dir_all(parent).and_then(|()| std::fs::write(path, bytes)),
        None => std::fs::write(path, bytes),
    };
    written.map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{}`", path.display())).because(error))
}
