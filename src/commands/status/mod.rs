//! `jqs status`: the stack and all that it nests, its services and their tasks, the targets behind the load balancer, its
//! storage, what it has cost, its address.

mod cost;
mod show;

use crate::cli::StackArgs;
use crate::context::Context;
use crate::domain::{DOMAIN, Domain, Domains};
use crate::ecs::{self, Ecs, Service, Task};
use crate::exit::Exit;
use crate::progress;
use crate::targets::{self, TargetGroup};
use clap::Args;
use cost::{CostSoFar, Costs};
use jqs_cfn::template::NESTED_STACK;
use jqs_cfn::{ErrorKind, Result};
use jqs_stacks::drift;
use jqs_stacks::failure::{Cause, first_cause};
use jqs_stacks::patience::{Loss, Patience};
use jqs_stacks::stack::{self, Stack, StackResource};
use jqs_stacks::watch::Watcher;
use jqs_stacks::{Identity, Session};
use serde::Serialize;

const BUCKET: &str = "AWS::S3::Bucket";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs status                                  is it healthy, and where is it
  jqs status --watch                          the same, again and again until Ctrl-C
  jqs status --drift                          has somebody changed it by hand
  jqs status --json | jq .healthy

Exit codes:
  0    everything is healthy
  1    something is not, or it failed")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Look for drift now, which takes AWS a minute; else what the last look has found is told
    #[arg(long, conflicts_with = "watch")]
    drift: bool,
    /// Look again and again, until Ctrl-C
    #[arg(short, long)]
    watch: bool,
}

#[derive(Serialize)]
struct Status {
    stack: Stack,
    healthy: bool,
    nested: Vec<Nested>,
    services: Vec<Serving>,
    targets: Vec<TargetGroup>,
    domains: Vec<Storing>,
    buckets: Vec<String>,
    drift: Drift,
    cost: Option<CostSoFar>,
    cause: Option<Cause>,
}

#[derive(Serialize)]
struct Nested {
    path: Vec<String>,
    status: String,
}

/// A service with the tasks that run, and those that failed lately.
#[derive(Serialize)]
struct Serving {
    #[serde(flatten)]
    service: Service,
    tasks: Vec<Task>,
    failed_tasks: Vec<Task>,
}

/// A domain, as far as one may ask for it.
#[derive(Serialize)]
struct Storing {
    name: String,
    /// Of the resource in its stack.
    status: String,
    domain: Option<Domain>,
    /// Why there is no more to tell.
    unknown: Option<String>,
}

/// What was found, and when.
#[derive(Serialize)]
struct Drift {
    status: String,
    checked: Option<String>,
    /// Resources that are not as they were made; told by a look that was just taken.
    resources: Option<Vec<drift::Drift>>,
}

pub(crate) async fn status(context: &Context, arguments: &StatusArgs) -> Result<Exit> {
    let (session, identity) = context.session().await?;
    let name = &arguments.stack.name;
    if arguments.watch {
        return tokio::select! {
            ended = watch(context, &session, &identity, name) => ended,
            () = context.interrupt.raised() => Ok(Exit::Done),
        };
    }
    let mut costs = Costs::default();
    let status = tokio::select! {
        status = look(&session, &identity, name, arguments.drift, &mut costs) => status?,
        () = context.interrupt.raised() => return Ok(Exit::Detached),
    };
    if context.printer.is_json() {
        context.printer.document(&status);
    } else {
        show::show(context, &status);
    }
    Ok(if status.healthy { Exit::Done } else { Exit::Failed })
}

async fn watch(context: &Context, session: &Session, identity: &Identity, name: &str) -> Result<Exit> {
    let mut screen = show::Screen::new(context);
    let (mut patience, mut lost, mut costs) = (Patience::default(), None::<Loss>, Costs::default());
    loop {
        let look = match look(session, identity, name, false, &mut costs).await {
            Ok(status) => {
                patience.answered();
                Ok(status)
            }
            Err(error) => Err(patience.tolerate(session, error).await?),
        };
        let told = progress::connection(lost.as_ref(), look.as_ref().err());
        lost = look.as_ref().err().cloned();
        let is_read = told.is_none_or(|text| screen.say(&text)) && look.is_ok_and(|status| screen.show(&status));
        if !is_read && lost.is_none() {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(session.pace.max).await;
    }
}

async fn look(
    session: &Session,
    identity: &Identity,
    name: &str,
    looks_for_drift: bool,
    costs: &mut Costs,
) -> Result<Status> {
    let stack = stack::get(session, name).await?;
    let resources = stack::resources(session, &stack.id).await?;
    let services = services(session, &resources).await?;
    let targets = targets::of_stack(session, &resources).await?;
    let cause = if stack.succeeded() { None } else { cause(session, &stack).await? };
    let domains = domains(session, &resources).await;
    let drift = match looks_for_drift {
        true => {
            let drifts = drift::detect(session, &stack.id, &resources).await?.drifts;
            let status = if drifts.is_empty() { "IN_SYNC" } else { "DRIFTED" };
            let checked = Some(jiff::Timestamp::now().to_string());
            Drift { status: status.to_owned(), checked, resources: Some(drifts) }
        }
        false => Drift { status: stack.drift.status.clone(), checked: stack.drift.checked.clone(), resources: None },
    };
    let healthy = stack.succeeded()
        && services.iter().all(|serving| serving.service.running >= serving.service.desired)
        && targets.iter().all(TargetGroup::is_healthy)
        && !domains.iter().filter_map(|storing| storing.domain.as_ref()).any(Domain::is_in_trouble);
    let of_kind = |kind: &'static str| resources.iter().filter(move |resource| resource.kind == kind);
    let nested = of_kind(NESTED_STACK).map(|one| Nested { path: one.path.clone(), status: one.status.clone() });
    let buckets = of_kind(BUCKET).map(|resource| resource.physical_id.clone()).collect();
    let (cost, nested) = (costs.so_far(&stack, identity), nested.collect());
    Ok(Status { stack, healthy, nested, services, targets, domains, buckets, drift, cost, cause })
}

async fn services(session: &Session, resources: &[StackResource]) -> Result<Vec<Serving>> {
    let ecs = Ecs::new(session);
    let mut services = Vec::new();
    for address in ecs::addresses(resources) {
        let service = match ecs.service(&address).await {
            // It is being made, or is gone already.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            other => other?,
        };
        let tasks = ecs.running_tasks(&address).await?;
        let failed_tasks = ecs.stopped_tasks(&address).await?.into_iter().filter(Task::has_failed).collect();
        services.push(Serving { service, tasks, failed_tasks });
    }
    Ok(services)
}

/// What may not be asked is no reason to tell nothing at all.
async fn domains(session: &Session, resources: &[StackResource]) -> Vec<Storing> {
    let client = Domains::new(session);
    let mut domains = Vec::new();
    for resource in resources.iter().filter(|resource| resource.kind == DOMAIN && !resource.physical_id.is_empty()) {
        let name = resource.physical_id.clone();
        let (domain, unknown) = match client.describe(&name).await {
            Ok(domain) => (Some(Domain { health: client.health(&name).await, ..domain }), None),
            Err(error) => (None, Some(error.full())),
        };
        domains.push(Storing { name, status: resource.status.clone(), domain, unknown });
    }
    domains
}

async fn cause(session: &Session, stack: &Stack) -> Result<Option<Cause>> {
    let mut watcher = Watcher::attach(session, &stack.id).await?;
    watcher.next().await?;
    Ok(first_cause(&stack.id, watcher.history()))
}
