//! `jqs exec`: a command inside a running task. ECS opens the session, and the Session Manager plugin speaks in it: it is
//! called as the AWS CLI calls it.

use crate::cli::StackArgs;
use crate::context::Context;
use crate::ecs::{self, Container, Ecs, Service, Task};
use crate::exit::Exit;
use crate::quote::quoted;
use aws_sdk_ecs::types::Session as Opened;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result, region};
use jqs_stacks::Session;
use jqs_stacks::stack::{self, Stack};
use serde_json::json;
use std::process::Command;

const PLUGIN: &str = "session-manager-plugin";
const PLUGIN_PAGE: &str =
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html";
/// What our image can be asked, for whoever has not said.
const WHAT_THE_IMAGE_HAS: &str = "\
the image has one program and no shell:
jqs exec SERVICE -- /jqs-collector health
jqs exec SERVICE -- /jqs-collector --help";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs exec -- /jqs-collector health           in the newest task of the only service
  jqs exec collector -- /jqs-collector jobs clean --days 7 --dry-run
  jqs exec query --task 1a2b3c4d -- /jqs-collector --version

ECS Exec must be on: `jqs deploy -P EnableExecuteCommand=Yes`. The image has one program and no shell.")]
pub(crate) struct ExecArgs {
    /// The service whose task it is [default: the only one]
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// The task, by its id or the beginning of it [default: the newest]
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// The container of the task [default: the only one, or the one named as the service]
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// The command, and what it is given
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) async fn exec(context: &Context, arguments: &ExecArgs) -> Result<Exit> {
    if arguments.command.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "no command is given to run in the task").hint(WHAT_THE_IMAGE_HAS));
    }
    check_plugin()?;
    let (session, _) = context.session().await?;
    let found = stack::get(&session, &arguments.stack.name).await?;
    let ecs = Ecs::new(&session);
    let service = service(&session, &ecs, &found, arguments.service.as_deref()).await?;
    if !service.executes_commands {
        return Err(Error::new(ErrorKind::Refused, format!("ECS Exec is off for the service `{}`", service.name))
            .hint(format!(
                "`jqs deploy --name {} -P EnableExecuteCommand=Yes` turns it on, with new tasks",
                found.name
            )));
    }
    let tasks = ecs.running_tasks(&service.address()).await?;
    let task = task(&service, &tasks, arguments.task.as_deref())?;
    if !task.executes_commands {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("the task {} was started without ECS Exec", task.short_id()),
        )
        .hint(format!("`jqs redeploy --name {}` starts new tasks, with it", found.name)));
    }
    let container = container(&service, task, arguments.container.as_deref())?;
    // ECS takes one line, and splits it as a shell does.
    let line = arguments.command.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(" ");
    context.printer.note(&format!("{}/{} `{}`: {line}", service.name, task.short_id(), container.name));
    let opened = ecs.execute(&service, task, container, &line).await?;
    hand_over(&session, &service, task, container, &opened)
}

/// Before a session is opened that nobody could speak in.
fn check_plugin() -> Result<()> {
    match Command::new(PLUGIN).arg("--version").output() {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::new(ErrorKind::Io, format!("cannot run `{PLUGIN}`, which speaks with the task"))
            .because(error)
            .hint(format!("AWS has it for every system:\n{PLUGIN_PAGE}"))),
    }
}

async fn service(session: &Session, ecs: &Ecs, found: &Stack, wanted: Option<&str>) -> Result<Service> {
    let addresses = ecs::addresses(&stack::resources(session, &found.id).await?);
    let known = addresses.iter().map(|address| format!("`{}`", address.name)).collect::<Vec<_>>().join(", ");
    let missing = |message: String| {
        let error = Error::new(ErrorKind::NotFound, message);
        match known.is_empty() {
            true => error.hint(format!("it is in {}, and has no services", found.status)),
            false => error.hint(format!("it has {known}")),
        }
    };
    let address = match (wanted, addresses.as_slice()) {
        (Some(wanted), all) => all
            .iter()
            .find(|address| address.name == wanted)
            .ok_or_else(|| missing(format!("the stack `{}` has no service `{wanted}`", found.name)))?,
        (None, [only]) => only,
        (None, []) => return Err(missing(format!("the stack `{}` has no service", found.name))),
        (None, _) => {
            return Err(Error::new(ErrorKind::Usage, format!("the stack `{}` has several services", found.name))
                .hint(format!("name one of {known}")));
        }
    };
    ecs.service(address).await
}

fn task<'a>(service: &Service, running: &'a [Task], wanted: Option<&str>) -> Result<&'a Task> {
    let name = &service.name;
    let known = || running.iter().map(Task::short_id).collect::<Vec<_>>().join(", ");
    match wanted {
        _ if running.is_empty() => Err(Error::new(ErrorKind::NotFound, format!("no task of `{name}` runs"))
            .hint(format!("`jqs status` tells why; `jqs logs {name}` what the last ones said"))),
        None => Ok(&running[0]),
        Some(wanted) => running.iter().find(|task| task.id.starts_with(wanted)).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("no task of `{name}` that runs has the id `{wanted}`"))
                .hint(format!("these run: {}", known()))
        }),
    }
}

fn container<'a>(service: &Service, task: &'a Task, wanted: Option<&str>) -> Result<&'a Container> {
    let chosen = match (wanted, task.containers.as_slice()) {
        (None, [only]) => Some(only),
        (wanted, all) => all.iter().find(|container| container.name == wanted.unwrap_or(&service.name)),
    };
    let container = chosen.ok_or_else(|| {
        let known = task.containers.iter().map(|container| container.name.as_str()).collect::<Vec<_>>().join(", ");
        let message = match wanted {
            Some(wanted) => format!("the task {} has no container `{wanted}`", task.short_id()),
            None => format!("the task {} has several containers", task.short_id()),
        };
        Error::new(ErrorKind::NotFound, message).hint(format!("choose one with `--container`: {known}"))
    })?;
    match container.agent.as_deref() {
        None | Some("RUNNING") => Ok(container),
        Some(state) => {
            Err(Error::new(ErrorKind::Refused, format!("the agent of ECS Exec in the task is {state}")).hint(
                "a new task needs a moment; else it has no way to Systems Manager (NAT, or `-P CreateVpcEndpoints=Yes`), or its role may not open a channel",
            ))
        }
    }
}

/// The plugin takes our place: terminal, signals and exit code are its own.
fn hand_over(
    session: &Session,
    service: &Service,
    task: &Task,
    container: &Container,
    opened: &Opened,
) -> Result<Exit> {
    let runtime = container.runtime_id.as_ref();
    let runtime = runtime.ok_or_else(|| Error::new(ErrorKind::Service, "ECS tells no runtime id of the container"))?;
    let spoken = json!({
        "sessionId": opened.session_id(),
        "streamUrl": opened.stream_url(),
        "tokenValue": opened.token_value(),
    });
    let target = json!({"Target": format!("ecs:{}_{}_{runtime}", service.cluster, task.id)});
    let region = &session.region;
    let own = || format!("https://ssm.{region}.{}", region::url_suffix(region));
    let endpoint = session.config.endpoint_url().map_or_else(own, str::to_owned);
    let mut command = Command::new(PLUGIN);
    let profile = session.profile().map(str::to_owned).or_else(|| std::env::var("AWS_PROFILE").ok());
    command.arg(spoken.to_string()).arg(region).arg("StartSession").arg(profile.unwrap_or_default());
    command.arg(target.to_string()).arg(endpoint);
    become_it(command)
}

#[cfg(unix)]
fn become_it(mut command: Command) -> Result<Exit> {
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    Err(Error::new(ErrorKind::Io, format!("cannot run `{PLUGIN}`")).because(error))
}

#[cfg(not(unix))]
fn become_it(mut command: Command) -> Result<Exit> {
    match command.status() {
        Ok(status) => Ok(if status.success() { Exit::Done } else { Exit::Failed }),
        Err(error) => Err(Error::new(ErrorKind::Io, format!("cannot run `{PLUGIN}`")).because(error)),
    }
}
