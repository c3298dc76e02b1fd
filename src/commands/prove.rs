//! `jqs prove`: what holds of the templates in every case, in every region, offline.

use crate::cli::key_value;
use crate::context::Context;
use crate::exit::Exit;
use crate::templates::{self, Entry};
use clap::{Args, ValueEnum};
use jqs_cfn::diagnostic::Findings;
use jqs_cfn::eval::{Folder, Library, Stack, StackTree};
use jqs_cfn::lint::{self, Ruleset, Source};
use jqs_cfn::prove::checklist::{self, Checklist};
use jqs_cfn::prove::{self, Check, Options, Proof, Severity, checks, report};
use jqs_cfn::{Error, ErrorKind, Result, region};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs prove                                   our own templates: every case, every region
  jqs prove templates/entry.yaml              any template, with all that it nests
  jqs prove --region eu-west-1 -P StorageBackend=opensearch
  jqs prove --format junit --out prove.xml    for continuous integration
  jqs prove --checklist --format html --out proof.html
  jqs prove --explain P101                    what a check demands, and why

Exit codes:
  0  proven
  1  a check found something at or above `--fail-on`, or a rule of the checklist is refuted by it
  2  wrong usage, or a template that cannot be read")]
pub(crate) struct ProveArgs {
    /// Templates to prove, each with all that it nests [default: the two entries of `jqs` itself]
    #[arg(value_name = "TEMPLATE")]
    paths: Vec<PathBuf>,
    /// A parameter that is not varied; may be given many times
    #[arg(short = 'P', long = "parameter", value_name = "KEY=VALUE", value_parser = key_value)]
    parameters: Vec<(String, String)>,
    /// Regions to prove it in, comma-separated; `--region` names one [default: all]
    #[arg(long, value_name = "REGION,…", value_delimiter = ',')]
    regions: Vec<String>,
    /// Name of the outermost stack, for the names that are made of it
    #[arg(long, value_name = "STACK", default_value = jqs_cfn::eval::DEFAULT_STACK_NAME)]
    name: String,
    /// The checks to run [default: all]
    #[arg(long = "check", value_name = "ID,…", value_delimiter = ',')]
    checks: Vec<String>,
    /// The least severity of a finding, or of what refutes a rule of the checklist, that makes the exit code 1
    #[arg(long, default_value_t = Severity::Warning, value_name = "info|warning|error")]
    fail_on: Severity,
    /// Lint the templates as well, and show which rules of the checklist for quick starts they keep
    #[arg(long, conflicts_with = "checks")]
    checklist: bool,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// File for the report [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Say what a check demands, and why, or what a rule of the checklist rests on
    #[arg(long, value_name = "ID", exclusive = true)]
    explain: Option<String>,
    /// List the checks, and the rules of the checklist
    #[arg(long, exclusive = true)]
    list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Junit,
    Html,
}

pub(crate) fn prove(context: &Context, arguments: &ProveArgs) -> Result<Exit> {
    if arguments.list {
        let checks = checks::ALL.iter().map(|check| (check.id.to_owned(), check.title.to_owned()));
        let rules = checklist::RULES.iter().map(|rule| (rule.id.to_owned(), rule.title.to_owned()));
        let rows = checks.chain(rules);
        context.printer.table(&rows.collect::<Vec<_>>());
        return Ok(Exit::Done);
    }
    if let Some(id) = &arguments.explain {
        return explain(context, id);
    }
    let options = options(context, arguments)?;
    let chosen = chosen(&arguments.checks)?;
    let mut proofs = Vec::new();
    for (library, entry) in sources(&arguments.paths)? {
        let tree = StackTree::open(&*library, &entry).map_err(unreadable)?;
        for (file, logical_id, url) in &tree.missing {
            context
                .printer
                .warning(&format!("{file}: the template of `{logical_id}` is not here, and so not proven: {url}"));
        }
        let known = |name: &str| tree.root().program.parameter(name).is_some();
        if let Some((name, _)) = arguments.parameters.iter().find(|(name, _)| !known(name)) {
            return Err(Error::new(ErrorKind::Usage, format!("`{name}` is not a parameter of `{entry}`")));
        }
        let mut proof = prove::prove(&tree, &chosen, &options);
        if arguments.checklist {
            let findings = lint(&tree, &*library, named_regions(context, arguments))?;
            proof.checklist = Some(Checklist::of(&tree, &proof, &findings));
        }
        proofs.push(proof);
    }
    write(context, arguments, &proofs)?;
    let worst = proofs.iter().filter_map(Proof::worst).max();
    Ok(if worst >= Some(arguments.fail_on) { Exit::Failed } else { Exit::Done })
}

fn options(context: &Context, arguments: &ProveArgs) -> Result<Options> {
    let mut options = Options { stack_name: arguments.name.clone(), ..Options::default() };
    options.fixed = arguments.parameters.iter().cloned().collect::<BTreeMap<_, _>>();
    let regions = named_regions(context, arguments);
    regions.iter().try_for_each(|region| region::check(region))?;
    if !regions.is_empty() {
        options.regions = regions;
    }
    Ok(options)
}

/// The regions that the command line names; none for all.
fn named_regions(context: &Context, arguments: &ProveArgs) -> Vec<String> {
    arguments.regions.iter().chain(&context.settings.session.region).cloned().collect()
}

/// What the linter finds in a tree, by the rules for templates that are published.
fn lint(tree: &StackTree, library: &(dyn Library + Sync), regions: Vec<String>) -> Result<Findings> {
    let files: BTreeSet<&str> = tree.stacks().iter().map(Stack::file).collect();
    let mut sources = Vec::new();
    for name in files {
        let text = library.text(name)?.unwrap_or_default();
        sources.push(Source { name: name.to_owned(), text });
    }
    let options = lint::Options { ruleset: Some(Ruleset::QuickStart), regions, ..lint::Options::default() };
    lint::findings(&sources, library, &options)
}

fn chosen(ids: &[String]) -> Result<Vec<&'static Check>> {
    if let Some(id) = ids.iter().find(|id| !checks::ALL.iter().any(|check| check.id == **id)) {
        return Err(no_check(id));
    }
    Ok(checks::ALL.iter().filter(|check| ids.is_empty() || ids.iter().any(|id| id == check.id)).collect())
}

fn no_check(id: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("there is no check `{id}`")).hint("`jqs prove --list` lists them")
}

fn explain(context: &Context, id: &str) -> Result<Exit> {
    if let Some(rule) = checklist::RULES.iter().find(|rule| rule.id == id) {
        context.printer.data(&format!("{}: {}\n", rule.id, rule.title));
        context.printer.data(&format!("Checks: {}", names(rule.checks)));
        context.printer.data(&format!("Lint rules: {}", names(rule.lint_rules)));
        return Ok(Exit::Done);
    }
    let found: Vec<&Check> = checks::ALL.iter().filter(|check| check.id == id).collect();
    let Some(first) = found.first() else { return Err(no_check(id)) };
    for check in &found {
        context.printer.data(&format!("{} ({}): {}", check.id, check.severity, check.title));
    }
    context.printer.data(&format!("\n{}", first.explanation));
    Ok(Exit::Done)
}

fn names(ids: &[&str]) -> String {
    if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
}

/// Each entry with the templates that it may nest: our own, or those of the folder that jqs was started in.
fn sources(paths: &[PathBuf]) -> Result<Vec<(Box<dyn Library + Sync>, String)>> {
    if paths.is_empty() {
        let entries = [Entry::NewVpc, Entry::ExistingVpc];
        return Ok(entries
            .map(|entry| (Box::new(templates::bundle()) as Box<dyn Library + Sync>, entry.file().to_owned()))
            .into());
    }
    let around = |path: &PathBuf| {
        let (folder, name) = Folder::around(Path::new("."), path).map_err(unreadable)?;
        Ok((Box::new(folder) as Box<dyn Library + Sync>, name))
    };
    paths.iter().map(around).collect()
}

/// What cannot be read is wrong usage, and not a finding.
fn unreadable(error: Error) -> Error {
    let hint = error.hint_text().map(str::to_owned);
    let wrapped = Error::new(ErrorKind::Usage, error.full());
    match hint {
        Some(hint) => wrapped.hint(hint),
        None => wrapped,
    }
}

fn write(context: &Context, arguments: &ProveArgs, proofs: &[Proof]) -> Result<()> {
    let is_coloured = arguments.out.is_none() && context.settings.stdout_color;
    let text = match format(context, arguments.format) {
        Format::Text => report::text(proofs, is_coloured),
        other => document(other, proofs),
    };
    hand_out(context, arguments.out.as_deref(), &text, proofs)
}

/// `--json` has the last word.
pub(crate) fn format(context: &Context, asked: Format) -> Format {
    if context.printer.is_json() { Format::Json } else { asked }
}

/// Every form but the one for the terminal.
pub(crate) fn document(format: Format, proofs: &[Proof]) -> String {
    match format {
        Format::Text => report::text(proofs, false),
        Format::Json => report::json(proofs),
        Format::Junit => report::junit(proofs),
        Format::Html => report::html(proofs),
    }
}

/// To a file, with a summary for the eye, or to stdout.
pub(crate) fn hand_out(context: &Context, out: Option<&Path>, text: &str, proofs: &[Proof]) -> Result<()> {
    let Some(out) = out else {
        context.printer.data(text.trim_end());
        return Ok(());
    };
    std::fs::write(out, text)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot write `{}`", out.display())).because(error))?;
    context.printer.note(&report::summary(proofs));
    Ok(())
}
