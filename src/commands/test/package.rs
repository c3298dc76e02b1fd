//! `jqs test package`: the zips of functions.

use super::project::ProjectArgs;
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::Result;
use jqs_taskcat::package::{self, Builder};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test package                            lambda_functions/source/* → lambda_functions/packages/*/lambda.zip
  jqs test package --docker                   functions with a Dockerfile in containers")]
pub(crate) struct PackageArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Build functions that have a Dockerfile in containers, as TaskCat does
    #[arg(long)]
    docker: bool,
}

pub(crate) fn package(context: &Context, arguments: &PackageArgs) -> Result<Exit> {
    let config = arguments.project.config(context)?;
    let builder = if arguments.docker { Builder::Docker } else { Builder::Local };
    let built = package::build(&config, builder)?;
    for one in &built {
        context.printer.data(&format!("{}  {} bytes", one.zip.display(), one.bytes));
    }
    let source = config.package.source_path.display();
    context.printer.note(&match built.len() {
        0 => format!("There are no functions below `{source}`."),
        number => format!("{number} functions packed."),
    });
    Ok(Exit::Done)
}
