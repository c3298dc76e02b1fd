//! One poller over a stack and all stacks nested in it. It reads events only back to where it was, finds children by the
//! events of their parents, slows down when nothing happens, and outlives throttling and a lost network.

use crate::aws_error;
use crate::session::Session;
use crate::stack::{self, DEFAULT_NESTING_MAX, Readiness, Stack};
use aws_sdk_cloudformation::types;
use jiff::Timestamp;
use jqs_cfn::template::NESTED_STACK;
use jqs_cfn::{Error, ErrorKind, Result};
use serde::Serialize;
use std::collections::HashSet;
use std::time::{Duration, Instant};

pub const DEFAULT_POLL_MIN_MILLISECONDS: u64 = 700;
pub const DEFAULT_POLL_MAX_MILLISECONDS: u64 = 5_000;
/// How long a lost network or a throttled account may last before watching gives up; the stack goes on regardless.
pub const DEFAULT_LOSS_MAX_SECONDS: u64 = 300;
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
    /// Since when AWS has not answered, and why; watching goes on.
    pub lost: Option<(Duration, String)>,
}

/// One stack of the tree.
struct Watched {
    id: String,
    path: Vec<String>,
    seen: HashSet<String>,
    is_over: bool,
}

pub struct Watcher<'a> {
    session: &'a Session,
    stacks: Vec<Watched>,
    /// Events before this belong to earlier operations.
    since: Option<Timestamp>,
    history: Vec<StackEvent>,
    sequence: u64,
    pause: u64,
    lost_at: Option<Instant>,
}

impl<'a> Watcher<'a> {
    /// Takes what has happened up to now as past. To be called before the operation starts.
    pub async fn from_now(session: &'a Session, stack_id: &str) -> Result<Self> {
        let mut watcher = Self::new(session, stack_id);
        let past = watcher.fetch(0).await?;
        watcher.since = past.iter().map(|event| event.time).max();
        watcher.stacks.truncate(1);
        Ok(watcher)
    }

    /// Joins an operation that goes on, or that was the last one: its events are shown from their start.
    pub async fn attach(session: &'a Session, stack_id: &str) -> Result<Self> {
        let mut watcher = Self::new(session, stack_id);
        let past = watcher.fetch(0).await?;
        watcher.since = past.iter().rev().find(|event| starts_operation(event)).map(|event| event.time);
        watcher.stacks.truncate(1);
        watcher.stacks[0].seen.clear();
        Ok(watcher)
    }

    fn new(session: &'a Session, stack_id: &str) -> Self {
        let root = Watched { id: stack_id.to_owned(), path: Vec::new(), seen: HashSet::new(), is_over: false };
        Self { session, stacks: vec![root], since: None, history: Vec::new(), sequence: 0, pause: 0, lost_at: None }
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
                self.lost_at = None;
                let is_quiet = look.events.is_empty();
                self.pause = if is_quiet { self.pause * 3 / 2 } else { DEFAULT_POLL_MIN_MILLISECONDS };
                self.pause = self.pause.clamp(DEFAULT_POLL_MIN_MILLISECONDS, DEFAULT_POLL_MAX_MILLISECONDS);
                Ok(look)
            }
            Err(error) if error.is_transient() => self.tolerate(error),
            Err(error) => Err(error),
        }
    }

    fn tolerate(&mut self, error: Error) -> Result<Look> {
        let lost_for = self.lost_at.get_or_insert_with(Instant::now).elapsed();
        if lost_for > Duration::from_secs(DEFAULT_LOSS_MAX_SECONDS) {
            return Err(Error::new(
                ErrorKind::Unreachable,
                format!("AWS has not answered for {DEFAULT_LOSS_MAX_SECONDS} seconds"),
            )
            .because(error.full())
            .hint("the stack goes on without being watched: run the command again to come back to it"));
        }
        self.pause = DEFAULT_POLL_MAX_MILLISECONDS;
        Ok(Look { lost: Some((lost_for, error.full())), ..Look::default() })
    }

    /// The state first, the events after: so no event of a finished operation is missed.
    async fn look(&mut self) -> Result<Look> {
        let stack = stack::get(self.session, &self.stacks[0].id).await?;
        let mut events = Vec::new();
        let mut index = 0;
        while index < self.stacks.len() {
            if !self.stacks[index].is_over {
                events.extend(self.fetch(index).await?);
            }
            index += 1;
        }
        events.sort_by_key(|event| (event.time, event.sequence));
        let room = DEFAULT_EVENTS_MAX.saturating_sub(self.history.len());
        self.history.extend(events.iter().take(room).cloned());
        let is_over = self.is_over(&stack);
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
    fn is_over(&self, stack: &Stack) -> bool {
        let own = self.history.iter().rev().find(|event| event.stack_id == stack.id && event.is_stack_itself());
        let agrees = own.is_some_and(|event| event.status == stack.status);
        agrees && !matches!(stack.readiness(), Readiness::Busy | Readiness::Empty)
    }

    /// The events of one stack that were not seen before, oldest first; children that they name are watched from now on.
    async fn fetch(&mut self, index: usize) -> Result<Vec<StackEvent>> {
        let (id, path) = (self.stacks[index].id.clone(), self.stacks[index].path.clone());
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
                if is_old || self.stacks[index].seen.contains(&event.id) {
                    break 'pages;
                }
                fresh.push(event);
            }
        }
        fresh.reverse();
        for event in &mut fresh {
            self.sequence += 1;
            event.sequence = self.sequence;
            self.stacks[index].seen.insert(event.id.clone());
            self.follow(index, event);
        }
        Ok(fresh)
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
            None => self.stacks.push(Watched {
                id: event.physical_id.clone(),
                path: event.path.clone(),
                seen: HashSet::new(),
                is_over: false,
            }),
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
fn jittered(milliseconds: u64) -> Duration {
    let nanos = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| u64::from(elapsed.subsec_nanos()));
    let percent = 80 + nanos / 1_000 % 41;
    Duration::from_millis(milliseconds * percent / 100)
}
