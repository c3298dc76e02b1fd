//! One poller over a stack and all stacks nested in it. It reads events only back to where it was, finds children by the
//! events of their parents, slows down when nothing happens, and outlives throttling, a lost network and credentials that
//! end. Events may come late and out of order: what is missing is looked for a while longer.

use crate::aws_error;
use crate::patience::{Loss, Patience};
use crate::session::Session;
use crate::stack::{self, DEFAULT_NESTING_MAX, Readiness, Stack};
use aws_sdk_cloudformation::types;
use jiff::Timestamp;
use jqs_cfn::Result;
use jqs_cfn::template::NESTED_STACK;
use serde::Serialize;
use std::collections::HashSet;
use std::time::Duration;

/// How much later than its neighbours an event may turn up.
pub const DEFAULT_LATENESS_SECONDS: i64 = 60;
/// After so many looks at a stack that has ended, its state is believed although no event says the same.
pub const DEFAULT_UNCONFIRMED_LOOKS_MAX: u32 = 24;
/// What one watch remembers; a deployment of ours makes a few hundred.
pub const DEFAULT_EVENTS_MAX: usize = 50_000;

#[derive(Debug, Clone, Serialize)]
pub struct StackEvent {
    #[serde(skip)]
    pub id: String,
    #[serde(serialize_with = "time_as_text")]
    pub time: Timestamp,
    /// Orders events of the same time.
    #[serde(skip)]
    pub sequence: u64,
    pub stack_id: String,
    /// Logical ids from the root stack down to the resource; the path of the stack for its own events.
    pub path: Vec<String>,
    pub logical_id: String,
    pub physical_id: String,
    pub kind: String,
    pub status: String,
    /// How far the status has come, such as `CONFIGURATION_COMPLETE` while AWS waits for a resource to settle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub reason: Option<String>,
}

impl StackEvent {
    /// The event is about the stack that reports it, and not about one of its resources.
    pub fn is_stack_itself(&self) -> bool {
        self.physical_id == self.stack_id
    }

    pub fn has_failed(&self) -> bool {
        self.status.ends_with("_FAILED") || (self.status.contains("ROLLBACK") && !self.status.ends_with("_COMPLETE"))
    }
}

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

/// One stack of the tree.
struct Watched {
    id: String,
    path: Vec<String>,
    seen: HashSet<String>,
    /// The time of its newest event.
    newest: Option<Timestamp>,
    is_over: bool,
}

impl Watched {
    fn new(id: &str, path: &[String]) -> Self {
        Self { id: id.to_owned(), path: path.to_vec(), seen: HashSet::new(), newest: None, is_over: false }
    }
}

pub struct Watcher<'a> {
    session: &'a Session,
    stacks: Vec<Watched>,
    /// Events before this belong to earlier operations.
    since: Option<Timestamp>,
    history: Vec<StackEvent>,
    /// Events that were read and not told yet: a look that breaks off in the middle must not lose them.
    untold: Vec<StackEvent>,
    sequence: u64,
    pause: Duration,
    patience: Patience,
    /// Looks at a stack that has ended while its events did not say so yet.
    unconfirmed: u32,
    /// The end has been seen, and what came late has been looked for.
    has_lingered: bool,
}

impl<'a> Watcher<'a> {
    /// Takes what has happened up to now as past. To be called before the operation starts.
    pub async fn from_now(session: &'a Session, stack_id: &str) -> Result<Self> {
        let mut watcher = Self::new(session, stack_id);
        watcher.fetch(0).await?;
        let past = std::mem::take(&mut watcher.untold);
        watcher.since = past.iter().map(|event| event.time).max();
        watcher.stacks.truncate(1);
        Ok(watcher)
    }

    /// Joins an operation that goes on, or that was the last one: its events are shown from their start.
    pub async fn attach(session: &'a Session, stack_id: &str) -> Result<Self> {
        let mut watcher = Self::new(session, stack_id);
        watcher.fetch(0).await?;
        let past = std::mem::take(&mut watcher.untold);
        watcher.since = past.iter().rev().find(|event| starts_operation(event)).map(|event| event.time);
        watcher.stacks.truncate(1);
        watcher.stacks[0].seen.clear();
        watcher.stacks[0].newest = None;
        Ok(watcher)
    }

    fn new(session: &'a Session, stack_id: &str) -> Self {
        Self {
            session,
            stacks: vec![Watched::new(stack_id, &[])],
            since: None,
            history: Vec::new(),
            untold: Vec::new(),
            sequence: 0,
            pause: Duration::ZERO,
            patience: Patience::default(),
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

    /// Waits as long as is polite, and looks. Dropping the future loses nothing but this look.
    pub async fn next(&mut self) -> Result<Look> {
        tokio::time::sleep(jittered(self.pause)).await;
        match self.look().await {
            Ok(look) => {
                self.patience.answered();
                let pace = self.session.pace;
                self.pause = if look.events.is_empty() { pace.slower(self.pause) } else { pace.min };
                Ok(look)
            }
            Err(error) => {
                let lost = self.patience.tolerate(self.session, error).await?;
                self.pause = self.session.pace.max;
                Ok(Look { lost: Some(lost), ..Look::default() })
            }
        }
    }

    /// The state first, the events after: so no event of a finished operation is missed.
    async fn look(&mut self) -> Result<Look> {
        let stack = stack::get(self.session, &self.stacks[0].id).await?;
        let mut index = 0;
        while index < self.stacks.len() {
            if !self.stacks[index].is_over {
                self.fetch(index).await?;
            }
            index += 1;
        }
        let mut events = std::mem::take(&mut self.untold);
        events.sort_by_key(|event| (event.time, event.sequence));
        let room = DEFAULT_EVENTS_MAX.saturating_sub(self.history.len());
        self.history.extend(events.iter().take(room).cloned());
        let is_over = self.is_over(&stack) && self.has_all(&stack);
        tracing::debug!(
            stack = stack.name,
            status = stack.status,
            stacks = self.stacks.len(),
            events = events.len(),
            "looked"
        );
        Ok(Look { events, finished: is_over.then_some(stack), lost: None })
    }

    /// Just after an operation was asked for, a stack may still show its old state: its events must say the same.
    fn is_over(&mut self, stack: &Stack) -> bool {
        if matches!(stack.readiness(), Readiness::Busy | Readiness::Empty) {
            self.unconfirmed = 0;
            return false;
        }
        let mut own = self.history.iter().filter(|event| event.stack_id == stack.id && event.is_stack_itself());
        if own.any(|event| event.status == stack.status) {
            return true;
        }
        self.unconfirmed += 1;
        self.unconfirmed > DEFAULT_UNCONFIRMED_LOOKS_MAX
    }

    /// A failure is looked at once more, in all stacks: the event that tells its cause may be late.
    fn has_all(&mut self, stack: &Stack) -> bool {
        if stack.succeeded() || self.has_lingered {
            return true;
        }
        self.has_lingered = true;
        self.stacks.iter_mut().for_each(|watched| watched.is_over = false);
        false
    }

    /// Reads the events of one stack that were not seen before, oldest first; children that they name are watched from now on.
    async fn fetch(&mut self, index: usize) -> Result<()> {
        let (id, path) = (self.stacks[index].id.clone(), self.stacks[index].path.clone());
        let lateness = jiff::SignedDuration::from_secs(DEFAULT_LATENESS_SECONDS);
        let horizon = self.stacks[index].newest.max(self.since).map(|newest| newest - lateness);
        let mut fresh = Vec::new();
        let mut pages = self.session.cloudformation.describe_stack_events().stack_name(&id).into_paginator().send();
        'pages: while let Some(page) = pages.next().await {
            let page = match page {
                Err(failure) if stack::is_absent(&failure) => break,
                other => other.map_err(|failure| aws_error(format!("read the events of `{id}`"), failure))?,
            };
            for raw in page.stack_events() {
                let event = read(raw, &id, &path);
                // At that very moment only the root's events are known to be new or not, by their ids.
                let is_old = self.since.is_some_and(|since| event.time < since || (index > 0 && event.time == since));
                if !is_old && !self.stacks[index].seen.contains(&event.id) {
                    fresh.push(event);
                } else if horizon.is_some_and(|horizon| event.time < horizon) {
                    break 'pages;
                }
            }
        }
        fresh.reverse();
        for event in &mut fresh {
            self.sequence += 1;
            event.sequence = self.sequence;
            self.stacks[index].seen.insert(event.id.clone());
            self.stacks[index].newest = self.stacks[index].newest.max(Some(event.time));
            self.follow(index, event);
        }
        self.untold.extend(fresh);
        Ok(())
    }

    fn follow(&mut self, index: usize, event: &StackEvent) {
        if event.is_stack_itself() {
            let is_nested = index > 0;
            self.stacks[index].is_over = is_nested && stack::readiness(&event.status) != Readiness::Busy;
            return;
        }
        if event.kind != NESTED_STACK || event.physical_id.is_empty() || event.path.len() > DEFAULT_NESTING_MAX {
            return;
        }
        match self.stacks.iter_mut().find(|watched| watched.id == event.physical_id) {
            // The parent speaks of it again: it may go on, for instance to be rolled back.
            Some(watched) => watched.is_over = false,
            None => self.stacks.push(Watched::new(&event.physical_id, &event.path)),
        }
    }
}

fn starts_operation(event: &StackEvent) -> bool {
    let starts = ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"];
    event.is_stack_itself() && starts.contains(&event.status.as_str())
}

fn read(raw: &types::StackEvent, stack_id: &str, stack_path: &[String]) -> StackEvent {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let time = raw.timestamp().and_then(|time| Timestamp::from_nanosecond(time.as_nanos()).ok()).unwrap_or_default();
    let mut event = StackEvent {
        id: text(raw.event_id()),
        time,
        sequence: 0,
        stack_id: stack_id.to_owned(),
        path: stack_path.to_vec(),
        logical_id: text(raw.logical_resource_id()),
        physical_id: text(raw.physical_resource_id()),
        kind: text(raw.resource_type()),
        status: raw.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        detail: raw.detailed_status().map(|detail| detail.as_str().to_owned()),
        reason: raw.resource_status_reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
    };
    if !event.is_stack_itself() {
        event.path.push(event.logical_id.clone());
    }
    event
}

fn time_as_text<S: serde::Serializer>(time: &Timestamp, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// Up to a fifth more or less, so that many watchers do not ask at the same time.
fn jittered(pause: Duration) -> Duration {
    let nanos = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.subsec_nanos());
    pause * (80 + nanos / 1_000 % 41) / 100
}
