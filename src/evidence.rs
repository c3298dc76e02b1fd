//! What a resource that failed tells of itself. It is gathered as soon as the failure shows: a rollback takes the resource
//! away, and its tasks and logs with it.

use crate::domain::{DOMAIN, Domains};
use crate::ecs::{self, Ecs, Service, ServiceAddress, Task};
use crate::logs::{Logs, plain, readable};
use crate::printer::Printer;
use crate::targets::{self, TargetGroup};
use jqs_stacks::Session;
use jqs_stacks::failure::{Cause, is_echo};
use jqs_stacks::watch::StackEvent;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Lines of the log of a task that stopped.
pub(crate) const DEFAULT_LOG_LINES_MAX: usize = 20;
/// Longer lines are cut.
pub(crate) const DEFAULT_LOG_LINE_CHARACTERS_MAX: usize = 500;
/// What ECS tells of a service, the newest of it.
pub(crate) const DEFAULT_MESSAGES_MAX: usize = 3;
/// Resources that are asked; what fails after them only follows.
pub(crate) const DEFAULT_WITNESSES_MAX: usize = 4;
/// How long gathering may keep whoever waits for the end of the operation.
pub(crate) const DEFAULT_GATHERING_SECONDS: u64 = 20;

const SERVICE: &str = "AWS::ECS::Service";

#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Evidence {
    /// What ECS says of the service.
    messages: Vec<String>,
    /// Why its tasks stopped.
    pub(crate) stopped_tasks: Vec<String>,
    targets: Vec<TargetGroup>,
    /// How far a change of the domain has come.
    domain: Vec<String>,
    log: Option<LastLines>,
}

/// How the log of a task ends.
#[derive(Debug, Clone, Serialize)]
struct LastLines {
    task: String,
    container: String,
    lines: Vec<String>,
}

/// By the physical id of the resource.
#[derive(Debug, Default)]
pub(crate) struct Gathered(BTreeMap<String, Evidence>);

impl Gathered {
    /// Asks those of the resources that have just failed. What cannot be had is left out: it explains another failure.
    pub(crate) async fn gather(&mut self, session: &Session, events: &[StackEvent]) {
        for event in events.iter().filter(|event| event.status.ends_with("_FAILED") && !is_echo(event)) {
            let is_new = !event.physical_id.is_empty() && !self.0.contains_key(&event.physical_id);
            if is_new && is_witness(&event.kind) && self.0.len() < DEFAULT_WITNESSES_MAX {
                let evidence = Evidence::of(session, &event.kind, &event.physical_id).await;
                self.0.insert(event.physical_id.clone(), evidence);
            }
        }
    }

    /// What is known of a cause; asked for now where it was not seen to fail.
    pub(crate) async fn about(&self, session: &Session, cause: &Cause) -> Evidence {
        match self.0.get(&cause.physical_id) {
            Some(evidence) => evidence.clone(),
            None => Evidence::of(session, &cause.kind, &cause.physical_id).await,
        }
    }
}

fn is_witness(kind: &str) -> bool {
    matches!(kind, SERVICE | DOMAIN)
}

impl Evidence {
    async fn of(session: &Session, kind: &str, physical_id: &str) -> Self {
        let asked = async {
            match kind {
                SERVICE => match ecs::address(physical_id) {
                    Some(address) => Self::of_service(session, &address).await,
                    None => Self::default(),
                },
                DOMAIN if !physical_id.is_empty() => {
                    let domain = Domains::new(session).progress(physical_id).await.unwrap_or_default();
                    Self { domain, ..Self::default() }
                }
                _ => Self::default(),
            }
        };
        tokio::time::timeout(Duration::from_secs(DEFAULT_GATHERING_SECONDS), asked).await.unwrap_or_default()
    }

    pub(crate) async fn of_service(session: &Session, address: &ServiceAddress) -> Self {
        let ecs = Ecs::new(session);
        let tasks = ecs.stopped_tasks(address).await.unwrap_or_default();
        let failed: Vec<&Task> = tasks.iter().filter(|task| task.has_failed()).collect();
        let mut evidence = Self { stopped_tasks: reasons(&failed), ..Self::default() };
        // The newest that had begun to run has something to tell.
        let told = failed.iter().find(|task| task.containers.iter().any(|container| container.exit_code.is_some()));
        if let Some(task) = told.or_else(|| failed.first()) {
            evidence.log = last_lines(session, &ecs, task).await;
        }
        if let Ok(service) = ecs.service(address).await {
            evidence.messages = complaints(&service);
            for arn in &service.target_groups {
                // arn:…:targetgroup/NAME/ID
                let name = arn.split('/').nth(1).unwrap_or(arn);
                evidence.targets.extend(targets::group(session, arn, name).await);
            }
            evidence.targets.retain(|group| !group.is_healthy());
        }
        evidence
    }

    /// All that AWS says in it, for whoever looks for known words.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let groups = self.targets.iter().flat_map(|group| &group.reasons);
        let lines = self.log.iter().flat_map(|log| &log.lines);
        self.stopped_tasks
            .iter()
            .chain(&self.messages)
            .chain(&self.domain)
            .chain(groups)
            .chain(lines)
            .map(String::as_str)
    }

    /// Below the cause, which it explains.
    pub(crate) fn show(&self, printer: &Printer) {
        let note = |text: &str| printer.note(&format!("         {text}"));
        self.stopped_tasks.iter().for_each(|reason| note(&format!("task stopped: {reason}")));
        self.messages.iter().for_each(|message| note(&format!("ECS: {message}")));
        self.domain.iter().for_each(|text| note(text));
        for group in &self.targets {
            note(&format!("targets of {}: {}", group.name, group.words()));
        }
        if let Some(LastLines { task, container, lines }) = &self.log {
            note(&format!("the log of `{container}` in the task {} ends with:", ecs::short_id(task)));
            lines.iter().flat_map(|line| line.lines()).for_each(|line| note(&format!("  {line}")));
        }
    }
}

/// Equal ones are told once, with their number.
fn reasons(tasks: &[&Task]) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for reason in tasks.iter().flat_map(|task| task.reasons()) {
        match counted.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => counted.push((reason, 1)),
        }
    }
    let words = |(reason, count)| if count == 1 { reason } else { format!("{count} × {reason}") };
    counted.into_iter().map(words).collect()
}

/// ECS tells of all that it does with a service; only what went wrong explains anything.
fn complaints(service: &Service) -> Vec<String> {
    let is_complaint = |message: &&String| {
        let words = ["unable", "unhealthy", "failed", "error", "not able", "unavailable"];
        words.iter().any(|word| message.to_lowercase().contains(word))
    };
    service.messages.iter().filter(is_complaint).take(DEFAULT_MESSAGES_MAX).cloned().collect()
}

async fn last_lines(session: &Session, ecs: &Ecs, task: &Task) -> Option<LastLines> {
    let definition = ecs.definition(&task.definition).await.ok()?;
    let container = definition.containers.into_iter().find(|container| container.log.is_some())?;
    let route = container.log?;
    let stream = route.stream_of(&task.id)?;
    let most = i32::try_from(DEFAULT_LOG_LINES_MAX).unwrap_or(i32::MAX);
    let lines = Logs::new(session).last(&route.group, route.region.as_deref(), &stream, most).await.ok()?;
    let lines: Vec<String> = lines.iter().map(|line| cut(&readable(&plain(line)))).collect();
    (!lines.is_empty()).then(|| LastLines { task: task.id.clone(), container: container.name, lines })
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(DEFAULT_LOG_LINE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
