//! The life of one case: its turn, its parameters, the stack, what must hold of it, and its end.

use super::poller::Goal;
use super::running::{Keep, Run};
use super::{
    CaseResult, Event, Failure, FailureKind, LoggedEvent, Phase, PhaseTime, Retry, Site, TAG_CASE, TAG_PROJECT,
    TAG_RUN, TAG_TEST, Verdict,
};
use crate::matrix::{self, Case};
use crate::package::Bucket;
use jiff::Timestamp;
use jqs_cfn::template::Template;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::stack::{Readiness, Stack};
use jqs_stacks::watch::StackEvent;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use tokio::time::Instant;

/// Events that are kept of a case.
pub const DEFAULT_EVENTS_MAX: usize = 5_000;

pub(super) struct Life<'a> {
    pub(super) run: &'a Run,
    pub(super) at: usize,
    pub(super) result: CaseResult,
    pub(super) tags: BTreeMap<String, String>,
    phase: Phase,
    since: Timestamp,
    pub(super) deadline: Instant,
    pub(super) template: String,
    pub(super) no_echo: BTreeSet<String>,
    /// What hidden parameters have for a value: nobody is to see it.
    pub(super) hidden: BTreeSet<String>,
    /// Where the project is, if the case needs that.
    pub(super) bucket: Option<Bucket>,
    /// The stack is of before the run was taken up again.
    pub(super) joins: bool,
    /// Nothing has been done since the stack was looked at: no other look is needed before its deletion.
    pub(super) is_seen_at_rest: bool,
    /// When the stack was asked for.
    pub(super) up_since: Option<Timestamp>,
}

/// Why a case is not lived to its end.
pub(super) enum Cut {
    Stopped,
    OutOfTime(String),
}

impl<'a> Life<'a> {
    pub(super) fn new(run: &'a Run, at: usize) -> Self {
        let case = run.case(at);
        let (id, project) = (&run.options.run, &run.matrix.config.name);
        let mut tags = case.test.tags.clone();
        let own = [
            (TAG_RUN, id.clone()),
            (TAG_PROJECT, project.clone()),
            (TAG_TEST, case.test.name.clone()),
            (TAG_CASE, format!("{id}/{}", case.test.name)),
        ];
        tags.extend(own.map(|(key, value)| (key.to_owned(), value)));
        let result = CaseResult {
            test: case.test.name.clone(),
            region: case.region.clone(),
            account: String::new(),
            stack_name: String::new(),
            stack_id: String::new(),
            is_there: false,
            verdict: Verdict::Passed,
            phases: Vec::new(),
            failures: Vec::new(),
            retries: Vec::new(),
            assertions: Vec::new(),
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            cost: None,
            remains: Vec::new(),
            events: Vec::new(),
        };
        Self {
            run,
            at,
            result,
            tags,
            phase: Phase::Waiting,
            since: Timestamp::now(),
            deadline: run.deadline,
            template: String::new(),
            no_echo: BTreeSet::new(),
            hidden: BTreeSet::new(),
            bucket: None,
            joins: false,
            is_seen_at_rest: false,
            up_since: None,
        }
    }

    pub(super) async fn live(mut self) -> CaseResult {
        self.enter(Phase::Waiting);
        match self.begin().await {
            Ok(site) => self.go(&site).await,
            Err(error) => self.fail_because(FailureKind::Preparation, &error),
        }
        self.enter(Phase::Done);
        if !self.result.failures.is_empty() {
            self.result.verdict = Verdict::Failed;
        }
        self.result
    }

    async fn begin(&mut self) -> Result<Arc<Site>> {
        let case = self.case();
        self.result.stack_name = matrix::stack_name(&self.run.matrix.config, &case.test, &self.run.options.run)?;
        let path = self.run.matrix.config.root.join(&case.test.template);
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Io, format!("cannot read `{}`", path.display())).because(error)
        };
        self.template = std::fs::read_to_string(&path).map_err(failed)?;
        if let Ok(template) = Template::read(&path.display().to_string(), &self.template) {
            for parameter in template.parameters.into_iter().filter(|parameter| parameter.no_echo) {
                self.hidden.extend(parameter.default.filter(|value| !value.is_empty()));
                self.no_echo.insert(parameter.name);
            }
        }
        let site = self.run.sites.open(case.profile.as_deref(), &case.region).await?;
        self.result.account.clone_from(&site.identity.account);
        Ok(site)
    }

    async fn go(&mut self, site: &Site) {
        let needs = self.needs(site).await;
        let turns = self.run.turns.clone();
        let (account, region) = (self.result.account.clone(), self.result.region.clone());
        let turn = match self.uncut(turns.take(&account, &region, needs)).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(error)) => return self.fail_because(FailureKind::Preparation, &error),
            Err(cut) => return self.cut(cut),
        };
        self.deadline = self.run.deadline.min(Instant::now() + self.run.matrix.config.limits.case_time);
        let stack = match self.joined() {
            Some(stack) => self.join(site, stack).await,
            None => self.make(site).await,
        };
        if let Some(stack) = stack {
            self.prove(site, stack).await;
        }
        self.end(site).await;
        drop(turn);
    }

    /// Deletes what was made, unless it is to stay.
    async fn end(&mut self, site: &Site) {
        if !self.result.is_there {
            return;
        }
        let has_failed = !self.result.failures.is_empty();
        let stays = match self.run.options.keep {
            Keep::All => true,
            Keep::Failed => has_failed,
            Keep::None => false,
        };
        if !stays {
            self.tear_down(site).await;
        }
        self.price();
    }

    /// A stack of this very case that an earlier run of the same id has left.
    fn joined(&self) -> Option<Stack> {
        let key = (self.result.test.clone(), self.result.region.clone());
        self.run.options.found.get(&key).cloned()
    }

    async fn join(&mut self, site: &Site, stack: Stack) -> Option<Stack> {
        self.joins = true;
        self.result.stack_id.clone_from(&stack.id);
        self.result.stack_name.clone_from(&stack.name);
        self.result.is_there = true;
        self.up_since = stack.created.as_deref().and_then(|time| time.parse().ok());
        if stack.status.starts_with("DELETE_") {
            return None;
        }
        self.enter(Phase::Creating);
        if stack.readiness() != Readiness::Busy {
            return self.judge(site, stack, false).await.up();
        }
        match self.uncut(site.poller.ended(&stack.id, Goal::Made, Some(self.at))).await {
            Ok(Ok(stack)) => self.judge(site, stack, false).await.up(),
            Ok(Err(error)) => {
                self.fail_because(FailureKind::Creation, &error);
                None
            }
            Err(cut) => {
                self.cut(cut);
                None
            }
        }
    }

    pub(super) fn case(&self) -> &'a Case {
        self.run.case(self.at)
    }

    /// Does it, unless the run is stopped or time is over.
    pub(super) async fn uncut<T>(&self, doing: impl Future<Output = T>) -> std::result::Result<T, Cut> {
        tokio::select! {
            done = doing => Ok(done),
            () = self.run.stop.raised() => Err(Cut::Stopped),
            () = tokio::time::sleep_until(self.deadline) => Err(Cut::OutOfTime(self.time_is_over())),
        }
    }

    pub(super) fn time_is_over(&self) -> String {
        let limits = &self.run.matrix.config.limits;
        match self.deadline < self.run.deadline {
            true => format!("it has not ended within the {} seconds that a case may take", limits.case_time.as_secs()),
            false => format!("it has not ended within the {} seconds that the run may take", limits.run_time.as_secs()),
        }
    }

    pub(super) fn cut(&mut self, cut: Cut) {
        match cut {
            Cut::Stopped => self.result.verdict = Verdict::Skipped,
            Cut::OutOfTime(message) => self.fail(Failure {
                kind: FailureKind::TimedOut,
                message,
                cause: None,
                hint: Some("`limits.case_time` and `limits.run_time` in the file set how long it may take".to_owned()),
            }),
        }
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        let now = Timestamp::now();
        if self.phase != phase && self.phase != Phase::Waiting {
            let seconds = now.duration_since(self.since).as_secs_f64();
            self.result.phases.push(PhaseTime { phase: self.phase, started: self.since, seconds });
        }
        (self.phase, self.since) = (phase, now);
        let stack_name = self.result.stack_name.clone();
        let _ = self.run.events.send(Event::Entered { case: self.at, phase, stack_name });
    }

    pub(super) fn fail(&mut self, failure: Failure) {
        let _ = self.run.events.send(Event::Failed { case: self.at, failure: failure.clone() });
        self.result.failures.push(failure);
    }

    pub(super) fn fail_because(&mut self, kind: FailureKind, error: &Error) {
        let hint = error.hint_text().map(str::to_owned);
        self.fail(Failure { kind, message: error.full(), cause: None, hint });
    }

    pub(super) fn retry(&mut self, phase: Phase, cause: String) {
        let retry = Retry { phase, cause };
        let _ = self.run.events.send(Event::Retried { case: self.at, retry: retry.clone() });
        self.result.retries.push(retry);
    }

    pub(super) fn log(&mut self, events: &[StackEvent]) {
        let line = |event: &StackEvent| LoggedEvent {
            time: event.time,
            path: event.path.join("/"),
            kind: event.kind.clone(),
            status: event.status.clone(),
            reason: event.reason.clone(),
        };
        let room = DEFAULT_EVENTS_MAX.saturating_sub(self.result.events.len());
        self.result.events.extend(events.iter().take(room).map(line));
    }
}
