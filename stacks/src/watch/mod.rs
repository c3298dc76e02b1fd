//! One poller over a stack and all stacks nested in it. It reads events only back to where it was, finds children by the
//! events of their parents, looks at each stack when something can have happened there, and outlives throttling, a lost
//! network and credentials that end. Events may come late and out of order: what is missing is looked for a while longer.

mod event;
mod watched;

pub use event::StackEvent;

use crate::aws_error;
use crate::patience::{Loss, Patience};
use crate::session::Session;
use crate::stack::{self, DEFAULT_NESTING_MAX, Readiness, Stack};
use jiff::Timestamp;
use jqs_cfn::Result;
use jqs_cfn::template::NESTED_STACK;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::Instant;
use watched::Watched;

/// How much later than its neighbours an event may turn up.
pub const DEFAULT_LATENESS_SECONDS: i64 = 60;
/// After so many looks at a stack that has ended, its state is believed although no event says the same.
pub const DEFAULT_UNCONFIRMED_LOOKS_MAX: u32 = 24;
/// What one watch remembers; a deployment of ours makes a few hundred.
pub const DEFAULT_EVENTS_MAX: usize = 50_000;
/// Events tell of the end. In case that they do not, the state of the stack is asked for after so many longest pauses.
const DEFAULT_STATE_PAUSES: u32 = 4;
/// Sparingly watched, nothing but the state is asked for, after pauses that grow up to so many longest ones.
const DEFAULT_SPARING_PAUSES: u32 = 20;

/// What one look brought.
#[derive(Debug, Default)]
pub struct Look {
    /// Oldest first.
    pub events: Vec<StackEvent>,
    /// The stack, once the operation is over.
    pub finished: Option<Stack>,
    /// Why there was nothing to see; watching goes on.
    pub lost: Option<Loss>,
}

pub struct Watcher<'a> {
    session: &'a Session,
    /// The first is the one that is operated on.
    stacks: Vec<Watched>,
    /// Events before this belong to earlier operations.
    since: Option<Timestamp>,
    history: Vec<StackEvent>,
    /// Events that were read and not told yet: a look that breaks off in the middle must not lose them.
    untold: Vec<StackEvent>,
    sequence: u64,
    /// All that the stack has said of itself.
    said: HashSet<String>,
    /// When its state is to be asked for.
    state_due: Instant,
    /// The pause before that, in longest pauses, where events are read only when all is over.
    sparing: Option<u32>,
    patience: Patience,
    /// Nothing is asked before.
    rest_until: Instant,
    /// Looks at a stack that has ended while its events did not say so yet.
    unconfirmed: u32,
    /// The end has been seen, and what came late has been looked for.
    has_lingered: bool,
}

impl<'a> Watcher<'a> {
    /// Takes what has happened up to now as past. To be called before the operation starts.
    pub async fn from_now(session: &'a Session, stack_id: &str) -> Result<Self> {
        let mut watcher = Self::new(session, stack_id);
        let mut newest: Option<Timestamp> = None;
        // Of the past, what happened at its last moment has to be told from what is still to come.
        let past = watcher.read(0, |event| event.time < *newest.get_or_insert(event.time)).await?;
        watcher.since = past.iter().map(|event| event.time).max();
        watcher.stacks[0].seen.extend(past.into_iter().map(|event| event.id));
        Ok(watcher)
    }

    /// Joins an operation that goes on, or that was the last one: its events are shown from their start.
    pub async fn attach(session: &'a Session, stack_id: &str) -> Result<Self> {
        let mut watcher = Self::new(session, stack_id);
        let past = watcher.read(0, StackEvent::starts_operation).await?;
        watcher.since = past.last().filter(|event| event.starts_operation()).map(|event| event.time);
        Ok(watcher)
    }

    /// The events of the last operation of a stack that rests, with those of all that is nested in it, oldest first. Each
    /// stack is read once.
    pub async fn record(session: &'a Session, stack_id: &str) -> Result<Vec<StackEvent>> {
        let mut watcher = Self::new(session, stack_id);
        let mut events = Vec::new();
        let mut index = 0;
        while index < watcher.stacks.len() {
            let mut own = watcher.read(index, StackEvent::starts_operation).await?;
            own.reverse();
            for event in &mut own {
                watcher.sequence += 1;
                event.sequence = watcher.sequence;
                watcher.follow(index, event);
            }
            events.extend(own);
            index += 1;
        }
        events.sort_by_key(|event| (event.time, event.sequence));
        Ok(events)
    }

    fn new(session: &'a Session, stack_id: &str) -> Self {
        Self {
            session,
            stacks: vec![Watched::new(stack_id, &[])],
            since: None,
            history: Vec::new(),
            untold: Vec::new(),
            sequence: 0,
            said: HashSet::new(),
            state_due: Instant::now(),
            sparing: None,
            patience: Patience::default(),
            rest_until: Instant::now(),
            unconfirmed: 0,
            has_lingered: false,
        }
    }

    pub fn session(&self) -> &'a Session {
        self.session
    }

    /// All events so far.
    pub fn history(&self) -> &[StackEvent] {
        &self.history
    }

    /// From now on with as few calls as can be: whether the operation is over is asked for every few minutes, and what has
    /// happened is read, and told, once it is.
    pub fn spare(&mut self) {
        self.sparing = Some(DEFAULT_STATE_PAUSES);
        self.state_due = self.after(DEFAULT_STATE_PAUSES);
    }

    /// Waits as long as is polite, and looks. Dropping the future loses nothing but this look.
    pub async fn next(&mut self) -> Result<Look> {
        let is_read = |index: usize, stack: &Watched| self.sparing.is_none() && (index == 0 || !stack.is_over);
        let watched = self.stacks.iter().enumerate().filter(|(index, stack)| is_read(*index, stack));
        let due = watched.map(|(_, stack)| stack.due).chain([self.state_due]).min().unwrap_or(self.state_due);
        tokio::time::sleep_until(due.max(self.rest_until)).await;
        match self.look().await {
            Ok(look) => {
                self.patience.answered();
                Ok(look)
            }
            Err(error) => {
                let lost = self.patience.tolerate(self.session, error).await?;
                self.rest_until = Instant::now() + jittered(self.session.pace.max);
                Ok(Look { lost: Some(lost), ..Look::default() })
            }
        }
    }

    async fn look(&mut self) -> Result<Look> {
        let mut index = 0;
        while self.sparing.is_none() && index < self.stacks.len() {
            let stack = &self.stacks[index];
            if stack.due <= Instant::now() && (index == 0 || !stack.is_over) {
                self.fetch(index).await?;
            }
            index += 1;
        }
        let finished =
            if self.stacks[0].is_over || self.state_due <= Instant::now() { self.ended().await? } else { None };
        let mut events = std::mem::take(&mut self.untold);
        events.sort_by_key(|event| (event.time, event.sequence));
        let room = DEFAULT_EVENTS_MAX.saturating_sub(self.history.len());
        self.history.extend(events.iter().take(room).cloned());
        tracing::debug!(stacks = self.stacks.len(), events = events.len(), "looked");
        Ok(Look { events, finished, lost: None })
    }

    /// The stack, if the operation is over and all its events are read. The state first, the events after: so none is missed.
    async fn ended(&mut self) -> Result<Option<Stack>> {
        let stack = stack::get(self.session, &self.stacks[0].id).await?;
        tracing::debug!(stack = stack.name, status = stack.status, "asked for the state");
        if matches!(stack.readiness(), Readiness::Busy | Readiness::Empty) {
            self.unconfirmed = 0;
            let pauses = self.sparing.map_or(DEFAULT_STATE_PAUSES, |pauses| (pauses * 2).min(DEFAULT_SPARING_PAUSES));
            self.sparing = self.sparing.and(Some(pauses));
            self.state_due = self.after(pauses);
            return Ok(None);
        }
        if self.sparing.is_some() {
            self.fetch(0).await?;
        }
        // Just after an operation was asked for, a stack may still show its old state: its events must say the same.
        if !self.said.contains(&stack.status) {
            self.unconfirmed += 1;
            self.state_due = self.after(1);
            if self.unconfirmed <= DEFAULT_UNCONFIRMED_LOOKS_MAX {
                return Ok(None);
            }
        }
        let mut index = usize::from(self.sparing.is_some());
        while index < self.stacks.len() {
            self.fetch(index).await?;
            index += 1;
        }
        // The event that tells the cause of a failure may be late, and so may those of a stack that has not told of its end.
        let tells_all = self.stacks.iter().skip(1).all(|nested| nested.is_over || nested.newest.is_none());
        let has_all = self.has_lingered || (stack.succeeded() && tells_all);
        self.has_lingered = true;
        self.state_due = Instant::now() + jittered(self.session.pace.min);
        Ok(has_all.then_some(stack))
    }

    fn after(&self, pauses: u32) -> Instant {
        Instant::now() + jittered(self.session.pace.max * pauses)
    }

    /// Reads the events of one stack that were not seen before, oldest first; children that they name are watched from now on.
    async fn fetch(&mut self, index: usize) -> Result<()> {
        let lateness = jiff::SignedDuration::from_secs(DEFAULT_LATENESS_SECONDS);
        let stack = &self.stacks[index];
        let horizon = stack.newest.max(self.since).map(|newest| newest - lateness);
        // At that very moment only the root's events are known to be new or not, by their ids.
        let is_old = |event: &StackEvent| {
            self.since.is_some_and(|since| event.time < since || (index > 0 && event.time == since))
                || stack.seen.contains(&event.id)
        };
        let is_far = |event: &StackEvent| is_old(event) && horizon.is_some_and(|horizon| event.time < horizon);
        let mut fresh = self.read(index, is_far).await?;
        let now = Instant::now();
        fresh.retain(|event| !is_old(event));
        fresh.reverse();
        for event in &mut fresh {
            self.sequence += 1;
            event.sequence = self.sequence;
            self.stacks[index].take(event, now);
            self.follow(index, event);
        }
        self.stacks[index].looked(fresh.len());
        self.untold.extend(fresh);
        let active = self.stacks.iter().filter(|stack| !stack.is_over && !stack.waits()).count();
        let active = u32::try_from(active).unwrap_or(u32::MAX).max(1);
        let pause = self.stacks[index].pause(self.session.pace, active, now);
        self.stacks[index].due = now + jittered(pause);
        Ok(())
    }

    /// The events of one stack, newest first, up to and with the first of which `is_last` holds.
    async fn read(&self, index: usize, mut is_last: impl FnMut(&StackEvent) -> bool) -> Result<Vec<StackEvent>> {
        let Watched { id, path, .. } = &self.stacks[index];
        let mut events = Vec::new();
        let mut pages = self.session.cloudformation.describe_stack_events().stack_name(id).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(failure) if stack::is_absent(&failure) => break,
                other => other.map_err(|failure| aws_error(format!("read the events of `{id}`"), failure))?,
            };
            for raw in page.stack_events() {
                let event = event::read(raw, id, path);
                let is_enough = is_last(&event);
                events.push(event);
                if is_enough {
                    return Ok(events);
                }
            }
        }
        Ok(events)
    }

    fn follow(&mut self, index: usize, event: &StackEvent) {
        if event.is_stack_itself() {
            self.hear(index, event);
            return;
        }
        if event.kind != NESTED_STACK || event.physical_id.is_empty() || event.path.len() > DEFAULT_NESTING_MAX {
            return;
        }
        match self.stacks.iter_mut().find(|watched| watched.id == event.physical_id) {
            // It may go on after it seemed to be over, for instance to be rolled back.
            Some(watched) if event.goes_on() => watched.reopen(),
            Some(watched) => watched.end(),
            None => self.stacks.push(Watched::new(&event.physical_id, &event.path)),
        }
    }

    /// What a stack says of itself concerns those around it.
    fn hear(&mut self, index: usize, event: &StackEvent) {
        let is_over = !matches!(stack::readiness(&event.status), Readiness::Busy | Readiness::Empty);
        self.stacks[index].is_over = is_over;
        if index == 0 {
            self.said.insert(event.status.clone());
        }
        let path = self.stacks[index].path.clone();
        for other in &mut self.stacks {
            let is_parent = path.split_last().is_some_and(|(_, above)| other.path == above);
            let is_child = other.path.len() == path.len() + 1 && other.path.starts_with(&path);
            // It ends, or turns back: the parent will have something to say.
            if is_parent && !event.starts_operation() {
                other.wake();
            }
            // What an update has replaced is deleted at last, in the nested stacks as well.
            if is_child && event.status.ends_with("_CLEANUP_IN_PROGRESS") {
                other.reopen();
            }
        }
    }
}

/// Up to a fifth less, so that many watchers do not ask at the same time.
fn jittered(pause: Duration) -> Duration {
    let nanos = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.subsec_nanos());
    pause * (80 + nanos / 1_000 % 21) / 100
}
