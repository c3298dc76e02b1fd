//! What the verbs that change a stack have in common: plan → approval → execution → watching → verdict.

use super::verdict;
use crate::approval::{self, Approval};
use crate::context::Context;
use crate::evidence::Gathered;
use crate::exit::Exit;
use crate::image::Supply;
use crate::plan::{Course, Outlook, Plan};
use crate::progress::{self, Watched};
use jqs_cfn::Result;
use jqs_stacks::Session;
use jqs_stacks::change_set::{self, ChangeSet, ChangeSetRequest, Outcome};
use jqs_stacks::delete::short_name;
use jqs_stacks::patience::Loss;
use jqs_stacks::rollback::{self, Way};
use jqs_stacks::stack::Stack;
use jqs_stacks::watch::{StackEvent, Watcher};
use std::sync::{Mutex, PoisonError};

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
    /// As it was before an update.
    RolledBack,
    Gone,
}

impl Goal {
    fn is_met(self, stack: &Stack) -> bool {
        match self {
            Self::Present => stack.succeeded() && stack.status != "DELETE_COMPLETE",
            Self::RolledBack => stack.status.ends_with("ROLLBACK_COMPLETE"),
            Self::Gone => stack.status == "DELETE_COMPLETE",
        }
    }
}

/// Names change sets so that a person knows where they come from, and two never collide.
pub(crate) fn change_set_name() -> String {
    format!("{}{}-{}", change_set::NAME_PREFIX, jiff::Timestamp::now().as_millisecond(), std::process::id())
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
            let course = outlook.map(|outlook| outlook.course(&planned.changes));
            approve(context, session, &request.stack_name, &planned, supply, course.as_ref(), yes).await
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
    let lost = Mutex::new(None);
    let tell = |now: Option<&Loss>| {
        let mut before = lost.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = progress::connection(before.as_ref(), now) {
            context.printer.note(&text);
        }
        *before = now.cloned();
    };
    let settled = tokio::select! {
        settled = change_set::settle(session, made.clone(), &tell) => settled,
        () = context.interrupt.raised() => {
            discard(context, session, &made).await;
            context.printer.note("Stopped before anything was deployed.");
            return Ok(Planned::Interrupted);
        }
    };
    match settled {
        Ok(Outcome::Changes(planned)) => Ok(Planned::Changes(planned)),
        Ok(Outcome::Nothing) => {
            discard(context, session, &made).await;
            Ok(Planned::Nothing)
        }
        Err(error) => {
            discard(context, session, &made).await;
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
    course: Option<&Course>,
    yes: bool,
) -> Result<Ended> {
    match approval::ask(context, &format!("Make these changes to `{name}`?"), yes).await {
        Ok(Approval::Given) => {}
        refused => {
            if discard(context, session, planned).await {
                let text = "Nothing was deployed: the change set is removed, only the templates stay in the bucket.";
                context.printer.note(text);
            }
            refused?;
            return Ok(Ended::Refused);
        }
    }
    execute(context, session, planned, supply, course).await
}

/// Pushes the image that is to be supplied, for the services that the change set makes need it; executes what has been
/// approved, and watches.
pub(crate) async fn execute(
    context: &Context,
    session: &Session,
    planned: &ChangeSet,
    supply: Option<&Supply>,
    course: Option<&Course>,
) -> Result<Ended> {
    if let Some(supply) = supply
        && let Err(error) = supply.push(context, session).await
    {
        discard(context, session, planned).await;
        return Err(error);
    }
    let watcher = Watcher::from_now(session, &planned.stack_id).await?;
    if let Err(error) = change_set::execute(session, planned).await {
        // An answer that was lost leaves open whether AWS has begun; a refusal does not.
        if !error.is_transient() {
            discard(context, session, planned).await;
        }
        return Err(error);
    }
    follow(context, session, watcher, &planned.stack_id, Goal::Present, course).await
}

/// Removes what was only planned. Whatever led here is told first: a failure to tidy up must not take its place.
async fn discard(context: &Context, session: &Session, planned: &ChangeSet) -> bool {
    let removed = change_set::discard(session, planned).await;
    if let Err(error) = &removed {
        context.printer.warning(&format!("the change set `{}` stays: {}", planned.name, error.full()));
    }
    removed.is_ok()
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
    let watcher = join(context, session, stack).await?;
    let goal = if stack.status == "DELETE_IN_PROGRESS" { Goal::Gone } else { Goal::Present };
    follow(context, session, watcher, &stack.id, goal, None).await
}

pub(super) async fn join<'a>(context: &Context, session: &'a Session, stack: &Stack) -> Result<Watcher<'a>> {
    context.printer.note(&format!("`{}` is in {}: joining.", stack.name, stack.status));
    Watcher::attach(session, &stack.id).await
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
    rollback::start(session, stack, way, skip, &change_set_name()).await?;
    follow(context, session, watcher, &stack.id, Goal::RolledBack, None).await
}

/// Watches to the end and says how it came.
pub(super) async fn follow(
    context: &Context,
    session: &Session,
    watcher: Watcher<'_>,
    id: &str,
    goal: Goal,
    course: Option<&Course>,
) -> Result<Ended> {
    Ok(match watch(context, watcher, id, goal, course).await? {
        Watching::Reached { stack, events } => Ended::Well { stack, events },
        Watching::Missed { stack, events, evidence } => {
            verdict::explain(context, session, &stack, &events, &evidence).await;
            Ended::Badly
        }
        Watching::Detached => Ended::Detached,
    })
}

/// What watching came to. Of a goal that was missed nothing is said yet.
pub(super) enum Watching {
    Reached { stack: Box<Stack>, events: Vec<StackEvent> },
    Missed { stack: Box<Stack>, events: Vec<StackEvent>, evidence: Gathered },
    Detached,
}

pub(super) async fn watch(
    context: &Context,
    watcher: Watcher<'_>,
    id: &str,
    goal: Goal,
    course: Option<&Course>,
) -> Result<Watching> {
    let name = short_name(id);
    let printer = &context.printer;
    let watched = progress::watch(context, watcher, name, course).await;
    match watched.inspect_err(|_| printer.note(&format!("`{name}` is watched no longer: AWS goes on with it.")))? {
        Watched::Detached => {
            printer.note(&format!("Detached: AWS goes on with `{name}`."));
            printer.hint(&format!(
                "`jqs watch --name {name}` comes back to it, `jqs status --name {name}` tells how it stands"
            ));
            Ok(Watching::Detached)
        }
        Watched::Finished { stack, events, .. } if goal.is_met(&stack) => {
            printer.success(&format!("{name} is {} after {}", stack.status, verdict::elapsed(&events)));
            Ok(Watching::Reached { stack, events })
        }
        Watched::Finished { stack, events, evidence } => Ok(Watching::Missed { stack, events, evidence }),
    }
}
