//! All that the fake account holds, and its clock: every look at a stack moves it on.

use super::account::Account;
use super::change_sets::ChangeSet;
use super::fault::{Fault, Hook};
use super::services::Services;
use super::shape::{BUCKET, Node, SERVICE, STACK, TARGETS, deployment};
use super::store::Store;
use super::timeline::Phase;
use crate::run::{ACCOUNT, REGION};
use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

/// How far one look moves the clock.
const STEP_SECONDS: u64 = 10;
const PAGE: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum OnFailure {
    #[default]
    Rollback,
    Keep,
    Delete,
}

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) time: u64,
    /// When it can be seen, at the earliest.
    pub(crate) shown_at: u64,
    pub(crate) id: String,
    pub(crate) stack_id: String,
    pub(crate) logical_id: String,
    pub(crate) physical_id: String,
    pub(crate) kind: &'static str,
    pub(crate) status: String,
    pub(crate) detail: Option<&'static str>,
    pub(crate) reason: Option<String>,
}

impl Event {
    pub(crate) fn new(time: u64, stack: &str, logical: &str, physical: &str, kind: &'static str, status: &str) -> Self {
        Self {
            time,
            shown_at: time,
            id: String::new(),
            stack_id: stack.to_owned(),
            logical_id: logical.to_owned(),
            physical_id: physical.to_owned(),
            kind,
            status: status.to_owned(),
            detail: None,
            reason: None,
        }
    }

    pub(crate) fn because(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }

    pub(crate) fn detailed(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Resource {
    pub(crate) kind: &'static str,
    pub(crate) physical_id: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
}

/// What a stack was made with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) template: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Stack {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) root: Option<String>,
    pub(crate) parent: Option<String>,
    /// Logical ids below the root.
    pub(crate) path: Vec<String>,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) is_protected: bool,
    pub(crate) input: Input,
    /// To go back to, should an update fail.
    pub(crate) previous: Option<Input>,
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) events: Vec<Event>,
}

/// What goes wrong with a resource, and how often.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) path: &'static str,
    pub(crate) phase: Phase,
    pub(crate) reason: &'static str,
    pub(crate) times: usize,
}

/// What `DescribeEvents` tells beside the events of resources.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) logical_id: &'static str,
    pub(crate) kind: &'static str,
    /// A validation with the place that it refused, or a hook.
    pub(crate) place: Option<&'static str>,
    pub(crate) by: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) reason: &'static str,
}

/// A clock that runs by itself, so many times as fast as that on the wall.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    began: Instant,
    from: u64,
    rate: u32,
}

impl Clock {
    fn now(&self) -> u64 {
        self.from + (self.began.elapsed() * self.rate).as_secs()
    }
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) step: u64,
    /// Time goes by on its own, and not by looks.
    pub(crate) clock: Option<Clock>,
    pub(crate) shape: Node,
    pub(crate) stacks: Vec<Stack>,
    pub(crate) change_sets: Vec<ChangeSet>,
    pub(crate) store: Store,
    pub(crate) account: Account,
    pub(crate) services: Services,
    pub(crate) failures: Vec<Failure>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) hooks: Vec<Hook>,
    /// Every call so far, by its operation.
    pub(crate) calls: Vec<String>,
    /// The access keys that are good no longer.
    pub(crate) expired: HashSet<String>,
    /// A change set that does not come to be: below this path, for this reason.
    pub(crate) refusal: Option<(&'static str, &'static str)>,
    /// What hooks and validations refuse, and whether the endpoint can tell of it.
    pub(crate) refused: Vec<Refused>,
    pub(crate) knows_events: bool,
    pub(crate) page: usize,
    /// Every third event can only be seen this much later.
    pub(crate) delay: u64,
    /// How long an operation that was asked for does not show.
    pub(crate) lag: u64,
    /// No event tells of the end of an operation.
    pub(crate) is_mute: bool,
    /// Neighbouring events change places.
    pub(crate) is_disordered: bool,
    pending: Vec<(String, Event)>,
    counter: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now: 0,
            step: STEP_SECONDS,
            clock: None,
            shape: deployment(),
            stacks: Vec::new(),
            change_sets: Vec::new(),
            store: Store::default(),
            account: Account::default(),
            services: Services::default(),
            failures: Vec::new(),
            faults: Vec::new(),
            hooks: Vec::new(),
            calls: Vec::new(),
            expired: HashSet::new(),
            refusal: None,
            refused: Vec::new(),
            knows_events: true,
            page: PAGE,
            delay: 0,
            lag: 0,
            is_mute: false,
            is_disordered: false,
            pending: Vec::new(),
            counter: 0,
        }
    }

    /// The same account at the same time; what others would do in it is left out.
    pub(crate) fn copy(&self) -> Self {
        Self {
            shape: self.shape.clone(),
            stacks: self.stacks.clone(),
            change_sets: self.change_sets.clone(),
            store: self.store.clone(),
            account: self.account.clone(),
            now: self.now,
            counter: self.counter,
            ..Self::new()
        }
    }

    pub(crate) fn run_by_itself(&mut self, rate: u32) {
        self.clock = Some(Clock { began: Instant::now(), from: self.now, rate });
    }

    pub(crate) fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub(crate) fn stack(&self, id: &str) -> Option<&Stack> {
        self.stacks.iter().find(|stack| stack.id == id)
    }

    /// By id, or by the name of one that is not deleted.
    pub(crate) fn find(&self, name: &str) -> Option<&Stack> {
        self.stack(name).or_else(|| self.live().find(|stack| stack.name == name))
    }

    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut Stack> {
        let id = self.find(name)?.id.clone();
        self.stacks.iter_mut().find(|stack| stack.id == id)
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = &Stack> {
        self.stacks.iter().filter(|stack| stack.status != "DELETE_COMPLETE")
    }

    /// A stack and all that it nests.
    pub(crate) fn tree(&self, root: &str) -> impl Iterator<Item = &Stack> {
        self.stacks.iter().filter(move |stack| stack.id == root || stack.root.as_deref() == Some(root))
    }

    /// A new stack, planned and not made.
    pub(crate) fn plan_stack(&mut self, name: &str) -> String {
        let number = self.next_number();
        let id = format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/00000000-0000-4000-8000-{number:012}");
        let status = "REVIEW_IN_PROGRESS".to_owned();
        let stack = Stack { id: id.clone(), name: name.to_owned(), status, ..Stack::default() };
        self.stacks.push(stack);
        let event = Event::new(self.now, &id, name, &id, STACK, "REVIEW_IN_PROGRESS");
        self.apply(event.because(Some("User Initiated".to_owned())));
        id
    }

    /// The stack nested at that path: the one that is there, or a new one.
    pub(crate) fn nested_stack(&mut self, root: &str, path: &[String]) -> String {
        let is_there = |stack: &&Stack| stack.path == path && stack.status != "DELETE_COMPLETE";
        if let Some(stack) = self.tree(root).find(is_there) {
            return stack.id.clone();
        }
        let parent = match path.split_last() {
            Some((_, [])) | None => root.to_owned(),
            Some((_, above)) => self.nested_stack(root, above),
        };
        let parent_name = self.stack(&parent).unwrap().name.clone();
        let number = self.next_number();
        let id = self.plan_stack(&format!("{parent_name}-{}-{number:X}", path.last().unwrap()));
        let stack = self.stacks.iter_mut().find(|stack| stack.id == id).unwrap();
        (stack.root, stack.parent, stack.path) = (Some(root.to_owned()), Some(parent), path.to_vec());
        id
    }

    pub(crate) fn nested_name(&self, root: &str, path: &[String]) -> String {
        self.tree(root).find(|stack| stack.path == path).map(|stack| stack.name.clone()).unwrap_or_default()
    }

    pub(crate) fn physical_id(&mut self, stack_id: &str, node: &Node) -> String {
        let number = self.next_number();
        let stack = self.stack(stack_id).unwrap().name.to_lowercase();
        match node.kind {
            SERVICE => format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/traces/{}-{number}", node.name),
            TARGETS => {
                format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{}/{number:016}", node.name)
            }
            _ => format!("{stack}-{}-{number}", node.name.to_lowercase()),
        }
    }

    pub(crate) fn take_failure(&mut self, path: &str, phase: Phase) -> Option<String> {
        let failure = self.failures.iter_mut().find(|one| one.path == path && one.phase == phase && one.times > 0)?;
        failure.times -= 1;
        Some(failure.reason.to_owned())
    }

    /// Takes the place of whatever was still to come for that stack.
    pub(crate) fn schedule(&mut self, root: &str, events: Vec<Event>) {
        self.pending.retain(|(other, _)| other != root);
        self.pending.extend(events.into_iter().map(|event| (root.to_owned(), event)));
        self.pending.sort_by_key(|(_, event)| event.time);
        self.settle();
    }

    /// One look: time goes by.
    pub(crate) fn look(&mut self) {
        match &self.clock {
            Some(clock) => self.now = clock.now().max(self.now),
            None => self.now += self.step,
        }
        self.settle();
    }

    fn settle(&mut self) {
        let due = self.pending.iter().take_while(|(_, event)| event.time <= self.now).count();
        let due: Vec<Event> = self.pending.drain(..due).map(|(_, event)| event).collect();
        for event in due {
            self.apply(event);
        }
    }

    fn apply(&mut self, mut event: Event) {
        let number = self.next_number();
        event.id = format!("{}-{}-{number}", event.logical_id, event.status);
        event.shown_at = event.time + if number.is_multiple_of(3) { self.delay } else { 0 };
        let Some(stack) = self.stacks.iter_mut().find(|stack| stack.id == event.stack_id) else { return };
        if event.physical_id == event.stack_id {
            stack.status.clone_from(&event.status);
            stack.reason.clone_from(&event.reason);
            if event.status == "UPDATE_ROLLBACK_COMPLETE" {
                stack.input = stack.previous.take().unwrap_or_else(|| stack.input.clone());
            }
        } else {
            let resource = stack.resources.entry(event.logical_id.clone()).or_default();
            resource.kind = event.kind;
            resource.status.clone_from(&event.status);
            resource.reason.clone_from(&event.reason);
            if !event.physical_id.is_empty() {
                resource.physical_id.clone_from(&event.physical_id);
            }
        }
        let root = stack.root.clone().unwrap_or_else(|| stack.id.clone());
        stack.events.push(event.clone());
        if event.stack_id == root && event.physical_id == root && event.status == "DELETE_COMPLETE" {
            // What was planned below it and never made goes as well.
            self.stacks.retain(|stack| stack.root.as_ref() != Some(&root) || stack.status != "REVIEW_IN_PROGRESS");
        }
        if event.kind != BUCKET {
            return;
        }
        match event.status.as_str() {
            "CREATE_COMPLETE" => {
                let tags = self.stack(&root).unwrap().input.tags.clone();
                self.store.make(&event.physical_id, tags);
            }
            "DELETE_COMPLETE" => self.store.remove(&event.physical_id),
            _ => {}
        }
    }
}
