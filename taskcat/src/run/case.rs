//! The life of one case: its turn, its parameters, the stack, what must hold of it, and its end.

use super::assertion::{self, Subject};
use super::create::{self, Request, TEMPLATE_BYTES_MAX};
use super::poller::Goal;
use super::run::{Keep, Run};
use super::{
    CaseResult, Event, Failure, FailureKind, LoggedEvent, Phase, PhaseTime, Retry, Site, TAG_CASE, TAG_PROJECT,
    TAG_RUN, TAG_TEST, Verdict, expense, hook, quota, transient,
};
use crate::config::{BucketChoice, Hook};
use crate::matrix::{self, Case};
use crate::package;
use crate::pseudo::{self, Scene};
use jiff::Timestamp;
use jqs_cfn::template::Template;
use jqs_cfn::{Error, ErrorKind, Result, parameters};
use jqs_stacks::failure::first_cause;
use jqs_stacks::stack::{Readiness, Stack};
use jqs_stacks::watch::{StackEvent, Watcher};
use serde_json::{Value, json};
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
    deadline: Instant,
    template: String,
    no_echo: BTreeSet<String>,
    /// What hidden parameters have for a value: nobody is to see it.
    hidden: BTreeSet<String>,
    /// The stack is of before the run was taken up again.
    pub(super) joins: bool,
    /// When the stack was asked for.
    up_since: Option<Timestamp>,
}

/// Why a case is not lived to its end.
enum Cut {
    Stopped,
    OutOfTime(String),
}

/// What came of making the stack.
enum Made {
    Up(Stack),
    /// A cause that passes.
    Again(String),
    No,
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
            joins: false,
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

    /// Makes the stack, again where what kept it from that has passed.
    async fn make(&mut self, site: &Site) -> Option<Stack> {
        let retries = self.run.matrix.config.limits.retries;
        for attempt in 0..=retries {
            self.enter(Phase::Preparing);
            let parameters = match self.uncut_prepare(site).await {
                Ok(Ok(parameters)) => parameters,
                Ok(Err(error)) => {
                    self.fail_because(FailureKind::Preparation, &error);
                    return None;
                }
                Err(cut) => {
                    self.cut(cut);
                    return None;
                }
            };
            match self.attempt(site, &parameters, attempt, attempt < retries).await {
                Made::Up(stack) => return Some(stack),
                Made::No => return None,
                Made::Again(why) => {
                    self.retry(Phase::Creating, why);
                    self.tear_down(site).await;
                    if self.result.is_there || !self.result.failures.is_empty() {
                        return None;
                    }
                }
            }
        }
        None
    }

    async fn uncut_prepare(&mut self, site: &Site) -> std::result::Result<Result<BTreeMap<String, String>>, Cut> {
        let (stop, deadline) = (self.run.stop.clone(), self.deadline);
        let text = self.time_is_over();
        tokio::select! {
            prepared = self.prepare(site) => Ok(prepared),
            () = stop.raised() => Err(Cut::Stopped),
            () = tokio::time::sleep_until(deadline) => Err(Cut::OutOfTime(text)),
        }
    }

    async fn prepare(&mut self, site: &Site) -> Result<BTreeMap<String, String>> {
        let case = self.case();
        let settings = &case.test.parameters;
        let wants_bucket = !matches!(case.test.bucket, BucketChoice::Auto)
            || pseudo::needs_bucket(settings)
            || self.template.len() > TEMPLATE_BYTES_MAX;
        let bucket = if wants_bucket { Some(self.bucket(site).await?.name.clone()) } else { None };
        let scene = self.scene(site, bucket);
        let mut values = pseudo::resolve(&scene, settings, &site.lookup).await?;
        let path = self.run.matrix.config.root.join(&case.test.template);
        for before in &case.test.before {
            let input = self.input(site, before, &values, &BTreeMap::new());
            let answer = hook::run(before, &self.run.matrix.config.root, &input, &self.variables(site)).await?;
            values.extend(given(&answer.value));
        }
        // What tokens and hooks have come to is checked before AWS is asked, all of it at once.
        if let Ok(template) = Template::read(&path.display().to_string(), &self.template) {
            parameters::resolve(&template, &values, &BTreeSet::new())?;
        }
        let hidden = values.iter().filter(|(key, value)| self.no_echo.contains(*key) && !value.is_empty());
        self.hidden.extend(hidden.map(|(_, value)| value.clone()));
        self.result.parameters = values
            .iter()
            .map(|(key, value)| {
                (key.clone(), if self.no_echo.contains(key) { "****".to_owned() } else { value.clone() })
            })
            .collect();
        Ok(values)
    }

    /// The run's in this region, with the project in it.
    async fn bucket<'s>(&self, site: &'s Site) -> Result<&'s package::Bucket> {
        let config = &self.run.matrix.config;
        let test = &self.case().test;
        site.bucket
            .get_or_try_init(|| async {
                if test.bucket == BucketChoice::Auto {
                    let name = package::bucket_name(&test.bucket, &config.name, &self.run.options.run, &site.identity);
                    let _ = site.own_bucket.set(name);
                }
                let bucket =
                    package::open_bucket(&site.session, &site.identity, test, &config.name, &self.run.options.run)
                        .await?;
                if self.run.options.uploads {
                    let package = self.run.package().await?;
                    let done = package::upload(&site.session, package, &bucket.name, &test.object_acl).await?;
                    let region = &site.session.region;
                    let kept = if done.kept > 0 { format!(", {} were there", done.kept) } else { String::new() };
                    self.run.sites.note(format!("{region}: {} files sent to `{}`{kept}", done.sent, bucket.name));
                }
                Ok(bucket)
            })
            .await
    }

    async fn attempt(
        &mut self,
        site: &Site,
        values: &BTreeMap<String, String>,
        attempt: usize,
        may_retry: bool,
    ) -> Made {
        self.enter(Phase::Creating);
        let name = self.result.stack_name.clone();
        let request = Request {
            case: self.case(),
            name: &name,
            project: &self.run.matrix.config.name,
            template: &self.template,
            bucket: site.bucket.get(),
            parameters: values,
            tags: &self.tags,
            token: format!("jqs-{}-{}-{attempt}", self.run.options.run, self.at),
        };
        // Not to be cut off: whether there is a stack now would not be known.
        match create::create(site, &request).await {
            Ok(id) => self.result.stack_id = id,
            Err(error) if may_retry && error.is_transient() => return Made::Again(error.full()),
            Err(error) => {
                self.fail_because(FailureKind::Creation, &error);
                return Made::No;
            }
        }
        self.result.is_there = true;
        self.up_since.get_or_insert_with(Timestamp::now);
        let id = self.result.stack_id.clone();
        match self.uncut(site.poller.ended(&id, Goal::Made, Some(self.at))).await {
            Ok(Ok(stack)) => self.judge(site, stack, may_retry).await,
            Ok(Err(error)) => {
                self.result.is_there = error.kind() != ErrorKind::NotFound;
                self.fail_because(FailureKind::Creation, &error);
                Made::No
            }
            Err(cut) => {
                self.cut(cut);
                Made::No
            }
        }
    }

    /// What the end of the creation means; why it failed is in the events of the stack and of what is nested in it.
    async fn judge(&mut self, site: &Site, stack: Stack, may_retry: bool) -> Made {
        if stack.status.starts_with("DELETE_") {
            self.result.is_there = false;
            let message = "the stack is not there any more: somebody else has deleted it".to_owned();
            self.fail(Failure { kind: FailureKind::Creation, message, cause: None, hint: None });
            return Made::No;
        }
        let events = Watcher::record(&site.session, &stack.id).await.unwrap_or_default();
        self.log(&events);
        self.result.outputs = stack
            .outputs
            .iter()
            .map(|(key, value)| (key.clone(), if self.is_secret(value) { "****".to_owned() } else { value.clone() }))
            .collect();
        if stack.succeeded() {
            return Made::Up(stack);
        }
        let cause = first_cause(&stack.id, &events);
        if may_retry && let Some(passing) = cause.as_ref().and_then(transient::of_creation) {
            return Made::Again(format!("{passing}: {}", cause.map(|cause| cause.reason).unwrap_or_default()));
        }
        let message = format!("the stack is {}", stack.status);
        self.fail(Failure { kind: FailureKind::Creation, message, cause, hint: stack.reason });
        Made::No
    }

    /// An output that gives a hidden parameter away.
    fn is_secret(&self, value: &str) -> bool {
        self.hidden.iter().any(|hidden| value.contains(hidden.as_str()))
    }

    async fn prove(&mut self, site: &Site, stack: Stack) {
        self.enter(Phase::Asserting);
        let case = self.case().clone();
        let scene = self.scene(site, site.bucket.get().map(|bucket| bucket.name.clone()));
        let mut updates = BTreeMap::new();
        for update in &case.test.assertions.updates {
            match pseudo::resolve(&scene, &update.parameters, &site.lookup).await {
                Ok(values) => drop(updates.insert(update.name.clone(), values)),
                Err(error) => self.fail_because(FailureKind::Assertion, &error),
            }
        }
        let outputs = stack.outputs.clone();
        let input = self.input_of(site, Value::Null, &self.result.parameters, &outputs);
        let secrets = outputs.iter().filter(|(_, value)| self.is_secret(value)).map(|(key, _)| key.clone());
        let mut subject = Subject {
            site,
            root: &self.run.matrix.config.root,
            secrets: secrets.collect(),
            tags: self.tags.clone(),
            input,
            updates,
            stack,
        };
        let checked = self.uncut(assertion::check(&mut subject, &case.test.assertions)).await;
        match checked {
            Ok(results) => {
                for missed in results.iter().filter(|result| !result.is_met) {
                    let message = format!("{}: {}", missed.name, missed.said);
                    self.fail(Failure { kind: FailureKind::Assertion, message, cause: None, hint: None });
                }
                self.result.assertions = results;
            }
            Err(cut) => return self.cut(cut),
        }
        for after in &case.test.after {
            let input = self.input(site, after, &self.result.parameters, &outputs);
            let variables = assertion::variables(&subject);
            match self.uncut(hook::run(after, &self.run.matrix.config.root, &input, &variables)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => self.fail_because(FailureKind::Assertion, &error),
                Err(cut) => return self.cut(cut),
            }
        }
    }

    /// What the stack will be made of, and what the account has room for.
    async fn needs(&self, site: &Site) -> super::Needs {
        let case = self.case();
        let Some(tree) = self.run.trees.get(&case.test.name) else { return super::Needs::new() };
        let offline = pseudo::Offline { region: case.region.clone() };
        let scene = self.scene(site, Some("bucket".to_owned()));
        let known = pseudo::resolve(&scene, &case.test.parameters, &offline).await.unwrap_or_default();
        let Some(stack) = expense::resolved(tree, &case.region, &known) else { return super::Needs::new() };
        let needs = expense::needs(&stack);
        let room = site.room.get_or_init(|| quota::room(site, &needs)).await;
        self.run.turns.set_room(&site.identity.account, &site.identity.region, room.clone());
        needs
    }

    fn price(&mut self) {
        let (case, Some(since)) = (self.case(), self.up_since) else { return };
        let Some(tree) = self.run.trees.get(&case.test.name) else { return };
        let stack = expense::resolved(tree, &case.region, &self.result.parameters);
        let hourly = stack.and_then(|stack| expense::hourly(&stack, &case.region));
        let hours = Timestamp::now().duration_since(since).as_secs_f64() / 3_600.0;
        self.result.cost = hourly.map(|sum| sum * hours);
    }

    fn scene(&self, site: &Site, bucket: Option<String>) -> Scene {
        let (case, config) = (self.case(), &self.run.matrix.config);
        Scene {
            root: config.root.clone(),
            project: config.name.clone(),
            test: case.test.name.clone(),
            region: case.region.clone(),
            account: site.identity.account.clone(),
            partition: site.identity.partition.to_owned(),
            bucket,
            zones_excluded: case.test.zones_excluded.clone(),
        }
    }

    fn input(
        &self,
        site: &Site,
        hook: &Hook,
        parameters: &BTreeMap<String, String>,
        outputs: &BTreeMap<String, String>,
    ) -> Value {
        self.input_of(site, hook.config.clone(), parameters, outputs)
    }

    fn input_of(
        &self,
        site: &Site,
        config: Value,
        parameters: &BTreeMap<String, String>,
        outputs: &BTreeMap<String, String>,
    ) -> Value {
        json!({
            "project": self.run.matrix.config.name,
            "run": self.run.options.run,
            "test": self.result.test,
            "region": self.result.region,
            "account": site.identity.account,
            "partition": site.identity.partition,
            "stack_name": self.result.stack_name,
            "stack_id": self.result.stack_id,
            "parameters": parameters,
            "outputs": outputs,
            "config": config,
        })
    }

    fn variables(&self, site: &Site) -> Vec<(String, String)> {
        let region = || site.session.region.clone();
        let mut all = vec![("AWS_REGION".to_owned(), region()), ("AWS_DEFAULT_REGION".to_owned(), region())];
        all.extend(site.session.profile().map(|profile| ("AWS_PROFILE".to_owned(), profile.to_owned())));
        all
    }

    fn case(&self) -> &'a Case {
        self.run.case(self.at)
    }

    /// Does it, unless the run is stopped or time is over.
    async fn uncut<T>(&self, doing: impl Future<Output = T>) -> std::result::Result<T, Cut> {
        tokio::select! {
            done = doing => Ok(done),
            () = self.run.stop.raised() => Err(Cut::Stopped),
            () = tokio::time::sleep_until(self.deadline) => Err(Cut::OutOfTime(self.time_is_over())),
        }
    }

    fn time_is_over(&self) -> String {
        let limits = &self.run.matrix.config.limits;
        match self.deadline < self.run.deadline {
            true => format!("it has not ended within the {} seconds that a case may take", limits.case_time.as_secs()),
            false => format!("it has not ended within the {} seconds that the run may take", limits.run_time.as_secs()),
        }
    }

    fn cut(&mut self, cut: Cut) {
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

    fn log(&mut self, events: &[StackEvent]) {
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

impl Made {
    fn up(self) -> Option<Stack> {
        match self {
            Self::Up(stack) => Some(stack),
            _ => None,
        }
    }
}

/// `{"parameters": {…}}` of a hook's answer.
fn given(answer: &Value) -> BTreeMap<String, String> {
    let pairs = answer["parameters"].as_object().into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect()
}
