//! All cases of a matrix at the same time, each when its turn comes.

use super::case::Life;
use super::expense;
use super::site::Sites;
use super::stop::Stop;
use super::turn::Turns;
use super::{CaseResult, Event, Events, RunResult};
use crate::matrix::{Case, Matrix};
use crate::package::{self, Builder, Package};
use jiff::Timestamp;
use jqs_cfn::eval::{Folder, StackTree};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::SessionOptions;
use jqs_stacks::stack::Stack;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Which stacks stay when their case is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keep {
    #[default]
    None,
    Failed,
    All,
}

#[derive(Debug, Clone)]
pub struct RunOptions {
    /// 32 hexadecimal digits.
    pub run: String,
    pub session: SessionOptions,
    pub keep: Keep,
    pub waits_for_deletion: bool,
    pub uploads: bool,
    pub builder: Builder,
    /// Stacks of this run that are there already, by test and region: they are joined.
    pub found: HashMap<(String, String), Stack>,
    /// What was over before, by test and region: it stays as it was.
    pub over: HashMap<(String, String), CaseResult>,
}

pub(super) struct Run {
    pub(super) matrix: Matrix,
    pub(super) options: RunOptions,
    pub(super) sites: Sites,
    pub(super) turns: Arc<Turns>,
    pub(super) events: Events,
    pub(super) stop: Stop,
    pub(super) deadline: Instant,
    /// By test; nothing where the engine cannot read the template as a whole.
    pub(super) trees: HashMap<String, Arc<StackTree>>,
    package: OnceCell<Package>,
}

/// Runs it to its end: whatever fails is in the result. An error is what keeps a run from beginning.
pub async fn run(matrix: Matrix, options: RunOptions, events: Events, stop: Stop) -> Result<RunResult> {
    let started = Timestamp::now();
    let trees = trees(&matrix);
    let limits = &matrix.config.limits;
    if let Some(budget) = limits.budget {
        let expected = expense::of_matrix(&matrix, &trees);
        if expected > budget {
            let message =
                format!("the run is estimated to cost {expected:.2} USD, more than its budget of {budget:.2}");
            return Err(Error::new(ErrorKind::Refused, message)
                .hint("an hour of each stack is counted: choose some with `--test-names` and `--regions`, or raise `limits.budget`"));
        }
    }
    let run = Arc::new(Run {
        sites: Sites::new(&options.session, events.clone()),
        turns: Turns::new(limits),
        deadline: Instant::now() + limits.run_time,
        package: OnceCell::new(),
        matrix,
        options,
        events,
        stop,
        trees,
    });
    let mut results = live(&run).await;
    results.sort_by_key(|(at, _)| *at);
    let cases: Vec<CaseResult> = results.into_iter().map(|(_, result)| result).collect();
    let remains = clear_away(&run, &cases).await;
    Ok(RunResult {
        run: run.options.run.clone(),
        project: run.matrix.config.name.clone(),
        started,
        ended: Timestamp::now(),
        remains,
        cut_short: run.cut_short(),
        cases,
    })
}

async fn live(run: &Arc<Run>) -> Vec<(usize, CaseResult)> {
    let mut going = JoinSet::new();
    let mut results = Vec::new();
    for (at, case) in run.matrix.cases.iter().enumerate() {
        let key = (case.test.name.clone(), case.region.clone());
        if let Some(result) = run.options.over.get(&key) {
            results.push((at, result.clone()));
            continue;
        }
        let run = run.clone();
        going.spawn(async move {
            let result = Life::new(&run, at).live().await;
            let _ = run.events.send(Event::Finished { case: at, result: Box::new(result.clone()) });
            (at, result)
        });
    }
    while let Some(done) = going.join_next().await {
        match done {
            Ok(done) => results.push(done),
            Err(error) => run.sites.note(format!("a case ended early: {error}")),
        }
    }
    results
}

/// Removes the buckets that the run has made, where no stack needs them any more.
async fn clear_away(run: &Run, cases: &[CaseResult]) -> Vec<String> {
    let mut remains = Vec::new();
    let is_there = |case: &&CaseResult| !case.stack_id.is_empty() && case.is_there;
    for case in cases.iter().filter(is_there) {
        remains.push(format!("the stack `{}` in {}", case.stack_name, case.region));
    }
    for site in run.sites.opened().await {
        let Some(bucket) = site.own_bucket.get() else { continue };
        let (account, region) = (&site.identity.account, &site.identity.region);
        let in_use = cases.iter().filter(is_there).any(|case| case.account == *account && case.region == *region);
        if in_use {
            remains.push(format!("the bucket `{}` in {region}, which a stack there may need", bucket));
        } else if let Err(error) = package::remove_bucket(&site.session, bucket).await {
            remains.push(format!("the bucket `{}` in {region}: {}", bucket, error.full()));
        }
    }
    remains
}

impl Run {
    pub(super) fn case(&self, at: usize) -> &Case {
        &self.matrix.cases[at]
    }

    /// What is uploaded, made ready once.
    pub(super) async fn package(&self) -> Result<&Package> {
        self.package
            .get_or_try_init(|| async {
                let (config, builder) = (self.matrix.config.clone(), self.options.builder);
                let work = move || {
                    let built = package::build(&config, builder)?;
                    Package::of(&config).map(|package| (package, built.len()))
                };
                let done = tokio::task::spawn_blocking(work).await;
                let (package, functions) =
                    done.map_err(|error| Error::new(ErrorKind::Io, "packaging ended early").because(error))??;
                let built = if functions > 0 { format!(", {functions} functions packed") } else { String::new() };
                self.sites.note(format!("{} files to upload{built}", package.items.len()));
                package.left_out.iter().for_each(|what| self.sites.note(format!("left out {what}")));
                Ok(package)
            })
            .await
    }

    fn cut_short(&self) -> Option<String> {
        if self.stop.is_raised() {
            return Some("it was stopped".to_owned());
        }
        (Instant::now() >= self.deadline).then(|| "its time was over".to_owned())
    }
}

fn trees(matrix: &Matrix) -> HashMap<String, Arc<StackTree>> {
    let mut trees = HashMap::new();
    for case in &matrix.cases {
        if trees.contains_key(&case.test.name) {
            continue;
        }
        let root = &matrix.config.root;
        let opened = Folder::around(root, &root.join(&case.test.template))
            .and_then(|(folder, name)| StackTree::open(&folder, &name));
        if let Ok(tree) = opened {
            trees.insert(case.test.name.clone(), Arc::new(tree));
        }
    }
    trees
}
