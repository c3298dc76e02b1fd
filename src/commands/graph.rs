//! `jqs graph`: what a template would make, as a picture. Calls nobody.

use crate::case::Case;
use crate::cli::TemplateArgs;
use crate::context::Context;
use crate::exit::Exit;
use clap::{Args, ValueEnum};
use jqs_cfn::graph::Graph;
use jqs_cfn::{Error, ErrorKind, Result};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs graph --storage opensearch > deployment.svg
  jqs graph templates/other.yaml -P Stage=test --format mermaid
  jqs graph --by network --storage opensearch > network.svg
  jqs graph --format dot | dot -Tpdf -o deployment.pdf")]
pub(crate) struct GraphArgs {
    /// A template, or the folder of one with what it nests [default: the templates of `jqs deploy`]
    pub(crate) path: Option<PathBuf>,
    /// What to draw: stacks with what refers to what, or the network with who may reach whom
    #[arg(long, value_enum, default_value_t = View::Stack, value_name = "VIEW")]
    pub(crate) by: View,
    /// What to print: a picture, or a text for Graphviz or Mermaid
    #[arg(long, value_enum, default_value_t = Format::Svg, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// File to write to, instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    // Last, for its heading would hold for what follows.
    #[command(flatten)]
    pub(crate) template: TemplateArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Svg,
    Dot,
    Mermaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    Stack,
    Network,
}

pub(crate) fn graph(context: &Context, arguments: &GraphArgs) -> Result<Exit> {
    let case = Case::open(context, arguments.path.as_deref(), &arguments.template)?;
    let resolved = case.resolve()?;
    let graph = match arguments.by {
        View::Stack => Graph::new(&resolved),
        View::Network => Graph::of_network(&resolved),
    };
    let text = match arguments.format {
        Format::Svg => graph.to_svg(),
        Format::Dot => graph.to_dot(),
        Format::Mermaid => graph.to_mermaid(),
    };
    let Some(path) = &arguments.out else {
        if context.printer.is_json() {
            #[derive(Serialize)]
            struct Picture {
                graph: String,
            }
            context.printer.document(&Picture { graph: text });
        } else {
            context.printer.data(text.trim_end());
        }
        return Ok(Exit::Done);
    };
    let cannot = |error| Error::new(ErrorKind::Io, format!("cannot write `{}`", path.display())).because(error);
    std::fs::write(path, text).map_err(cannot)?;
    context.printer.success(&format!("wrote {}", path.display()));
    Ok(Exit::Done)
}
