//! What shells and `man` know of the program: made from its own command line.

use crate::cli::Cli;
use crate::context::Context;
use crate::exit::Exit;
use clap::{Args, CommandFactory};
use jqs_cfn::{Error, ErrorKind, Result};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs completions bash > ~/.local/share/bash-completion/completions/jqs
  jqs completions zsh > \"${fpath[1]}/_jqs\"
  jqs completions fish > ~/.config/fish/completions/jqs.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell to write them for
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs man ~/.local/share/man/man1             then: man jqs, man jqs-deploy")]
pub(crate) struct ManArgs {
    /// Folder for the pages
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(crate) fn completions(context: &Context, arguments: &CompletionsArgs) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "jqs", &mut text);
    context.printer.data(String::from_utf8_lossy(&text).trim_end());
    Exit::Done
}

pub(crate) fn man(context: &Context, arguments: &ManArgs) -> Result<Exit> {
    let folder = &arguments.folder;
    let failed = |error: std::io::Error| {
        Error::new(ErrorKind::Io, format!("cannot write the pages to `{}`", folder.display())).because(error)
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
    context.printer.success(&format!("the pages are in {}", folder.display()));
    Ok(Exit::Done)
}
