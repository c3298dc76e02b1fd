//! What the verbs that change a stack have in common: plan → approval → execution → watching → verdict.

use crate::approval::{self, Approval};
use crate::context::Context;
use crate::ecs::{self, Ecs};
use crate::exit::Exit;
use crate::image::Supply;
use crate::plan::{Outlook, Plan};
use crate::progress::{self, Watched};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use jqs_stacks::change_set::{self, ChangeSet, ChangeSetRequest, Outcome};
use jqs_stacks::delete::short_name;
use jqs_stacks::failure::{Cause, first_cause};
use jqs_stacks::rollback::{self, Way};
use jqs_stacks::stack::{Readiness, Stack};
use jqs_stacks::watch::{StackEvent, Watcher};
use serde::Serialize;

/// How an operation on a stack ended.
pub(crate) enum Ended {
    Well {
        stack: Box<Stack>,
        events: Vec<StackEvent>,
    },
    /// There was nothing to change.
    Unchanged,
    Badly,
    Refused,
    Detached,
}

impl Ended {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Well { .. } | Self::Unchanged => Exit::Done,
            Self::Badly => Exit::Failed,
            Self::Refused => Exit::Refused,
            Self::Detached => Exit::Detached,
        }
    }
}

/// What an operation is to lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    Present,
    Gone,
    RolledBack,
}

impl Goal {
    fn is_met(self, stack: &Stack) -> bool {
        let is_gone = stack.status == "DELETE_COMPLETE";
        match self {
            Self::Present => stack.succeeded() && !is_gone,
            Self::Gone => is_gone,
            Self::RolledBack => stack.status.ends_with("ROLLBACK_COMPLETE"),
        }
    }
}

/// Names change sets so that a person knows where they come from, and two never collide.
pub(crate) fn change_set_name() -> String {
    format!("jqs-{}-{}", jiff::Timestamp::now().as_millisecond(), std::process::id())
}

/// Makes the change set, shows it, asks, executes it and watches. An image that is to be supplied is pushed in between,
/// for the services that the change set makes need it.
pub(crate) async fn change(
    context: &Context,
    session: &Session,
    request: &ChangeSetRequest,
    outlook: Option<&Outlook>,
    supply: Option<&Supply>,
    yes: bool,
) -> Result<Ended> {
    match plan(context, session, request).await? {
        Planned::Changes(planned) => {
            Plan::new(&request.stack_name, &planned.changes, outlook, supply).show(&context.printer);
            approve(context, session, &request.stack_name, &planned, supply, yes).await
        }
        Planned::Nothing => match supply {
            Some(supply) => supply_alone(context, session, supply, yes).await,
            None => Ok(Ended::Unchanged),
        },
        Planned::Interrupted => Ok(Ended::Refused),
    }
}

/// What came of planning.
pub(crate) enum Planned {
    Changes(ChangeSet),
    Nothing,
    /// By Ctrl-C.
    Interrupted,
}

/// Makes the change set and waits until AWS has worked it out. Where nothing comes of it, nothing is left of it.
pub(crate) async fn plan(context: &Context, session: &Session, request: &ChangeSetRequest) -> Result<Planned> {
    let made = change_set::create(session, request).await?;
    let settled = tokio::select! {
        settled = change_set::settle(session, made.clone()) => settled,
        () = context.interrupt.raised() => {
            change_set::discard(session, &made).await?;
            context.printer.note("Stopped before anything was deployed.");
            return Ok(Planned::Interrupted);
        }
    };
    match settled {
        Ok(Outcome::Changes(planned)) => Ok(Planned::Changes(planned)),
        Ok(Outcome::Nothing) => {
            change_set::discard(session, &made).await?;
            Ok(Planned::Nothing)
        }
        Err(error) => {
            change_set::discard(session, &made).await?;
            Err(error)
        }
    }
}

/// Asks, executes what was shown, and watches.
async fn approve(
    context: &Context,
    session: &Session,
    name: &str,
    planned: &ChangeSet,
    supply: Option<&Supply>,
    yes: bool,
) -> Result<Ended> {
    match approval::ask(context, &format!("Make these changes to `{name}`?"), yes).await {
        Ok(Approval::Given) => {}
        refused => {
            change_set::discard(session, planned).await?;
            context
                .printer
                .note("Nothing was deployed: the change set is removed, only the templates stay in the bucket.");
            refused?;
            return Ok(Ended::Refused);
        }
    }
    execute(context, session, planned, supply).await
}

/// Pushes the image that is to be supplied, for the services that the change set makes need it; executes what has been
/// approved, and watches.
pub(crate) async fn execute(
    context: &Context,
    session: &Session,
    planned: &ChangeSet,
    supply: Option<&Supply>,
) -> Result<Ended> {
    if let Some(supply) = supply
        && let Err(error) = supply.push(context, session).await
    {
        change_set::discard(session, planned).await?;
        return Err(error);
    }
    let watcher = Watcher::from_now(session, &planned.stack_id).await?;
    change_set::execute(session, planned).await?;
    follow(context, session, watcher, &planned.stack_id, Goal::Present).await
}

/// The stack is as it should be, and the image that its services run is gone.
async fn supply_alone(context: &Context, session: &Session, supply: &Supply, yes: bool) -> Result<Ended> {
    context.printer.field("Image", &supply.plan().text());
    if approval::ask(context, "Push the image?", yes).await? == Approval::Refused {
        return Ok(Ended::Refused);
    }
    supply.push(context, session).await?;
    Ok(Ended::Unchanged)
}

/// Comes back to an operation that somebody else, or an earlier run, has started.
pub(crate) async fn attach(context: &Context, session: &Session, stack: &Stack) -> Result<Ended> {
    context.printer.note(&format!("`{}` is in {}: joining.", stack.name, stack.status));
    let watcher = Watcher::attach(session, &stack.id).await?;
    let goal = if stack.status == "DELETE_IN_PROGRESS" { Goal::Gone } else { Goal::Present };
    follow(context, session, watcher, &stack.id, goal).await
}

/// Deletes a stack with all that is nested in it; joins where that goes on already.
pub(crate) async fn delete(context: &Context, session: &Session, stack: &Stack, force: bool) -> Result<Ended> {
    if stack.status == "DELETE_IN_PROGRESS" {
        return attach(context, session, stack).await;
    }
    let watcher = Watcher::from_now(session, &stack.id).await?;
    jqs_stacks::delete::delete(session, &stack.id, force).await?;
    follow(context, session, watcher, &stack.id, Goal::Gone).await
}

/// Rolls a stack back and watches.
pub(crate) async fn roll_back(
    context: &Context,
    session: &Session,
    stack: &Stack,
    way: Way,
    skip: &[String],
) -> Result<Ended> {
    let watcher = Watcher::from_now(session, &stack.id).await?;
    rollback::start(session, stack, way, skip).await?;
    follow(context, session, watcher, &stack.id, Goal::RolledBack).await
}

/// Watches to the end and says how it came.
async fn follow(context: &Context, session: &Session, watcher: Watcher<'_>, id: &str, goal: Goal) -> Result<Ended> {
    let name = short_name(id);
    let printer = &context.printer;
    match progress::watch(context, watcher, name).await? {
        Watched::Detached => {
            printer.note(&format!("Detached: AWS goes on with `{name}`."));
            printer.hint(&format!(
                "`jqs watch --name {name}` comes back to it, `jqs status --name {name}` tells how it stands"
            ));
            Ok(Ended::Detached)
        }
        Watched::Finished { stack, events } if goal.is_met(&stack) => {
            printer.success(&format!("{name} is {} after {}", stack.status, elapsed(&events)));
            Ok(Ended::Well { stack, events })
        }
        Watched::Finished { stack, events } => {
            explain(context, session, &stack, &events).await;
            Ok(Ended::Badly)
        }
    }
}

fn elapsed(events: &[StackEvent]) -> String {
    let times = || events.iter().map(|event| event.time);
    let span = times().max().zip(times().min()).map(|(last, first)| last.duration_since(first));
    progress::duration(span.unwrap_or_default())
}

/// The first true cause, the state of the stack and the way on.
async fn explain(context: &Context, session: &Session, stack: &Stack, events: &[StackEvent]) {
    let printer = &context.printer;
    let cause = first_cause(&stack.id, events);
    printer.failure(&format!("{} is {} after {}", stack.name, stack.status, elapsed(events)));
    let mut tasks = Vec::new();
    if let Some(cause) = &cause {
        let name = if cause.path.is_empty() { stack.name.clone() } else { cause.path.join("/") };
        printer.note(&format!("  cause: {name} ({}) {}", cause.kind, cause.status));
        printer.note(&format!("         {}", cause.reason));
        tasks = stopped_tasks(session, cause).await;
        for reason in &tasks {
            printer.note(&format!("         task stopped: {reason}"));
        }
    }
    let hint = next_command(stack);
    printer.hint(&hint);
    #[derive(Serialize)]
    struct Failure<'a> {
        stack: &'a str,
        status: &'a str,
        cause: Option<&'a Cause>,
        stopped_tasks: &'a [String],
        hint: &'a str,
    }
    let failure = Failure {
        stack: &stack.name,
        status: &stack.status,
        cause: cause.as_ref(),
        stopped_tasks: &tasks,
        hint: &hint,
    };
    printer.record("failure", &failure);
}

async fn stopped_tasks(session: &Session, cause: &Cause) -> Vec<String> {
    match ecs::address(&cause.physical_id).filter(|_| cause.kind == "AWS::ECS::Service") {
        Some(address) => Ecs::new(session).stopped_reasons(&address).await,
        None => Vec::new(),
    }
}

fn next_command(stack: &Stack) -> String {
    let name = &stack.name;
    match stack.status.as_str() {
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" => {
            format!(
                "mend the cause and run `jqs deploy --name {name}` again, which replaces the failed stack; or `jqs teardown --name {name}`"
            )
        }
        "UPDATE_ROLLBACK_COMPLETE" => {
            format!("the stack is as it was before: mend the cause and run `jqs deploy --name {name}` again")
        }
        "UPDATE_ROLLBACK_FAILED" => continue_rollback(name),
        "DELETE_FAILED" => {
            format!(
                "mend the cause and run `jqs teardown --name {name}` again; with `--force` it leaves behind what cannot be deleted"
            )
        }
        "DELETE_COMPLETE" => format!("nothing is left of it: mend the cause and run `jqs deploy --name {name}` again"),
        _ => format!("`jqs status --name {name}` tells how it stands"),
    }
}

fn continue_rollback(name: &str) -> String {
    format!(
        "mend the cause, then `jqs rollback --name {name}`, with `--skip` for what cannot be mended; then deploy again"
    )
}

/// A stack that nothing can be done with from here.
pub(crate) fn stuck(stack: &Stack) -> Error {
    Error::new(ErrorKind::StackUnusable, format!("the stack `{}` is in {}", stack.name, stack.status))
        .hint(continue_rollback(&stack.name))
}

/// A stack that cannot be planned for as it stands.
pub(crate) fn unusable(stack: &Stack) -> Error {
    if stack.readiness() == Readiness::Stuck {
        return stuck(stack);
    }
    Error::new(ErrorKind::StackUnusable, format!("the stack `{}` is in {}", stack.name, stack.status))
        .hint(format!("`jqs deploy --name {}` joins what goes on, or replaces what has failed", stack.name))
}
