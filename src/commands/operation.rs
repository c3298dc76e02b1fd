//! What the verbs that change a stack have in common: plan → approval → execution → watching → verdict.

use crate::approval::{self, Approval};
use crate::context::Context;
use crate::ecs::{self, Ecs};
use crate::exit::Exit;
use crate::image::{Supply, SupplyPlan};
use crate::plan;
use crate::progress::{self, Watched};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use jqs_stacks::change_set::{self, ChangeSet, ChangeSetRequest, Outcome};
use jqs_stacks::delete::short_name;
use jqs_stacks::failure::{Cause, first_cause};
use jqs_stacks::stack::Stack;
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
}

impl Goal {
    fn is_met(self, stack: &Stack) -> bool {
        let is_gone = stack.status == "DELETE_COMPLETE";
        stack.succeeded() && is_gone == (self == Self::Gone)
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
    supply: Option<&Supply>,
    yes: bool,
) -> Result<Ended> {
    let made = change_set::create(session, request).await?;
    let settled = tokio::select! {
        settled = change_set::settle(session, made.clone()) => settled,
        () = context.interrupt.raised() => {
            change_set::discard(session, &made).await?;
            context.printer.note("Stopped before anything was deployed.");
            return Ok(Ended::Refused);
        }
    };
    let planned = match settled {
        Ok(Outcome::Changes(planned)) => planned,
        Ok(Outcome::Nothing) => {
            change_set::discard(session, &made).await?;
            return match supply {
                Some(supply) => supply_alone(context, session, supply, yes).await,
                None => Ok(Ended::Unchanged),
            };
        }
        Err(error) => {
            change_set::discard(session, &made).await?;
            return Err(error);
        }
    };
    show_plan(context, request, &planned, supply);
    match approval::ask(context, &format!("Make these changes to `{}`?", request.stack_name), yes).await {
        Ok(Approval::Given) => {}
        refused => {
            change_set::discard(session, &planned).await?;
            context
                .printer
                .note("Nothing was deployed: the change set is removed, only the templates stay in the bucket.");
            refused?;
            return Ok(Ended::Refused);
        }
    }
    if let Some(supply) = supply
        && let Err(error) = supply.push(context, session).await
    {
        change_set::discard(session, &planned).await?;
        return Err(error);
    }
    let watcher = Watcher::from_now(session, &planned.stack_id).await?;
    change_set::execute(session, &planned).await?;
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

fn show_plan(context: &Context, request: &ChangeSetRequest, planned: &ChangeSet, supply: Option<&Supply>) {
    #[derive(Serialize)]
    struct Plan<'a> {
        stack: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        image: Option<SupplyPlan>,
        changes: &'a [change_set::Change],
    }
    let printer = &context.printer;
    let image = supply.map(Supply::plan);
    if let Some(image) = &image {
        printer.field("Image", &image.text());
    }
    printer.record("plan", &Plan { stack: &request.stack_name, image, changes: &planned.changes });
    if !printer.is_json() {
        printer.note("");
        plan::show(printer, &planned.changes);
    }
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

/// Watches to the end and says how it came.
async fn follow(context: &Context, session: &Session, watcher: Watcher<'_>, id: &str, goal: Goal) -> Result<Ended> {
    let name = short_name(id);
    let printer = &context.printer;
    match progress::watch(context, watcher, name).await? {
        Watched::Detached => {
            printer.note(&format!("Detached: AWS goes on with `{name}`."));
            printer.hint(&format!(
                "`jqs deploy --name {name}` or `jqs teardown --name {name}` comes back to it, `jqs status --name {name}` tells how it stands"
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
    format!("mend the cause, then `aws cloudformation continue-update-rollback --stack-name {name}`, then deploy again")
}

/// A stack that nothing can be done with from here.
pub(crate) fn stuck(stack: &Stack) -> Error {
    Error::new(ErrorKind::StackUnusable, format!("the stack `{}` is in {}", stack.name, stack.status))
        .hint(continue_rollback(&stack.name))
}
