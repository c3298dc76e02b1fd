//! How the status is shown: on one screen, once or again and again.

use super::{Drift, Serving, Status, Storing};
use crate::commands::deploy::TAG_VERSION;
use crate::context::Context;
use crate::progress;
use console::Term;
use jiff::Timestamp;
use jqs_stacks::stack::Stack;
use std::collections::{BTreeMap, BTreeSet};

/// Tasks of a service that are shown, and of those that failed.
const DEFAULT_TASKS_SHOWN_MAX: usize = 6;
const DEFAULT_FAILED_TASKS_SHOWN_MAX: usize = 2;
/// Lists are broken into lines of this width.
const LIST_COLUMNS: usize = 62;
/// Enough of a digest to tell images apart.
const DIGEST_CHARACTERS: usize = "sha256:".len() + 12;
const DAY_HOURS: i64 = 24;
const ADDRESSES: [(&str, &str); 3] =
    [("JaegerURL", "JaegerURL"), ("OTLP gRPC", "OtlpGrpcEndpoint"), ("OTLP HTTP", "OtlpHttpEndpoint")];

pub(super) fn show(context: &Context, status: &Status) {
    context.printer.table(&rows(status, Timestamp::now()));
}

/// What is looked at again and again: drawn in its place on a terminal, elsewhere told when something has changed.
pub(super) struct Screen<'a> {
    context: &'a Context,
    /// None where nothing can be drawn over.
    term: Option<Term>,
    /// What the last look has shown.
    lines: Vec<String>,
    notice: Option<String>,
    /// How many lines there are to draw over.
    drawn: usize,
    last: Option<serde_json::Value>,
}

impl<'a> Screen<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        let term = Term::buffered_stdout();
        let can_redraw = term.is_term() && context.settings.can_redraw;
        Self { context, term: can_redraw.then_some(term), lines: Vec::new(), notice: None, drawn: 0, last: None }
    }

    /// A word on the connection; tells whether anybody still reads.
    pub(super) fn say(&mut self, text: &str) -> bool {
        if self.term.is_some() {
            self.notice = Some(text.to_owned());
            return self.redraw();
        }
        self.context.printer.note(text);
        true
    }

    pub(super) fn show(&mut self, status: &Status) -> bool {
        if self.term.is_some() {
            self.lines = table(&rows(status, Timestamp::now()));
            return self.redraw();
        }
        // The cost grows with every look, which is no news.
        let mut now = serde_json::to_value(status).unwrap_or_default();
        if let Some(status) = now.as_object_mut() {
            status.remove("cost");
        }
        if self.last.as_ref() == Some(&now) {
            return true;
        }
        let is_first = self.last.replace(now).is_none();
        let printer = &self.context.printer;
        if printer.is_json() {
            return printer.stream_record("status", status);
        }
        let separator = (!is_first).then(String::new);
        separator.into_iter().chain(table(&rows(status, Timestamp::now()))).all(|line| printer.stream(&line))
    }

    /// As much as there is room for: a line that is broken, or that has left the screen, cannot be drawn over.
    fn redraw(&mut self) -> bool {
        let Some(term) = &self.term else { return true };
        let (height, width) = term.size();
        let end = self.notice.clone().unwrap_or_else(|| "Ctrl-C ends it.".to_owned());
        let room = usize::from(height).saturating_sub(2);
        let lines: Vec<&String> = self.lines.iter().take(room).chain([&end]).collect();
        let drawn = term.clear_last_lines(self.drawn).and_then(|()| {
            for line in &lines {
                term.write_line(&console::truncate_str(line, usize::from(width), "…"))?;
            }
            term.flush()
        });
        self.drawn = lines.len();
        drawn.is_ok()
    }
}

fn table(rows: &[(String, String)]) -> Vec<String> {
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
    rows.iter().map(|(key, value)| format!("{key:width$}  {value}").trim_end().to_owned()).collect()
}

fn rows(status: &Status, now: Timestamp) -> Vec<(String, String)> {
    let stack = &status.stack;
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    let storage = stack.outputs.get("StorageBackend").map(|storage| format!("{storage} storage"));
    let version = stack.tags.get(TAG_VERSION).map(|version| format!("jqs {version}"));
    let about: Vec<String> = storage.into_iter().chain(version).collect();
    row("Stack", format!("{}  {}  {}", stack.name, stack.status, about.join(", ")).trim_end().to_owned());
    row("Healthy", if status.healthy { "yes" } else { "no" }.to_owned());
    if let Some(cause) = &status.cause {
        let name = if cause.path.is_empty() { stack.name.clone() } else { cause.path.join("/") };
        row("Cause", format!("{name} ({}) {}: {}", cause.kind, cause.status, cause.reason));
    }
    for (index, line) in nested(status).into_iter().enumerate() {
        row(if index == 0 { "Nested" } else { "" }, line);
    }
    row("Age", ages(stack, now));
    for (index, image) in images(status).into_iter().enumerate() {
        row(if index == 0 { "Image" } else { "" }, image);
    }
    for serving in &status.services {
        row("Service", service(serving));
        tasks(serving, now).into_iter().for_each(|line| row("", line));
    }
    for group in &status.targets {
        row("Targets", format!("{}  {}", group.name.rsplit('/').next().unwrap_or_default(), group.words()));
    }
    status.domains.iter().for_each(|domain| row("Domain", storing(domain)));
    status.buckets.iter().for_each(|bucket| row("Bucket", bucket.clone()));
    row("Drift", drift(&status.drift, now));
    if let Some(cost) = &status.cost {
        row("Cost", cost.words());
    }
    for (name, output) in ADDRESSES {
        if let Some(value) = stack.outputs.get(output) {
            row(name, value.clone());
        }
    }
    rows
}

/// By state, so that one which is not as the others stands out.
fn nested(status: &Status) -> Vec<String> {
    let mut by_state = BTreeMap::<&str, Vec<&str>>::new();
    for nested in &status.nested {
        by_state.entry(&nested.status).or_default().extend(nested.path.last().map(String::as_str));
    }
    by_state.into_iter().flat_map(|(state, names)| broken(&format!("{state}: {}", names.join(", ")))).collect()
}

/// At spaces, into lines.
fn broken(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().filter(|line| line.is_empty() || line.len() + word.len() < LIST_COLUMNS);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => line.extend([" ", word]),
            None => lines.push(format!("  {word}")),
        }
    }
    lines
}

fn ages(stack: &Stack, now: Timestamp) -> String {
    let ago = |time: &String| Some(format!("{} ago", age(time.parse().ok()?, now)));
    let made = stack.created.as_ref().and_then(ago).map(|ago| format!("made {ago}"));
    // A creation counts as an update, too.
    let updated = stack.updated.as_ref().filter(|_| !stack.status.starts_with("CREATE_"));
    let updated = updated.and_then(ago).map(|ago| format!("updated {ago}"));
    made.into_iter().chain(updated).collect::<Vec<_>>().join(", ")
}

fn age(since: Timestamp, now: Timestamp) -> String {
    let passed = now.duration_since(since);
    match passed.as_hours() {
        hours if hours >= 2 * DAY_HOURS => format!("{} days", hours / DAY_HOURS),
        _ => progress::duration(passed),
    }
}

/// As the services name it, and below that what it is in the tasks that run.
fn images(status: &Status) -> Vec<String> {
    let named: BTreeSet<&String> = status.services.iter().flat_map(|serving| &serving.service.images).collect();
    let tasks = status.services.iter().flat_map(|serving| &serving.tasks);
    let digests: BTreeSet<&str> =
        tasks.flat_map(|task| &task.containers).filter_map(|container| container.digest.as_deref()).collect();
    named.into_iter().cloned().chain(digests.into_iter().map(|digest| format!("  {}", short_digest(digest)))).collect()
}

fn short_digest(digest: &str) -> &str {
    digest.get(..DIGEST_CHARACTERS).unwrap_or(digest)
}

fn service(serving: &Serving) -> String {
    let service = &serving.service;
    let pending = if service.pending > 0 { format!(", {} pending", service.pending) } else { String::new() };
    let rollout = match service.rollout.as_str() {
        "IN_PROGRESS" => ", a deployment goes on",
        "FAILED" => ", its deployment was given up",
        _ => "",
    };
    format!("{}  {}/{} running{pending}{rollout}", service.name, service.running, service.desired)
}

fn tasks(serving: &Serving, now: Timestamp) -> Vec<String> {
    let running = serving.tasks.iter().take(DEFAULT_TASKS_SHOWN_MAX).map(|task| {
        let health = task.health.as_deref().unwrap_or("-");
        let age = task.started.map(|started| age(started, now)).unwrap_or_default();
        format!("  {}  {:<9}  {health:<9}  {age}", task.short_id(), task.state)
    });
    let more = serving.tasks.len().saturating_sub(DEFAULT_TASKS_SHOWN_MAX);
    let more = (more > 0).then(|| format!("  and {more} more"));
    let failed = serving.failed_tasks.iter().take(DEFAULT_FAILED_TASKS_SHOWN_MAX).map(|task| {
        let ago = task.stopped.map(|stopped| format!(" {} ago", age(stopped, now))).unwrap_or_default();
        format!("  {}  STOPPED{ago}: {}", task.short_id(), task.reasons().join("; "))
    });
    running.chain(more).chain(failed).collect()
}

fn storing(storing: &Storing) -> String {
    match (&storing.domain, &storing.unknown) {
        (Some(domain), _) => domain.words(),
        (None, Some(why)) => format!("{}  {} ({why})", storing.name, storing.status),
        (None, None) => format!("{}  {}", storing.name, storing.status),
    }
}

fn drift(drift: &Drift, now: Timestamp) -> String {
    let ago = drift.checked.as_ref().and_then(|time| Some(format!(", {} ago", age(time.parse().ok()?, now))));
    let ago = ago.filter(|_| drift.resources.is_none()).unwrap_or_default();
    let names = drift.resources.iter().flatten().map(|resource| resource.path.join("/")).collect::<Vec<_>>();
    match drift.status.as_str() {
        "IN_SYNC" => format!("none{ago}"),
        "DRIFTED" if names.is_empty() => format!("changed by hand{ago}: `jqs drift` tells what"),
        "DRIFTED" => format!("changed by hand: {}", names.join(", ")),
        _ => "not looked for yet: `--drift` looks".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_broken_at_spaces() {
        let names: Vec<String> = (0..12).map(|number| format!("NestedStack{number}")).collect();
        let lines = broken(&format!("CREATE_COMPLETE: {}", names.join(", ")));
        assert!(lines.len() > 1 && lines.iter().all(|line| line.len() <= LIST_COLUMNS), "{lines:?}");
        assert_eq!(
            lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "),
            format!("CREATE_COMPLETE: {}", names.join(", "))
        );
    }

    #[test]
    fn ages_are_short() {
        let now = Timestamp::from_second(1_000_000).expect("a small number");
        let text = |seconds: i64| age(Timestamp::from_second(1_000_000 - seconds).expect("a small number"), now);
        assert_eq!((text(65), text(7_260), text(200_000)), ("1m 05s".into(), "2h 01m".into(), "2 days".into()));
    }

    #[test]
    fn what_is_known_of_drift_is_told_with_its_age() {
        let now = Timestamp::from_second(7_200).expect("a small number");
        let known = |status: &str| Drift {
            status: status.to_owned(),
            checked: Some("1970-01-01T00:00:00Z".to_owned()),
            resources: None,
        };
        assert_eq!(drift(&known("IN_SYNC"), now), "none, 2h 00m ago");
        assert_eq!(drift(&known("DRIFTED"), now), "changed by hand, 2h 00m ago: `jqs drift` tells what");
        let never = Drift { status: "NOT_CHECKED".to_owned(), checked: None, resources: None };
        assert_eq!(drift(&never, now), "not looked for yet: `--drift` looks");
    }
}
