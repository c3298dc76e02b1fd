//! `jqs lint`: what is wrong with templates. Calls nobody, and loads the validator only where there is something to lint.

mod explain;
mod sources;

use crate::context::Context;
use crate::exit::Exit;
use crate::report::{Format, Report};
use clap::{Args, ValueEnum};
use jqs_cfn::diagnostic::Severity;
use jqs_cfn::lint::{self, Options, Ruleset};
use jqs_cfn::{Result, region};
use sources::Sources;
use std::collections::BTreeMap;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing found, or nothing as grave as `--fail-on`
  1    findings
  2    wrong usage, or a file that cannot be read";

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  jqs lint                                    the templates that `jqs` deploys
  jqs lint templates/ --severity info         every template below a folder, all findings
  jqs lint entry.yaml --regions eu-west-1,cn-north-1
  jqs lint templates/ --format sarif > lint.sarif
  jqs lint templates/ --rules company-rules/
  jqs lint --explain J1003

A finding is accepted by a comment on its line or above it: `# jqs:ignore J4003 the reason`.

{EXIT_CODES}"))]
pub(crate) struct LintArgs {
    /// Templates, or folders with templates [default: the templates of `jqs`]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Pretty, value_name = "FORMAT")]
    format: Format,
    /// The least severity that is shown
    #[arg(long, value_enum, default_value_t = Level::Warning, value_name = "SEVERITY")]
    severity: Level,
    /// The least severity that makes the exit code 1 [default: what is shown]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<Level>,
    /// Regions to check for; without one, only what is wrong in every region counts
    #[arg(long, value_name = "REGION,REGION", value_delimiter = ',')]
    regions: Vec<String>,
    /// The rules to apply [default: `quickstart` for templates with `AWS::CloudFormation::Interface`]
    #[arg(long, value_enum, value_name = "NAME")]
    ruleset: Option<RulesetName>,
    /// A file or a folder with Guard rules to apply as well; may be given many times
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Say what a rule is about, and why
    #[arg(long, value_name = "ID", conflicts_with_all = ["paths", "list_rules"])]
    explain: Option<String>,
    /// List every rule
    #[arg(long, conflicts_with = "paths")]
    list_rules: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    Info,
    Warning,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RulesetName {
    /// What every template should keep to
    Default,
    /// What a template that is published for others should keep to as well
    #[value(name = "quickstart")]
    QuickStart,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Info => Self::Info,
            Level::Warning => Self::Warning,
            Level::Error => Self::Error,
        }
    }
}

impl From<RulesetName> for Ruleset {
    fn from(name: RulesetName) -> Self {
        match name {
            RulesetName::Default => Self::Default,
            RulesetName::QuickStart => Self::QuickStart,
        }
    }
}

pub(crate) fn lint(context: &Context, arguments: &LintArgs) -> Result<Exit> {
    let printer = &context.printer;
    if let Some(id) = &arguments.explain {
        return explain::one(printer, id);
    }
    if arguments.list_rules {
        return Ok(explain::all(printer));
    }
    let sources = Sources::open(&arguments.paths)?;
    let options = Options {
        ruleset: arguments.ruleset.map(Ruleset::from),
        regions: regions(context, arguments)?,
        guard: sources::guard_rules(&arguments.rules)?,
        only: true,
    };
    let mut diagnostics = lint::lint(&sources.files, sources.library.as_ref(), &options)?;
    let shown = Severity::from(arguments.severity);
    let least = arguments.fail_on.map_or(shown, Severity::from);
    let has_failed = diagnostics.iter().any(|one| one.severity >= least);
    diagnostics.retain(|one| one.severity >= shown);
    let files: BTreeMap<String, String> = sources.files.into_iter().map(|source| (source.name, source.text)).collect();
    let format = if printer.is_json() { Format::Json } else { arguments.format };
    let text = Report { diagnostics: &diagnostics, files: &files }.render(format);
    if !text.is_empty() {
        printer.data(&text);
    }
    Ok(if has_failed { Exit::Failed } else { Exit::Done })
}

/// The regions of `--regions`, and the one of `--region`.
fn regions(context: &Context, arguments: &LintArgs) -> Result<Vec<String>> {
    let session = &context.settings.session;
    let mut regions: Vec<String> = arguments.regions.iter().chain(&session.region).cloned().collect();
    regions.sort();
    regions.dedup();
    if !session.allow_unknown_region {
        regions.iter().try_for_each(|name| region::check(name))?;
    }
    Ok(regions)
}
