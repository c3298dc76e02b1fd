//! `jqs migrate`: from a tracing sidecar in every task to one shared service, and back.

use crate::approval::{self, Approval};
use crate::cli::StackArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::migrate::act::{Actor, Return, has_work};
use crate::migrate::assess::{self, Assessment, Assessor, Wishes};
use crate::migrate::cluster::Cluster;
use crate::migrate::definition::Definition;
use crate::migrate::destination::{Destination, Through};
use crate::migrate::print::{self, Language};
use crate::migrate::reach::Gate;
use crate::migrate::show;
use crate::rollout::DEFAULT_STEADY_WAIT_SECONDS;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::{Session, stack};
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs migrate --cluster apps                  what would change, and what it saves
  jqs migrate --cluster apps --apply          service by service, each until it is steady
  jqs migrate --cluster apps --service shop --apply --yes
  jqs migrate --cluster apps --print terraform > sidecars.tf
  jqs migrate --cluster apps --undo           every migrated service back to what it ran before

Exit codes:
  0    nothing to migrate; with `--apply`, `--undo` and `--print`, done
  1    failed; the service that did runs what it ran before
  2    something is to be migrated, wrong usage, or not approved
  130  stopped by Ctrl-C; a deployment that had begun goes on")]
pub(crate) struct MigrateArgs {
    /// ECS cluster of the services, by name or ARN
    #[arg(long, value_name = "CLUSTER")]
    cluster: String,
    /// Services to look at [default: all of the cluster]
    #[arg(long = "service", value_name = "NAME,…", value_delimiter = ',')]
    services: Vec<String>,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// How tasks reach the collector [default: its private name where there is one, else the load balancer]
    #[arg(long, value_enum, value_name = "WAY")]
    through: Option<Through>,
    /// Containers that are sidecars, whatever their image
    #[arg(long = "sidecar", value_name = "CONTAINER,…", value_delimiter = ',')]
    sidecars: Vec<String>,
    /// Give tasks on Fargate the smallest size that is enough without the sidecar
    #[arg(long)]
    resize: bool,
    /// Migrate services with obstacles too
    #[arg(long)]
    force: bool,
    /// Do it, after asking
    #[arg(long, conflicts_with_all = ["undo", "print"])]
    apply: bool,
    /// Take migrated services back to the revision that they ran before, after asking
    #[arg(long, conflicts_with_all = ["print", "through", "sidecars", "resize", "force"])]
    undo: bool,
    /// Write the new task definitions for those who keep them in code
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    print: Option<Language>,
    /// How long a service may take to become steady before it is put back
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_STEADY_WAIT_SECONDS, value_parser = clap::value_parser!(u64).range(1..))]
    wait: u64,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

pub(crate) async fn migrate(context: &Context, arguments: &MigrateArgs) -> Result<Exit> {
    let (session, _) = context.identified_session().await?;
    let cluster = Cluster::new(&session, &arguments.cluster);
    if arguments.undo {
        return undo(context, &session, &cluster, arguments).await;
    }
    let stack = stack::get(&session, &arguments.stack.name).await?;
    if !stack.succeeded() {
        context.printer.warning(&format!(
            "`{}` is in {}: see that it is well before services send to it",
            stack.name, stack.status
        ));
    }
    let destination = Destination::of(&stack.name, &stack.outputs, arguments.through)?;
    context.printer.field("Traces to", &format!("{} and {}", destination.grpc, destination.http));
    let gate = Gate::of(&session, &stack, &destination).await?;
    let assessor = Assessor {
        session: &session,
        destination: &destination,
        gate: &gate,
        prices: assess::prices(&session),
        wishes: Wishes {
            sidecars: arguments.sidecars.clone(),
            resize: arguments.resize,
            force: arguments.force,
            prints: arguments.print.is_some(),
        },
    };
    let assessments = tokio::select! {
        assessments = assessor.assess_all(&cluster, &arguments.services) => assessments?,
        () = context.interrupt.raised() => {
            context.printer.note("Stopped: nothing was changed.");
            return Ok(Exit::Detached);
        }
    };
    if let Some(language) = arguments.print {
        return print::print(&context.printer, language, &assessments);
    }
    report(context, arguments, &destination, &assessments)?;
    if arguments.apply {
        return apply(context, &session, &cluster, arguments, &assessments).await;
    }
    let is_open = assessments.iter().any(|each| has_work(each) || each.is_blocked());
    Ok(if is_open { Exit::Differs } else { Exit::Done })
}

fn report(
    context: &Context,
    arguments: &MigrateArgs,
    destination: &Destination,
    assessments: &[Assessment],
) -> Result<()> {
    let printer = &context.printer;
    if !printer.is_json() {
        return show::show(printer, assessments);
    }
    let report = show::report(&arguments.cluster, destination, assessments)?;
    match arguments.apply {
        // What follows comes in lines.
        true => printer.record("plan", &report),
        false => printer.document(&report),
    }
    Ok(())
}

async fn apply(
    context: &Context,
    session: &Session,
    cluster: &Cluster,
    arguments: &MigrateArgs,
    assessments: &[Assessment],
) -> Result<Exit> {
    let names: Vec<&str> = assessments.iter().filter(|each| has_work(each)).map(Assessment::name).collect();
    if names.is_empty() {
        context.printer.note("There is no service to migrate.");
        let is_blocked = assessments.iter().any(Assessment::is_blocked);
        return Ok(if is_blocked { Exit::Differs } else { Exit::Done });
    }
    let question = format!("Migrate {}?", names.join(", "));
    if approval::ask(context, &question, arguments.yes).await? == Approval::Refused {
        context.printer.note("Nothing was changed.");
        return Ok(Exit::Refused);
    }
    let (stack, wait) = (arguments.stack.name.as_str(), Duration::from_secs(arguments.wait));
    let actor = Actor { context, session, cluster, stack, wait };
    let exit = actor.apply(assessments).await?;
    if exit == Exit::Done {
        context.printer.success(&format!("migrated: {}", names.join(", ")));
        context.printer.hint(&format!("`jqs migrate --cluster {} --undo` takes them back", arguments.cluster));
    }
    Ok(exit)
}

async fn undo(context: &Context, session: &Session, cluster: &Cluster, arguments: &MigrateArgs) -> Result<Exit> {
    #[derive(Serialize)]
    struct Step<'a> {
        service: &'a str,
        from: &'a str,
        to: &'a str,
    }
    let printer = &context.printer;
    let mut returns = Vec::new();
    for member in cluster.members(&arguments.services).await? {
        let definition = assess::definition(cluster, &member).await?;
        let Some(from) = definition.migrated_from() else { continue };
        let earlier = earlier(cluster, from, &member.address.name).await?;
        let step = Step { service: &member.address.name, from: &definition.arn, to: &earlier.arn };
        printer.record("return", &step);
        let again = if earlier.is_active { "" } else { ", which is deregistered and will be registered again" };
        printer.note(&format!("{}: {} → {}{again}", step.service, show::short(step.from), show::short(step.to)));
        returns.push(Return { current: definition.arn.clone(), earlier, member });
    }
    if returns.is_empty() {
        printer.note("There is no migrated service.");
        return Ok(Exit::Done);
    }
    if approval::ask(context, "Take them back?", arguments.yes).await? == Approval::Refused {
        printer.note("Nothing was changed.");
        return Ok(Exit::Refused);
    }
    let (stack, wait) = (arguments.stack.name.as_str(), Duration::from_secs(arguments.wait));
    let actor = Actor { context, session, cluster, stack, wait };
    actor.undo(&returns).await
}

/// What a service ran before. A revision that has been deleted is told of by nobody.
async fn earlier(cluster: &Cluster, revision: &str, service: &str) -> Result<Definition> {
    let gone = |error: Error| error.hint(format!("it may have been deleted: leave `{service}` out with `--service`"));
    match cluster.definition(revision).await {
        Ok(Some(earlier)) => Ok(earlier),
        Ok(None) => Err(gone(Error::new(ErrorKind::NotFound, format!("ECS tells nothing of `{revision}`")))),
        Err(error) if error.kind() == ErrorKind::Service => Err(gone(error)),
        Err(error) => Err(error),
    }
}
