//! `jqs status`: the stack, its services, the targets behind the load balancer, the address.

use crate::cli::StackArgs;
use crate::context::Context;
use crate::ecs::{self, Ecs, Service, TargetGroup};
use crate::exit::Exit;
use jqs_cfn::Result;
use jqs_stacks::Session;
use jqs_stacks::failure::{Cause, first_cause};
use jqs_stacks::stack::{self, Stack};
use jqs_stacks::watch::Watcher;
use serde::Serialize;

#[derive(Serialize)]
struct Status<'a> {
    stack: &'a Stack,
    healthy: bool,
    services: Vec<Service>,
    targets: Vec<TargetGroup>,
    cause: Option<Cause>,
}

pub(crate) async fn status(context: &Context, arguments: &StackArgs) -> Result<Exit> {
    let (session, _) = context.session().await?;
    let stack = stack::get(&session, &arguments.name).await?;
    let resources = stack::resources(&session, &stack.id).await?;
    let services = Ecs::new(&session).services(&ecs::addresses(&resources)).await?;
    let targets = ecs::target_groups(&session, &resources).await?;
    let cause = if stack.succeeded() { None } else { cause(&session, &stack).await? };
    let healthy = stack.succeeded() && services.iter().all(|service| service.running >= service.desired);
    let healthy = healthy && targets.iter().all(TargetGroup::is_healthy);
    let status = Status { stack: &stack, healthy, services, targets, cause };
    if context.printer.is_json() {
        context.printer.document(&status);
    } else {
        show(context, &status);
    }
    Ok(if healthy { Exit::Done } else { Exit::Failed })
}

async fn cause(session: &Session, stack: &Stack) -> Result<Option<Cause>> {
    let mut watcher = Watcher::attach(session, &stack.id).await?;
    watcher.next().await?;
    Ok(first_cause(&stack.id, watcher.history()))
}

fn show(context: &Context, status: &Status<'_>) {
    let stack = status.stack;
    let mut rows = vec![("Stack".to_owned(), format!("{}  {}", stack.name, stack.status))];
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    if let Some(version) = stack.tags.get(super::deploy::TAG_VERSION) {
        row("Version", version.clone());
    }
    if let Some(time) = stack.updated.as_ref().or(stack.created.as_ref()) {
        row("Changed", time.clone());
    }
    for service in &status.services {
        let images = service.images.join(", ");
        let pending = if service.pending > 0 { format!(", {} pending", service.pending) } else { String::new() };
        let text = format!("{}  {}/{} running{pending}  {images}", service.name, service.running, service.desired);
        row("Service", text);
    }
    for group in &status.targets {
        let text = match (group.total, group.reasons.is_empty()) {
            (0, _) => "no targets registered".to_owned(),
            (total, true) => format!("{}/{total} healthy", group.healthy),
            (total, false) => format!("{}/{total} healthy ({})", group.healthy, group.reasons.join(", ")),
        };
        row("Targets", format!("{}  {text}", group.name));
    }
    for name in ["JaegerURL", "OtlpGrpcEndpoint", "OtlpHttpEndpoint"] {
        if let Some(value) = stack.outputs.get(name) {
            row(name, value.clone());
        }
    }
    if let Some(cause) = &status.cause {
        let name = if cause.path.is_empty() { stack.name.clone() } else { cause.path.join("/") };
        row("Cause", format!("{name} ({}) {}: {}", cause.kind, cause.status, cause.reason));
    }
    row("Healthy", if status.healthy { "yes" } else { "no" }.to_owned());
    context.printer.table(&rows);
}
