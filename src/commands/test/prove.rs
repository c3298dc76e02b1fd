//! `jqs test prove`: the matrix, offline.

use super::project::ProjectArgs;
use crate::commands::prove::{self as offline, Format};
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::Result;
use jqs_cfn::prove::{Check, Proof, Severity, checks, report};
use jqs_taskcat::matrix::Matrix;
use jqs_taskcat::prove;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs test prove                              every test, in each of its regions
  jqs test prove --test-names one --format html --out proof.html
  jqs test prove --fail-on error

What only AWS knows, such as a parameter of the parameter store, is proven for all that it may be.
What a check demands: `jqs prove --explain ID`.

Exit codes:
  0  proven
  1  a check found something at or above `--fail-on`
  2  wrong usage, or a file that cannot be read")]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// The least severity of a finding that makes the exit code 1
    #[arg(long, default_value_t = Severity::Warning, value_name = "info|warning|error")]
    fail_on: Severity,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// File for the report [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn prove(context: &Context, arguments: &ProveArgs) -> Result<Exit> {
    let matrix = arguments.project.matrix(context)?;
    let proofs = proofs(&matrix).await?;
    let is_coloured = arguments.out.is_none() && context.settings.stdout_color;
    let text = match offline::format(context, arguments.format) {
        Format::Text => report::findings(&proofs, is_coloured),
        other => offline::document(other, &proofs),
    };
    offline::hand_out(context, arguments.out.as_deref(), &text, &proofs)?;
    let worst = proofs.iter().filter_map(Proof::worst).max();
    Ok(if worst >= Some(arguments.fail_on) { Exit::Failed } else { Exit::Done })
}

/// Whether a run may begin: what would fail in AWS keeps it from that, everything else is another matter.
pub(super) async fn before_a_run(context: &Context, matrix: &Matrix) -> Result<bool> {
    let mut proofs = proofs(matrix).await?;
    let cases: u64 = proofs.iter().map(|proof| proof.cases).sum();
    for proof in &mut proofs {
        proof.findings.retain(|finding| finding.accepted.is_none() && finding.check.severity == Severity::Error);
    }
    proofs.retain(|proof| !proof.findings.is_empty());
    if proofs.is_empty() {
        let tests = matrix.cases.len();
        context.printer.success(&format!("Proven: {tests} tests × regions, {cases} cases looked at"));
        return Ok(true);
    }
    context.printer.note(report::findings(&proofs, context.settings.stderr_color).trim_end());
    context.printer.failure("The proof has failed, and nothing was made.");
    context.printer.hint("`jqs test prove` shows all of it; `--no-prove` runs the tests nevertheless");
    Ok(false)
}

async fn proofs(matrix: &Matrix) -> Result<Vec<Proof>> {
    let all: Vec<&'static Check> = checks::ALL.iter().collect();
    prove::prove(matrix, &all).await
}
