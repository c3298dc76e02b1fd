//! Deleting a stack to the end: what keeps it is cleared away where that may be done, and the deletion asked for again.

use super::deploy::TAG_NAME;
use super::operation::{self, Ended, Goal, Watching};
use super::verdict;
use crate::context::Context;
use jqs_cfn::Result;
use jqs_stacks::Session;
use jqs_stacks::delete::{delete as ask_to_delete, empty_buckets};
use jqs_stacks::stack::{self, Stack};
use jqs_stacks::watch::Watcher;

/// How often a deletion is asked for. Some resources let go of others only a while after they are gone themselves.
const DEFAULT_DELETIONS_MAX: usize = 3;

/// Deletes a stack with all that is nested in it; joins where that goes on already, and waits for the end of an update.
/// With `force`, what cannot be deleted is left behind at last.
pub(super) async fn delete(context: &Context, session: &Session, stack: &Stack, force: bool) -> Result<Ended> {
    let mut watcher = match stack.status.as_str() {
        "DELETE_IN_PROGRESS" => Some(operation::join(context, session, stack).await?),
        status if status.starts_with("UPDATE_") && status.ends_with("_IN_PROGRESS") => {
            let watcher = operation::join(context, session, stack).await?;
            context.printer.note("AWS deletes it only when that is over.");
            if let Watching::Detached = operation::watch(context, watcher, &stack.id, Goal::Present, None).await? {
                return Ok(Ended::Detached);
            }
            None
        }
        _ => None,
    };
    let (mut asked, mut force_now) = (0, false);
    loop {
        asked += 1;
        let watching = match watcher.take() {
            Some(watcher) => watcher,
            None => {
                let watcher = Watcher::from_now(session, &stack.id).await?;
                ask_to_delete(session, &stack.id, force_now).await?;
                watcher
            }
        };
        let (stack, events, evidence) = match operation::watch(context, watching, &stack.id, Goal::Gone, None).await? {
            Watching::Reached { stack, events } => return Ok(Ended::Well { stack, events }),
            Watching::Detached => return Ok(Ended::Detached),
            Watching::Missed { stack, events, evidence } => (stack, events, evidence),
        };
        let can_try = stack.status == "DELETE_FAILED" && !force_now;
        let is_promising = can_try && asked < DEFAULT_DELETIONS_MAX && {
            let emptied = tokio::select! {
                emptied = clear_away(context, session, &stack) => emptied?,
                () = context.interrupt.raised() => {
                    context.printer.note(&format!("Stopped: `{}` stays in {} for now.", stack.name, stack.status));
                    return Ok(Ended::Detached);
                }
            };
            emptied || asked == 1
        };
        force_now = !is_promising && can_try && force;
        if !is_promising && !force_now {
            verdict::explain(context, session, &stack, &events, &evidence).await;
            return Ok(Ended::Badly);
        }
        let how = if force_now { "leaving behind what cannot be deleted" } else { "trying once more" };
        context.printer.warning(&format!("{} is {}: {how}", stack.name, stack.status));
    }
}

/// Empties the buckets of the stack that keep it; tells whether there were any.
async fn clear_away(context: &Context, session: &Session, stack: &Stack) -> Result<bool> {
    let Some(name) = stack.tags.get(TAG_NAME) else { return Ok(false) };
    let resources = stack::resources(session, &stack.id).await?;
    let blocking: Vec<_> = stack::failed(&resources).cloned().collect();
    let emptied = empty_buckets(session, &blocking, (TAG_NAME, name)).await?;
    for bucket in &emptied {
        let path = bucket.path.join("/");
        context.printer.note(&format!("Emptied the bucket {} ({path}), which kept the stack.", bucket.physical_id));
    }
    Ok(!emptied.is_empty())
}
