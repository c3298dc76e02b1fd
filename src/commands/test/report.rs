//! `jqs test report`: the report of a run, made again from its JSON.

use crate::context::Context;
use crate::exit::Exit;
use clap::{Args, ValueEnum};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_taskcat::report;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test report --format markdown >> \"$GITHUB_STEP_SUMMARY\"
  jqs test report other/report.json --format html --out other.html")]
pub(crate) struct ReportArgs {
    /// The JSON of a run
    #[arg(default_value = "taskcat_outputs/report.json", value_name = "FILE.json")]
    file: PathBuf,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = Format::Markdown, value_name = "FORMAT")]
    format: Format,
    /// File for the report [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Html,
    Junit,
    Json,
    Markdown,
}

pub(crate) fn report(context: &Context, arguments: &ReportArgs) -> Result<Exit> {
    let result = report::read(&arguments.file)?;
    let text = match arguments.format {
        _ if context.printer.is_json() => report::json(&result),
        Format::Html => report::html(&result),
        Format::Junit => report::junit(&result),
        Format::Json => report::json(&result),
        Format::Markdown => report::markdown(&result),
    };
    match &arguments.out {
        None => context.printer.data(text.trim_end()),
        Some(out) => std::fs::write(out, text)
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{}`", out.display())).because(error))?,
    }
    Ok(Exit::Done)
}
