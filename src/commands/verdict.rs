//! What is said of an operation that ended badly: the first true cause with what explains it, what stands in the way, what to
//! do about it, and the next command.

use crate::context::Context;
use crate::evidence::{Evidence, Gathered};
use crate::progress;
use crate::remedy::remedy;
use jqs_cfn::{Error, ErrorKind};
use jqs_stacks::Session;
use jqs_stacks::failure::{Cause, first_cause};
use jqs_stacks::refusal::{self, Refusal};
use jqs_stacks::rollback::name_to_skip;
use jqs_stacks::stack::{self, Stack, StackResource};
use jqs_stacks::watch::StackEvent;
use serde::Serialize;

/// What the end of an operation comes down to, for `--json` as well.
#[derive(Serialize)]
struct Failure<'a> {
    stack: &'a str,
    status: &'a str,
    cause: Option<&'a Cause>,
    #[serde(flatten)]
    evidence: &'a Evidence,
    /// What to do about the cause, where it is a known one.
    remedy: Option<&'a str>,
    /// By hooks and validations.
    refusals: &'a [Refusal],
    /// Resources that keep the stack in this state.
    blocking: &'a [StackResource],
    hint: &'a str,
}

pub(super) async fn explain(
    context: &Context,
    session: &Session,
    stack: &Stack,
    events: &[StackEvent],
    gathered: &Gathered,
) {
    let printer = &context.printer;
    let after = if events.is_empty() { String::new() } else { format!(" after {}", elapsed(events)) };
    printer.failure(&format!("{} is {}{after}", stack.name, stack.status));
    let cause = first_cause(&stack.id, events).or_else(|| refusal(stack));
    let (mut evidence, mut refusals, mut advice) = (Evidence::default(), Vec::new(), None);
    if let Some(cause) = &cause {
        let name = if cause.path.is_empty() { stack.name.clone() } else { cause.path.join("/") };
        printer.labelled("  cause:", &format!("{name} ({}) {}", cause.kind, cause.status));
        printer.below(9, &cause.reason);
        refusals = refused(session, cause, events).await;
        for refusal in &refusals {
            printer.below(9, &refusal.to_string());
        }
        evidence = gathered.about(session, cause).await;
        evidence.show(printer);
        advice = remedy(&stack.name, std::iter::once(cause.reason.as_str()).chain(evidence.texts()));
    }
    let blocking = blocking(session, stack).await;
    for resource in &blocking {
        let reason = resource.reason.as_deref().unwrap_or("AWS gave no reason");
        let name = resource.path.join("/");
        printer.labelled("  stuck:", &format!("{name} ({}) {}", resource.kind, resource.physical_id));
        printer.below(9, reason);
    }
    if let Some(advice) = &advice {
        printer.hint(advice);
    }
    let hint = next_command(stack, &blocking);
    printer.hint(&hint);
    let failure = Failure {
        stack: &stack.name,
        status: &stack.status,
        cause: cause.as_ref(),
        evidence: &evidence,
        remedy: advice.as_deref(),
        refusals: &refusals,
        blocking: &blocking,
        hint: &hint,
    };
    printer.record("failure", &failure);
}

pub(super) fn elapsed(events: &[StackEvent]) -> String {
    let times = || events.iter().map(|event| event.time);
    let span = times().max().zip(times().min()).map(|(last, first)| last.duration_since(first));
    progress::duration(span.unwrap_or_default())
}

/// Where no event tells of a failure, the state of the stack may: a deletion that an importer forbids ends in the old state.
fn refusal(stack: &Stack) -> Option<Cause> {
    let reason = stack.reason.clone()?;
    let (path, kind) = (Vec::new(), jqs_cfn::template::NESTED_STACK.to_owned());
    Some(Cause { path, kind, status: stack.status.clone(), reason, physical_id: stack.id.clone() })
}

/// What hooks and validations had against it, in the stack where it is.
async fn refused(session: &Session, cause: &Cause, events: &[StackEvent]) -> Vec<Refusal> {
    let Some(failed) = events.iter().find(|event| event.path == cause.path && event.has_failed()) else {
        return Vec::new();
    };
    let since = events.iter().map(|event| event.time).min().unwrap_or(failed.time);
    refusal::of_stack(session, &failed.stack_id, since).await
}

/// What has to get out of the way before the stack leaves its state. Told where it can be had: it explains another failure.
pub(super) async fn blocking(session: &Session, stack: &Stack) -> Vec<StackResource> {
    let is_stuck =
        |status| matches!(status, "DELETE_FAILED" | "ROLLBACK_FAILED" | "UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED");
    if !is_stuck(stack.status.as_str()) {
        return Vec::new();
    }
    let resources = stack::resources(session, &stack.id).await.unwrap_or_default();
    stack::failed(&resources).cloned().collect()
}

pub(super) fn next_command(stack: &Stack, blocking: &[StackResource]) -> String {
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
        "UPDATE_FAILED" => {
            format!("mend the cause and run `jqs deploy --name {name}` again; `jqs rollback --name {name}` goes back")
        }
        "UPDATE_ROLLBACK_FAILED" => continue_rollback(name, blocking),
        "DELETE_FAILED" => {
            format!(
                "mend the cause and run `jqs teardown --name {name}` again; with `--force` it leaves behind what cannot be deleted"
            )
        }
        "DELETE_COMPLETE" => format!("nothing is left of it: mend the cause and run `jqs deploy --name {name}` again"),
        _ => format!("`jqs status --name {name}` tells how it stands"),
    }
}

fn continue_rollback(name: &str, blocking: &[StackResource]) -> String {
    let again = format!("mend the cause and run `jqs deploy --name {name}` again, which goes on with the rollback");
    if blocking.is_empty() {
        return again;
    }
    let skip: Vec<String> = blocking.iter().map(name_to_skip).collect();
    format!("{again}; to leave what is stuck as it is:\njqs rollback --name {name} --skip {}", skip.join(","))
}

/// A stack that cannot be planned for as it stands.
pub(super) fn unusable(stack: &Stack) -> Error {
    Error::new(ErrorKind::StackUnusable, format!("the stack `{}` is in {}", stack.name, stack.status))
        .hint(format!("`jqs deploy --name {}` joins what goes on, or leads it out of what has failed", stack.name))
}
