//! `jqs test run`: the whole matrix, from the proof to the reports.

use super::project::ProjectArgs;
use super::{lint, prove};
use crate::context::Context;
use crate::exit::Exit;
use crate::matrix_view::View;
use clap::Args;
use jqs_cfn::Result;
use jqs_stacks::stack::Stack;
use jqs_taskcat::matrix::Matrix;
use jqs_taskcat::package::Builder;
use jqs_taskcat::report;
use jqs_taskcat::run::{self, CaseResult, Event, Keep, RunOptions, RunResult, Stop, Verdict};
use std::collections::HashMap;
use std::path::PathBuf;
use tokio::sync::mpsc;

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    every test passed in every region
  1    a creation, an assertion, a deletion or a proof failed, or something was left behind
  2    wrong usage, or a configuration that cannot be read; nothing was made
  130  stopped by Ctrl-C, after what was made had been deleted";

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  jqs test run                                every test in each of its regions
  jqs test run --test-names one,two --regions eu-west-1
  jqs test run --keep-failed                  leave what has failed, to look at it
  jqs test run --json | jq 'select(.type == \"failed\")'

Ctrl-C deletes what was made; a second one leaves at once, and says how to clear away what is there.
The reports are `index.html`, `junit.xml`, `report.json`, `summary.md` and a log for each stack.

{EXIT_CODES}"))]
pub(crate) struct RunArgs {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    /// Delete nothing
    #[arg(short = 'n', long)]
    no_delete: bool,
}

/// What a run does beside making stacks.
#[derive(Debug, Clone, Args)]
pub(crate) struct HowArgs {
    /// Do not delete stacks that have failed
    #[arg(short = 'k', long)]
    pub(crate) keep_failed: bool,
    /// Folder for the reports
    #[arg(short = 'o', long, default_value = "taskcat_outputs", value_name = "FOLDER")]
    pub(crate) output_directory: PathBuf,
    /// Show failures and the end alone
    #[arg(short = 'm', long)]
    pub(crate) minimal_output: bool,
    /// Do not lint the templates before
    #[arg(short = 'l', long)]
    pub(crate) lint_disable: bool,
    /// Do not prove the templates before
    #[arg(long)]
    pub(crate) no_prove: bool,
    /// Ask for deletions, and do not wait for them: nobody looks then whether they succeed
    #[arg(short = 'd', long)]
    pub(crate) dont_wait_for_delete: bool,
    /// Upload nothing: it is in the bucket already
    #[arg(short = 's', long)]
    pub(crate) skip_upload: bool,
    /// Build functions that have a Dockerfile in containers, as TaskCat does
    #[arg(long)]
    pub(crate) docker: bool,
}

pub(crate) async fn run(context: &Context, arguments: &RunArgs) -> Result<Exit> {
    let matrix = arguments.project.matrix(context)?;
    if let Some(exit) = first(context, &matrix, &arguments.how).await? {
        return Ok(exit);
    }
    let keep = match (arguments.no_delete, arguments.how.keep_failed) {
        (true, _) => Keep::All,
        (false, true) => Keep::Failed,
        (false, false) => Keep::None,
    };
    let plan = Plan { matrix, run: new_run(), keep, found: HashMap::new(), over: HashMap::new() };
    go(context, plan, &arguments.how).await
}

pub(crate) fn new_run() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// What is done before anything is made: an exit where that is the end of it.
pub(crate) async fn first(context: &Context, matrix: &Matrix, how: &HowArgs) -> Result<Option<Exit>> {
    if !how.no_prove && !prove::before_a_run(context, matrix).await? {
        return Ok(Some(Exit::Failed));
    }
    if !how.lint_disable && !lint::before_a_run(context, matrix)? {
        return Ok(Some(Exit::Failed));
    }
    Ok(None)
}

/// A run that may begin, or go on.
pub(crate) struct Plan {
    pub(crate) matrix: Matrix,
    pub(crate) run: String,
    pub(crate) keep: Keep,
    pub(crate) found: HashMap<(String, String), Stack>,
    pub(crate) over: HashMap<(String, String), CaseResult>,
}

pub(crate) async fn go(context: &Context, plan: Plan, how: &HowArgs) -> Result<Exit> {
    let printer = &context.printer;
    let mut view = View::new(context, &plan.matrix, &plan.run, how.minimal_output);
    context.interrupt.set_last_words(view.last_words());
    let options = RunOptions {
        run: plan.run.clone(),
        session: context.settings.session.clone(),
        keep: plan.keep,
        waits_for_deletion: !how.dont_wait_for_delete,
        uploads: !how.skip_upload,
        builder: if how.docker { Builder::Docker } else { Builder::Local },
        found: plan.found,
        over: plan.over.clone(),
    };
    let (sender, receiver) = mpsc::unbounded_channel();
    let stop = Stop::new(context.interrupt.receiver());
    let journal = Journal::new(&plan.matrix, &plan.run, &plan.over, how);
    let running = run::run(plan.matrix, options, sender, stop);
    let result = follow(context, &mut view, running, receiver, journal).await;
    view.close();
    let result = result?;
    let written = report::write_all(&result, &how.output_directory)?;
    view.tell_end(&result, &written);
    printer.record("result", &Told::of(&result));
    Ok(exit(&result))
}

fn exit(result: &RunResult) -> Exit {
    match (result.has_passed(), &result.cut_short, result.count(Verdict::Failed)) {
        (true, ..) => Exit::Done,
        (false, Some(_), 0) => Exit::Detached,
        _ => Exit::Failed,
    }
}

async fn follow(
    context: &Context,
    view: &mut View,
    running: impl Future<Output = Result<RunResult>>,
    mut events: mpsc::UnboundedReceiver<Event>,
    mut journal: Journal,
) -> Result<RunResult> {
    let mut running = std::pin::pin!(running);
    let mut clock = tokio::time::interval(View::REDRAW);
    let mut is_stopped = false;
    let result = loop {
        tokio::select! {
            biased;
            event = events.recv(), if !events.is_closed() || !events.is_empty() => {
                if let Some(event) = event {
                    journal.take(&event);
                    view.take(event);
                }
            }
            result = &mut running => break result,
            () = context.interrupt.raised(), if !is_stopped => {
                is_stopped = true;
                view.say("Stopping: what was made is deleted. Ctrl-C again leaves at once.");
            }
            _ = clock.tick() => view.tick(),
        }
    };
    while let Ok(event) = events.try_recv() {
        view.take(event);
    }
    result
}

/// Keeps the JSON report up to date, so that a run that breaks off is not told of from the beginning.
struct Journal {
    result: RunResult,
    folder: PathBuf,
}

impl Journal {
    fn new(matrix: &Matrix, run: &str, over: &HashMap<(String, String), CaseResult>, how: &HowArgs) -> Self {
        let now = jiff::Timestamp::now();
        let result = RunResult {
            run: run.to_owned(),
            project: matrix.config.name.clone(),
            started: now,
            ended: now,
            cases: over.values().cloned().collect(),
            remains: Vec::new(),
            cut_short: Some("it was broken off".to_owned()),
        };
        Self { result, folder: how.output_directory.clone() }
    }

    fn take(&mut self, event: &Event) {
        let Event::Finished { result, .. } = event else { return };
        // One that was stopped may be taken up again.
        if result.verdict == Verdict::Skipped {
            return;
        }
        self.result.cases.push((**result).clone());
        self.result.ended = jiff::Timestamp::now();
        if let Err(error) = report::write_json(&self.result, &self.folder) {
            tracing::warn!("the report is not up to date: {}", error.full());
        }
    }
}

/// The end, for scripts.
#[derive(serde::Serialize)]
struct Told<'a> {
    run: &'a str,
    passed: usize,
    failed: usize,
    skipped: usize,
    remains: &'a [String],
    cases: &'a [CaseResult],
}

impl<'a> Told<'a> {
    fn of(result: &'a RunResult) -> Self {
        Self {
            run: &result.run,
            passed: result.count(Verdict::Passed),
            failed: result.count(Verdict::Failed),
            skipped: result.count(Verdict::Skipped),
            remains: &result.remains,
            cases: &result.cases,
        }
    }
}
