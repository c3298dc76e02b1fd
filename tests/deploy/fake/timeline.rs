//! What an operation on a stack comes to, worked out when it starts: events in time, over the stack and all that it nests.

use super::shape::{BUCKET, Node, STACK};
use super::world::{Event, OnFailure, World};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Create,
    Update,
    /// Of an update; what a failed creation has made is deleted.
    Rollback,
    Delete,
}

impl Phase {
    fn verb(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update | Self::Rollback => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    fn of_stack(self) -> &'static str {
        if self == Self::Rollback { "UPDATE_ROLLBACK" } else { self.verb() }
    }

    fn past(self) -> (&'static str, &'static str) {
        match self {
            Self::Create => ("create", "created"),
            Self::Update | Self::Rollback => ("update", "updated"),
            Self::Delete => ("delete", "deleted"),
        }
    }
}

/// What one stack or resource goes through.
struct Run {
    events: Vec<Event>,
    end: u64,
    failed: Option<(u64, String)>,
}

/// A stack of the tree, at its place below the root.
struct Place<'a> {
    id: String,
    path: Vec<String>,
    node: &'a Node,
}

pub(crate) struct Timeline<'a> {
    world: &'a mut World,
    root: String,
    on_failure: OnFailure,
    /// Resources to leave behind: all that fail, or those named.
    force: bool,
    skip: Vec<String>,
    events: Vec<Event>,
    /// State and physical id by stack and logical id, as the events so far leave them.
    known: BTreeMap<(String, String), (String, String)>,
    touched: BTreeSet<(String, String)>,
}

impl<'a> Timeline<'a> {
    pub(crate) fn new(world: &'a mut World, root: &str, on_failure: OnFailure) -> Self {
        let mut known = BTreeMap::new();
        for stack in world.tree(root) {
            let resources = stack.resources.iter();
            known.extend(
                resources.map(|(name, one)| {
                    ((stack.id.clone(), name.clone()), (one.status.clone(), one.physical_id.clone()))
                }),
            );
        }
        let touched = known.iter().filter(|(_, (status, _))| status == "UPDATE_FAILED").map(|(key, _)| key.clone());
        let touched = touched.collect();
        let (root, events) = (root.to_owned(), Vec::new());
        Self { world, root, on_failure, force: false, skip: Vec::new(), events, known, touched }
    }

    pub(crate) fn forced(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    pub(crate) fn skipping(mut self, skip: Vec<String>) -> Self {
        self.skip = skip;
        self
    }

    /// Schedules the operation and, where it fails, what follows.
    pub(crate) fn run(mut self, phase: Phase) {
        if phase == Phase::Delete
            && let Some(reason) = self.world.take_failure("", phase)
        {
            return self.give_up_deletion(reason);
        }
        let shape = self.world.shape.clone();
        let place = Place { id: self.root.clone(), path: Vec::new(), node: &shape };
        let start = self.world.now + self.world.lag;
        let run = self.stack(&place, phase, start, true);
        let (end, has_failed) = (run.end, run.failed.is_some());
        self.commit(run.events);
        if has_failed && matches!(phase, Phase::Create | Phase::Update) && self.on_failure != OnFailure::Keep {
            let back = if phase == Phase::Create { Phase::Delete } else { Phase::Rollback };
            let undone = self.stack(&place, back, end + 1, false);
            let events = undone.events.into_iter().map(|event| self.as_rollback(event, phase));
            let events = events.collect();
            self.commit(events);
        }
        let events = std::mem::take(&mut self.events);
        self.world.schedule(&self.root, events);
    }

    /// A deletion that is refused as a whole ends in the state from which it began.
    fn give_up_deletion(self, reason: String) {
        let (now, root) = (self.world.now, self.world.stack(&self.root).unwrap());
        let event = |time, status: &str| Event::new(time, &root.id, &root.name, &root.id, STACK, status);
        let events = vec![event(now, "DELETE_IN_PROGRESS"), event(now + 5, &root.status.clone()).because(Some(reason))];
        self.world.schedule(&self.root, events);
    }

    /// A rolled-back creation deletes resources, but the stack itself says what it is about.
    fn as_rollback(&self, mut event: Event, phase: Phase) -> Event {
        let is_root = event.physical_id == self.root;
        if is_root && phase == Phase::Create && self.on_failure == OnFailure::Rollback {
            event.status = event.status.replace("DELETE_", "ROLLBACK_");
        }
        event
    }

    fn commit(&mut self, events: Vec<Event>) {
        let mut ordered = events;
        ordered.sort_by_key(|event| event.time);
        for event in &ordered {
            let key = (event.stack_id.clone(), event.logical_id.clone());
            if event.status.starts_with("UPDATE_") {
                self.touched.insert(key.clone());
            }
            let known = self.known.entry(key).or_default();
            known.0.clone_from(&event.status);
            if !event.physical_id.is_empty() {
                known.1.clone_from(&event.physical_id);
            }
        }
        self.events.extend(ordered);
    }

    fn concerns(&self, stack: &str, name: &str, phase: Phase) -> bool {
        let key = (stack.to_owned(), name.to_owned());
        let known = self.known.get(&key);
        match phase {
            Phase::Create | Phase::Update => true,
            Phase::Rollback => self.touched.contains(&key),
            Phase::Delete => known.is_some_and(|(status, physical)| {
                !physical.is_empty() && !matches!(status.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED")
            }),
        }
    }

    fn stack(&mut self, place: &Place<'_>, phase: Phase, start: u64, announces: bool) -> Run {
        let name = self.world.stack(&place.id).unwrap().name.clone();
        let own = |time: u64, status: String, reason: &str| {
            let reason = (!reason.is_empty()).then(|| reason.to_owned());
            Event::new(time, &place.id, &name, &place.id, STACK, &status).because(reason)
        };
        let mut events = Vec::new();
        if announces {
            let reason = if place.path.is_empty() { "User Initiated" } else { "" };
            events.push(own(start, format!("{}_IN_PROGRESS", phase.of_stack()), reason));
        }
        let children = place.node.children.iter().filter(|child| self.concerns(&place.id, child.name, phase));
        let children: Vec<&Node> = children.collect();
        let starts = (start + 1..).zip(children);
        let runs: Vec<(&str, Run)> =
            starts.map(|(at, child)| (child.name, self.resource(place, child, phase, at))).collect();
        let last = runs.iter().map(|(_, run)| run.end).max().unwrap_or(start) + 1;
        let failed_at = runs.iter().filter_map(|(_, run)| run.failed.as_ref().map(|(time, _)| *time)).min();
        let Some(failed_at) = failed_at else {
            events.extend(runs.into_iter().flat_map(|(_, run)| run.events));
            if matches!(phase, Phase::Update | Phase::Rollback) {
                events.push(own(last, format!("{}_COMPLETE_CLEANUP_IN_PROGRESS", phase.of_stack()), ""));
            }
            let end = last + 1;
            events.push(own(end, format!("{}_COMPLETE", phase.of_stack()), ""));
            return Run { events, end, failed: None };
        };
        let is_forward = matches!(phase, Phase::Create | Phase::Update);
        let mut names = Vec::new();
        for (name, run) in runs {
            let has_failed = run.failed.as_ref().is_some_and(|(time, _)| !is_forward || *time <= failed_at);
            let is_cut = is_forward && !has_failed && run.end > failed_at;
            if has_failed || is_cut {
                names.push(name);
            }
            events.extend(if is_cut { cancelled(run.events, failed_at, phase) } else { run.events });
        }
        let reason = format!("The following resource(s) failed to {}: [{}].", phase.past().0, names.join(", "));
        let end = if is_forward { failed_at + 2 } else { last };
        let status = match (is_forward, self.on_failure, phase) {
            (false, ..) | (true, OnFailure::Keep, _) => format!("{}_FAILED", phase.of_stack()),
            (true, OnFailure::Delete, Phase::Create) => "DELETE_IN_PROGRESS".to_owned(),
            (true, _, Phase::Create) => "ROLLBACK_IN_PROGRESS".to_owned(),
            (true, ..) => "UPDATE_ROLLBACK_IN_PROGRESS".to_owned(),
        };
        events.push(own(end, status, &reason));
        Run { events, end, failed: Some((end, reason)) }
    }

    fn resource(&mut self, parent: &Place<'_>, node: &Node, phase: Phase, start: u64) -> Run {
        let mut path = parent.path.clone();
        path.push(node.name.to_owned());
        let key = (parent.id.clone(), node.name.to_owned());
        let physical = match self.known.get(&key).map(|(_, id)| id.clone()).filter(|id| !id.is_empty()) {
            Some(id) => id,
            None if node.kind == STACK => self.world.nested_stack(&self.root, &path),
            None => self.world.physical_id(&parent.id, node),
        };
        let event = |time, physical: &str, status: String| {
            Event::new(time, &parent.id, node.name, physical, node.kind, &status)
        };
        let verb = phase.verb();
        if phase == Phase::Delete && (node.is_retained || self.skip.iter().any(|name| name == node.name)) {
            let events = vec![event(start, &physical, "DELETE_SKIPPED".to_owned())];
            return Run { events, end: start, failed: None };
        }
        let is_new = phase == Phase::Create;
        let mut events = vec![event(start, if is_new { "" } else { &physical }, format!("{verb}_IN_PROGRESS"))];
        if is_new {
            let initiated = Some("Resource creation Initiated".to_owned());
            events.push(event(start + 1, &physical, format!("{verb}_IN_PROGRESS")).because(initiated));
        }
        let (end, failed) = if node.kind == STACK {
            let place = Place { id: physical.clone(), path, node };
            let run = self.stack(&place, phase, start + 1, true);
            events.extend(run.events);
            let words = format!("Embedded stack {physical} was not successfully {}: ", phase.past().1);
            (run.end + 1, run.failed.map(|(_, reason)| format!("{words}{reason}")))
        } else {
            let end = start + 1 + node.seconds;
            if is_new && node.seconds > 1 {
                let settled = event(end - 1, &physical, format!("{verb}_IN_PROGRESS"));
                events.push(settled.detailed("CONFIGURATION_COMPLETE"));
            }
            (end, self.failure(&path, node, phase, &physical))
        };
        let is_left = failed.is_some() && phase == Phase::Delete && self.force;
        let status = match (&failed, is_left) {
            (_, true) => "DELETE_SKIPPED".to_owned(),
            (Some(_), _) => format!("{verb}_FAILED"),
            (None, _) => format!("{verb}_COMPLETE"),
        };
        let failed = failed.filter(|_| !is_left);
        events.push(event(end, &physical, status).because(failed.clone()));
        Run { events, end, failed: failed.map(|reason| (end, reason)) }
    }

    fn failure(&mut self, path: &[String], node: &Node, phase: Phase, physical: &str) -> Option<String> {
        let parent = self.world.nested_name(&self.root, &path[..path.len() - 1]);
        let skipped = if path.len() == 1 { node.name.to_owned() } else { format!("{parent}.{}", node.name) };
        if phase == Phase::Rollback && self.skip.contains(&skipped) {
            return None;
        }
        if phase == Phase::Delete && node.kind == BUCKET && self.world.store.is_filled(physical) {
            return Some("The bucket you tried to delete is not empty (Service: S3, Status Code: 409)".to_owned());
        }
        self.world.take_failure(&path.join("/"), phase)
    }
}

/// What is left of a run when a sibling fails: whatever was going on is given up.
fn cancelled(events: Vec<Event>, at: u64, phase: Phase) -> Vec<Event> {
    let mut kept: Vec<Event> = events.into_iter().filter(|event| event.time <= at).collect();
    kept.sort_by_key(|event| event.time);
    let mut last = BTreeMap::new();
    for event in &kept {
        last.insert((event.stack_id.clone(), event.logical_id.clone()), event.clone());
    }
    let (verb, word) = (phase.verb(), if phase == Phase::Create { "creation" } else { "update" });
    for mut event in last.into_values().filter(|event| event.status.ends_with("_IN_PROGRESS")) {
        let is_stack_itself = event.physical_id == event.stack_id;
        event.time = at + 1;
        event.detail = None;
        event.status = match (is_stack_itself, phase) {
            (true, Phase::Create) => "ROLLBACK_IN_PROGRESS".to_owned(),
            (true, _) => "UPDATE_ROLLBACK_IN_PROGRESS".to_owned(),
            (false, _) => format!("{verb}_FAILED"),
        };
        event.reason = (!is_stack_itself).then(|| format!("Resource {word} cancelled"));
        kept.push(event);
    }
    kept
}
