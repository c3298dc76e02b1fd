//! `jqs test lint`: the templates of every test, with all that they nest.

use super::project::ProjectArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::report::{Format, Report};
use clap::Args;
use jqs_cfn::Result;
use jqs_cfn::diagnostic::{Diagnostic, Severity};
use jqs_taskcat::lint;
use jqs_taskcat::matrix::Matrix;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test lint
  jqs test lint --strict                      warnings fail as well
  jqs test lint --format github               beside the lines of a pull request

Exit codes:
  0  nothing found, or warnings without `--strict`
  1  errors; a template that cannot be read, also a nested one
  2  wrong usage, or a configuration that cannot be read")]
pub(crate) struct LintArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Let warnings fail
    #[arg(short = 's', long)]
    strict: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Pretty, value_name = "FORMAT")]
    format: Format,
}

pub(crate) fn lint(context: &Context, arguments: &LintArgs) -> Result<Exit> {
    let matrix = arguments.project.matrix(context)?;
    let linted = lint::lint(&matrix)?;
    linted.missing.iter().for_each(|what| context.printer.warning(what));
    let shown: Vec<Diagnostic> =
        linted.diagnostics.into_iter().filter(|one| one.severity >= Severity::Warning).collect();
    let format = if context.printer.is_json() { Format::Json } else { arguments.format };
    let text = Report { diagnostics: &shown, files: &linted.files }.render(format);
    if !text.is_empty() {
        context.printer.data(&text);
    }
    let least = if arguments.strict { Severity::Warning } else { Severity::Error };
    Ok(if shown.iter().any(|one| one.severity >= least) { Exit::Failed } else { Exit::Done })
}

/// Whether a run may begin.
pub(super) fn before_a_run(context: &Context, matrix: &Matrix) -> Result<bool> {
    let linted = lint::lint(matrix)?;
    let errors: Vec<Diagnostic> =
        linted.diagnostics.into_iter().filter(|one| one.severity >= Severity::Error).collect();
    if errors.is_empty() {
        context.printer.success(&format!("Linted: {} templates", linted.files.len()));
        return Ok(true);
    }
    let text = Report { diagnostics: &errors, files: &linted.files }.render(Format::Pretty);
    context.printer.note(&text);
    context.printer.failure("The linter has found errors, and nothing was made.");
    context.printer.hint("`--lint-disable` runs the tests nevertheless");
    Ok(false)
}
