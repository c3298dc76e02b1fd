//! `jqs teardown`: the stack with all that is nested in it, then the bucket of the templates; and what is left, if anything.

use super::deploy::{TAG_NAME, refuse_foreign};
use super::keep::Keeping;
use super::operation::Ended;
use super::verification::{Expected, Verified, verify};
use super::{deletion, keep};
use crate::approval::{self, Approval};
use crate::cli::TeardownArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::printer::Printer;
use jqs_cfn::Result;
use jqs_stacks::retention;
use jqs_stacks::stack::{self, Stack, StackResource};
use jqs_stacks::watch::StackEvent;
use jqs_stacks::{Identity, Session, bucket};
use serde::Serialize;
use std::collections::BTreeSet;

pub(crate) async fn teardown(context: &Context, arguments: &TeardownArgs) -> Result<Exit> {
    arguments.record.begin(context)?;
    let (session, identity) = context.identified_session().await?;
    let printer = &context.printer;
    let name = &arguments.stack.name;
    let Some(found) = stack::find(&session, name).await? else {
        return nothing_there(context, &session, &identity, arguments).await;
    };
    refuse_foreign(&session, &found).await?;
    let resources = stack::resources(&session, &found.id).await?;
    let keeping = match arguments.keep_data {
        true => Keeping::of(&session, &identity, &found, &resources).await?,
        false => None,
    };
    if arguments.keep_data && keeping.is_none() {
        printer
            .note(&format!("Nothing in `{name}` holds data that could be kept: traces in memory go with their task."));
    }
    let (stays, resources): (Vec<_>, Vec<_>) =
        resources.into_iter().partition(|one| keeping.as_ref().is_some_and(|keeping| keeping.keeps(one)));
    let kept = retention::retained(&session, &found.id, &resources).await?;
    let goes: Vec<StackResource> =
        resources.into_iter().filter(|one| !kept.iter().any(|k| k.path == one.path)).collect();
    let bucket = Bucket::look(&session, &identity, Some(&found)).await?;
    show(context, name, &goes, &kept, &bucket, keeping.as_ref().map(|keeping| (keeping, stays.as_slice())));
    let question = match &keeping {
        Some(_) => format!("Delete `{name}`, and keep its data?"),
        None => format!("Delete `{name}` and everything in it?"),
    };
    if approval::ask(context, &question, arguments.yes).await? == Approval::Refused {
        printer.note("Nothing was deleted.");
        return Ok(Exit::Refused);
    }
    let found = match &keeping {
        Some(keeping) => match keeping.secure(context, &session, &found).await? {
            Ended::Well { .. } | Ended::Unchanged => stack::get(&session, &found.id).await?,
            ended => return Ok(ended.exit()),
        },
        None => found,
    };
    match deletion::delete(context, &session, &found, arguments.force).await? {
        Ended::Well { events, .. } => {
            let mut expected = Expected::default();
            expected.take(kept.iter().chain(&stays));
            skipped(&events).for_each(|event| expected.take_id(&event.physical_id));
            let left = left_behind(&kept, &events, &stays);
            let exit = finish(context, &session, name, &bucket, &left, expected).await?;
            keeping.iter().for_each(|keeping| printer.field("Cost", &keeping.words()));
            Ok(exit)
        }
        ended => Ok(ended.exit()),
    }
}

/// There is no such stack: what an earlier teardown has kept may go now, and the bucket.
async fn nothing_there(
    context: &Context,
    session: &Session,
    identity: &Identity,
    arguments: &TeardownArgs,
) -> Result<Exit> {
    let (printer, name) = (&context.printer, &arguments.stack.name);
    printer.note(&format!("There is no stack `{name}` in {}.", identity.region));
    let kept = if arguments.keep_data { Vec::new() } else { keep::kept_earlier(session, name).await? };
    let bucket = Bucket::look(session, identity, None).await?;
    if kept.is_empty() && !bucket.goes {
        return finish(context, session, name, &bucket, &[], Expected::default()).await;
    }
    let mut resources = Vec::new();
    for stack in &kept {
        printer.note(&format!("`{}` was kept by an earlier teardown.", stack.name));
        resources.extend(stack::resources(session, &stack.id).await?);
    }
    show(context, name, &resources, &[], &bucket, None);
    let question = if kept.is_empty() { "Remove the bucket?" } else { "Delete what was kept, data included?" };
    if approval::ask(context, question, arguments.yes).await? == Approval::Refused {
        return Ok(Exit::Refused);
    }
    for stack in &kept {
        match deletion::delete(context, session, stack, arguments.force).await? {
            Ended::Well { .. } => {}
            ended => return Ok(ended.exit()),
        }
    }
    finish(context, session, name, &bucket, &[], Expected::default()).await
}

/// The bucket of the templates, and whether it goes as well.
struct Bucket {
    name: String,
    goes: bool,
    why_not: Option<String>,
}

impl Bucket {
    async fn look(session: &Session, identity: &Identity, stack: Option<&Stack>) -> Result<Self> {
        let recorded = stack.and_then(|stack| stack.parameters.get("TemplateBucket")).filter(|name| !name.is_empty());
        let name = recorded.cloned().unwrap_or_else(|| bucket::name(identity));
        if !bucket::is_ours(session, &name).await? {
            let why_not = recorded.map(|_| "`jqs` did not make it".to_owned());
            return Ok(Self { name, goes: false, why_not });
        }
        let others = stack::list(session).await?;
        // A nested stack of ours uses the bucket too, and goes with its parent.
        let user = others.iter().find(|other| {
            let is_own = stack.is_some_and(|stack| stack.id == other.id);
            !is_own && other.tags.contains_key(TAG_NAME) && !other.is_nested && {
                let own_name = stack.and_then(|stack| stack.tags.get(TAG_NAME));
                other.parameters.get("TemplateBucket") == Some(&name) && own_name != other.tags.get(TAG_NAME)
            }
        });
        let why_not = user.map(|other| format!("`{}` uses it", other.name));
        Ok(Self { name, goes: why_not.is_none(), why_not })
    }
}

fn show(
    context: &Context,
    name: &str,
    resources: &[StackResource],
    kept: &[StackResource],
    bucket: &Bucket,
    keeping: Option<(&Keeping, &[StackResource])>,
) {
    #[derive(Serialize)]
    struct Plan<'a> {
        stack: &'a str,
        resources: &'a [StackResource],
        kept: &'a [StackResource],
        bucket: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Keeping>,
    }
    let printer = &context.printer;
    let removed = bucket.goes.then_some(bucket.name.as_str());
    let data = keeping.map(|(keeping, _)| keeping);
    printer.record("plan", &Plan { stack: name, resources, kept, bucket: removed, data });
    if printer.is_json() {
        return;
    }
    printer.note("");
    printer.note("This will be deleted:");
    list(printer, "-", resources);
    if bucket.goes {
        printer.note(&format!("  - the bucket {} with the templates", bucket.name));
    }
    for resource in kept {
        printer.note(&format!("{} stays, as its template says ({}).", resource.physical_id, resource.path.join("/")));
    }
    if let Some(why) = &bucket.why_not {
        printer.note(&format!("The bucket {} stays: {why}.", bucket.name));
    }
    if let Some((keeping, stays)) = keeping {
        printer.note("");
        printer.note("This stays, with the data:");
        list(printer, "=", stays);
        printer.field("Cost", &keeping.words());
    }
    printer.note("");
}

fn list(printer: &Printer, mark: &str, resources: &[StackResource]) {
    let indented = |resource: &StackResource| {
        let own = resource.path.last().map_or("", String::as_str);
        format!("{}{own}", "  ".repeat(resource.path.len() - 1))
    };
    let width = resources.iter().map(|resource| indented(resource).len()).max().unwrap_or_default();
    for resource in resources {
        printer.listed(&format!("  {mark} {}", indented(resource)), width + 4, &resource.kind, "");
    }
}

/// What its template says to keep, and what AWS says that it has skipped.
fn left_behind(kept: &[StackResource], events: &[StackEvent], stays: &[StackResource]) -> Vec<String> {
    let words = |kind: &str, id: &str, path: &[String]| format!("{kind} {id} ({})", path.join("/"));
    let is_told = |id: &str| stays.iter().any(|one| one.physical_id == id);
    let skipped = skipped(events)
        .filter(|event| !is_told(&event.physical_id))
        .map(|event| words(&event.kind, &event.physical_id, &event.path));
    let kept = kept.iter().map(|resource| words(&resource.kind, &resource.physical_id, &resource.path));
    kept.chain(skipped).collect::<BTreeSet<_>>().into_iter().collect()
}

fn skipped(events: &[StackEvent]) -> impl Iterator<Item = &StackEvent> {
    events.iter().filter(|event| event.status == "DELETE_SKIPPED")
}

async fn finish(
    context: &Context,
    session: &Session,
    name: &str,
    bucket: &Bucket,
    left: &[String],
    mut expected: Expected,
) -> Result<Exit> {
    if bucket.goes {
        bucket::remove(session, &bucket.name).await?;
        context.printer.success(&format!("the bucket {} is removed", bucket.name));
    }
    // What teardowns of that name have kept is no surprise.
    let kept = keep::kept_earlier(session, name).await?;
    for stack in &kept {
        expected.take_id(&stack.id);
        expected.take(&stack::resources(session, &stack.id).await?);
    }
    let kept: Vec<&str> = kept.iter().map(|stack| stack.name.as_str()).collect();
    let verified = verify(context, session, name, &expected).await;
    report(context, &Deleted { stack: name, bucket_removed: bucket.goes, kept: &kept, left, verified: &verified });
    Ok(if let Verified::Remains(_) = verified { Exit::Failed } else { Exit::Done })
}

#[derive(Serialize)]
struct Deleted<'a> {
    stack: &'a str,
    bucket_removed: bool,
    /// Stacks that stay with their data, as somebody asked for.
    kept: &'a [&'a str],
    left: &'a [String],
    verified: &'a Verified,
}

fn report(context: &Context, deleted: &Deleted<'_>) {
    let printer = &context.printer;
    printer.record("result", deleted);
    let Deleted { stack, kept, left, verified, .. } = deleted;
    if !left.is_empty() {
        printer.warning("these are left, as their templates say or because they could not be deleted:");
        left.iter().for_each(|resource| printer.note(&format!("  {resource}")));
    }
    if !kept.is_empty() {
        printer.note("These stacks stay, with the data and what it stands on:");
        kept.iter().for_each(|name| printer.note(&format!("  {name}")));
        printer.hint(&format!("`jqs teardown --name {stack}` deletes them as well, once the data is no longer wanted"));
    }
    verified.tell(context, stack);
    match verified {
        Verified::Clean if left.is_empty() && kept.is_empty() => printer.note("Nothing is left."),
        Verified::Clean => printer.note("Nothing else is left."),
        _ => {}
    }
}
