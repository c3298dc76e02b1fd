//! `jqs fmt`: templates in one layout, on this machine alone.

use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::eval::{Folder, Library};
use jqs_cfn::template::{self, DEFAULT_TEMPLATE_BYTES_MAX};
use jqs_cfn::{Error, ErrorKind, Result, fmt};
use serde::Serialize;
use similar::TextDiff;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Lines shown around each change.
const DIFF_CONTEXT: usize = 2;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs fmt templates                           every template in a folder
  jqs fmt --check templates                   for continuous integration
  jqs fmt - < entry.yaml                      from stdin to stdout

Exit codes:
  0  done; with `--check`, nothing would change
  1  with `--check`, something would change; or a file is no template
  2  wrong usage")]
pub(crate) struct FmtArgs {
    /// Files, folders of templates, or `-` for stdin
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing: show what would change, and fail where anything would
    #[arg(long, conflicts_with = "stdout")]
    check: bool,
    /// Print to stdout, and change nothing
    #[arg(long)]
    stdout: bool,
}

/// One template, and where it goes.
struct Source {
    name: String,
    text: String,
    /// Nothing for stdin.
    path: Option<PathBuf>,
}

#[derive(Serialize)]
struct Formatted<'a> {
    file: &'a str,
    changed: bool,
}

pub(crate) fn fmt(context: &Context, arguments: &FmtArgs) -> Result<Exit> {
    let mut sources = Vec::new();
    for path in &arguments.paths {
        sources.extend(read(path)?);
    }
    let mut changed = 0;
    let mut faults = Vec::new();
    for source in &sources {
        match fmt::format(&source.name, &source.text) {
            Ok(formatted) => changed += usize::from(deliver(context, arguments, source, &formatted)?),
            Err(error) => faults.push(error.full()),
        }
    }
    if !faults.is_empty() {
        return Err(Error::new(ErrorKind::Template, faults.join("\n")));
    }
    if arguments.check && changed > 0 {
        context.printer.note(&format!("{changed} of {} files would change", sources.len()));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

/// Writes, prints or compares; whether anything changed.
fn deliver(context: &Context, arguments: &FmtArgs, source: &Source, formatted: &str) -> Result<bool> {
    let (name, printer) = (&source.name, &context.printer);
    let is_changed = source.text != formatted;
    if arguments.check {
        if is_changed && !printer.is_json() {
            printer.data(difference(name, &source.text, formatted).trim_end());
        }
        printer.record("file", &Formatted { file: name, changed: is_changed });
        return Ok(is_changed);
    }
    let Some(path) = source.path.as_ref().filter(|_| !arguments.stdout) else {
        printer.data(formatted.strip_suffix('\n').unwrap_or(formatted));
        return Ok(is_changed);
    };
    if is_changed {
        let written = std::fs::write(path, formatted);
        written.map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{name}`")).because(error))?;
        printer.success(&format!("formatted {name}"));
    }
    printer.record("file", &Formatted { file: name, changed: is_changed });
    Ok(is_changed)
}

fn difference(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(DIFF_CONTEXT).header(name, &format!("{name} (formatted)")).to_string()
}

fn read(path: &Path) -> Result<Vec<Source>> {
    if path == Path::new("-") {
        return Ok(vec![Source { name: "stdin".to_owned(), text: stdin()?, path: None }]);
    }
    if path.is_dir() {
        return folder(path);
    }
    let (folder, name) = Folder::around(path.parent().unwrap_or(path), path)?;
    let text = folder.text(&name)?;
    let text = text.ok_or_else(|| Error::new(ErrorKind::Io, format!("`{}` is not a file", path.display())))?;
    Ok(vec![Source { name: path.display().to_string(), text, path: Some(path.to_owned()) }])
}

fn stdin() -> Result<String> {
    let mut text = String::new();
    let most = DEFAULT_TEMPLATE_BYTES_MAX as u64 + 1;
    let read = std::io::stdin().take(most).read_to_string(&mut text);
    read.map_err(|error| Error::new(ErrorKind::Io, "cannot read stdin").because(error))?;
    Ok(text)
}

/// The templates of a folder. What is YAML and no template, such as a pipeline, is left alone.
fn folder(path: &Path) -> Result<Vec<Source>> {
    let folder = Folder::open(path)?;
    let mut sources = Vec::new();
    for name in folder.names()? {
        let Some(text) = folder.text(&name)? else { continue };
        let shown = path.join(&name);
        if is_template(&text) {
            sources.push(Source { name: shown.display().to_string(), text, path: Some(shown) });
        }
    }
    Ok(sources)
}

/// A file that cannot be read is taken for a template where it looks like one, so that its faults are told.
fn is_template(text: &str) -> bool {
    match template::parse("", text) {
        Ok(root) => root.get("Resources").is_some(),
        Err(_) => text.contains("AWSTemplateFormatVersion"),
    }
}
