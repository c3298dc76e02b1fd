//! `jqs test resume`: a run that was broken off, by Ctrl-C or worse. What is there is in AWS, by its tags; what was over
//! before is in the report.

use super::found;
use super::project::ProjectArgs;
use super::run::{self, HowArgs, Plan};
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::stack::Stack;
use jqs_taskcat::found::Filter;
use jqs_taskcat::matrix::{self, Matrix};
use jqs_taskcat::report::{self, REPORT_JSON};
use jqs_taskcat::run::{CaseResult, Keep, TAG_RUN, TAG_TEST, Verdict};
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  jqs test resume                             the only run of this project of which something is there
  jqs test resume 0123456789abcdef0123456789abcdef

Stacks that are there are joined: checked, and deleted. What was not begun is begun; what was over stays as it was.

{}", run::EXIT_CODES))]
pub(crate) struct ResumeArgs {
    /// Run, as `jqs test list` tells it
    #[arg(value_name = "RUN")]
    run: Option<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    how: HowArgs,
}

pub(crate) async fn resume(context: &Context, arguments: &ResumeArgs) -> Result<Exit> {
    let matrix = arguments.project.matrix(context)?;
    let report = report::read(&arguments.how.output_directory.join(REPORT_JSON)).ok();
    let filter = match &arguments.run {
        Some(run) => Filter::Run(run.clone()),
        None => Filter::Project(matrix.config.name.clone()),
    };
    let stacks = stacks(context, &matrix, &filter).await?;
    let run = match &arguments.run {
        Some(run) => run.clone(),
        None => {
            only_run(&stacks, report.as_ref().filter(|report| report.cut_short.is_some()).map(|report| &report.run))?
        }
    };
    let over: HashMap<(String, String), CaseResult> = report
        .filter(|report| report.run == run)
        .map(|report| report.cases)
        .unwrap_or_default()
        .into_iter()
        .filter(|case| case.verdict != Verdict::Skipped && !case.is_there)
        .map(|case| ((case.test.clone(), case.region.clone()), case))
        .collect();
    let found: HashMap<(String, String), Stack> =
        stacks.into_iter().filter(|(_, stack)| stack.tags.get(TAG_RUN) == Some(&run)).collect();
    context.printer.note(&format!("{} stacks of the run are there, {} cases were over.", found.len(), over.len()));
    let keep = if arguments.how.keep_failed { Keep::Failed } else { Keep::None };
    run::go(context, Plan { matrix, run, keep, found, over }, &arguments.how).await
}

/// Stacks of the matrix, by test and region.
pub(super) async fn stacks(
    context: &Context,
    matrix: &Matrix,
    filter: &Filter,
) -> Result<Vec<((String, String), Stack)>> {
    let places: BTreeSet<(Option<String>, String)> =
        matrix.cases.iter().map(|case| (case.profile.clone(), case.region.clone())).collect();
    let looked = found::look_at(context, places.into_iter().collect(), filter).await?;
    let mut stacks = Vec::new();
    for one in looked.found {
        for stack in one.stacks {
            let (Some(test), Some(run)) = (stack.tags.get(TAG_TEST).cloned(), stack.tags.get(TAG_RUN)) else {
                continue;
            };
            // What is nested, or was made again by itself, has the same tags.
            let case = matrix.cases.iter().find(|case| case.test.name == test);
            let is_its_own = case.is_some_and(|case| {
                matrix::stack_name(&matrix.config, &case.test, run).is_ok_and(|name| name == stack.name)
            });
            if is_its_own {
                stacks.push(((test, one.region.clone()), stack));
            }
        }
    }
    Ok(stacks)
}

fn only_run(stacks: &[((String, String), Stack)], broken_off: Option<&String>) -> Result<String> {
    let runs: BTreeSet<&String> = stacks.iter().filter_map(|(_, stack)| stack.tags.get(TAG_RUN)).collect();
    let runs: Vec<&String> = runs.into_iter().collect();
    match (runs.as_slice(), broken_off) {
        ([only], _) => Ok((*only).clone()),
        ([], Some(run)) => Ok(run.clone()),
        ([], None) => Err(Error::new(ErrorKind::NotFound, "there is no run to go on with")
            .hint("`jqs test list` shows all of which something is there; `jqs test run` begins one")),
        (many, _) => {
            let names: Vec<&str> = many.iter().map(|run| run.as_str()).collect();
            Err(Error::new(ErrorKind::Usage, format!("there are {} runs of this project", names.len()))
                .hint(format!("name one of them:\n{}", names.join("\n"))))
        }
    }
}
