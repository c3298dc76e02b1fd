//! `jqs teardown`: the stack with all that is nested in it, then the bucket of the templates; and what is left, if anything.

use super::deletion;
use super::deploy::{TAG_NAME, refuse_foreign};
use super::operation::Ended;
use crate::approval::{self, Approval};
use crate::cli::TeardownArgs;
use crate::context::Context;
use crate::exit::Exit;
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
    let found = stack::find(&session, name).await?;
    let Some(found) = found else {
        printer.note(&format!("There is no stack `{name}` in {}.", identity.region));
        let bucket = Bucket::look(&session, &identity, None).await?;
        if !bucket.goes {
            report(context, name, false, &[]);
            return Ok(Exit::Done);
        }
        show(context, name, &[], &[], &bucket);
        if approval::ask(context, "Remove the bucket?", arguments.yes).await? == Approval::Refused {
            return Ok(Exit::Refused);
        }
        return finish(context, &session, name, &bucket, &[]).await;
    };
    refuse_foreign(&session, &found).await?;
    let resources = stack::resources(&session, &found.id).await?;
    let kept = retention::retained(&session, &found.id, &resources).await?;
    let goes: Vec<StackResource> =
        resources.into_iter().filter(|one| !kept.iter().any(|k| k.path == one.path)).collect();
    let bucket = Bucket::look(&session, &identity, Some(&found)).await?;
    show(context, name, &goes, &kept, &bucket);
    let question = format!("Delete `{name}` and everything in it?");
    if approval::ask(context, &question, arguments.yes).await? == Approval::Refused {
        printer.note("Nothing was deleted.");
        return Ok(Exit::Refused);
    }
    match deletion::delete(context, &session, &found, arguments.force).await? {
        Ended::Well { events, .. } => finish(context, &session, name, &bucket, &left_behind(&kept, &events)).await,
        ended => Ok(ended.exit()),
    }
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

fn show(context: &Context, name: &str, resources: &[StackResource], kept: &[StackResource], bucket: &Bucket) {
    #[derive(Serialize)]
    struct Plan<'a> {
        stack: &'a str,
        resources: &'a [StackResource],
        kept: &'a [StackResource],
        bucket: Option<&'a str>,
    }
    let printer = &context.printer;
    let removed = bucket.goes.then_some(bucket.name.as_str());
    printer.record("plan", &Plan { stack: name, resources, kept, bucket: removed });
    if printer.is_json() {
        return;
    }
    printer.note("");
    printer.note("This will be deleted:");
    let indented = |resource: &StackResource| {
        let own = resource.path.last().map_or("", String::as_str);
        format!("{}{own}", "  ".repeat(resource.path.len() - 1))
    };
    let width = resources.iter().map(|resource| indented(resource).len()).max().unwrap_or_default();
    for resource in resources {
        printer.listed(&format!("  - {}", indented(resource)), width + 4, &resource.kind, "");
    }
    if bucket.goes {
        printer.note(&format!("  - the bucket {} with the templates", bucket.name));
    }
    for resource in kept {
        printer.note(&format!("{} stays, as its template says ({}).", resource.physical_id, resource.path.join("/")));
    }
    if let Some(why) = &bucket.why_not {
        printer.note(&format!("The bucket {} stays: {why}.", bucket.name));
    }
    printer.note("");
}

/// What its template says to keep, and what AWS says that it has skipped.
fn left_behind(kept: &[StackResource], events: &[StackEvent]) -> Vec<String> {
    let words = |kind: &str, id: &str, path: &[String]| format!("{kind} {id} ({})", path.join("/"));
    let skipped = events.iter().filter(|event| event.status == "DELETE_SKIPPED");
    let skipped = skipped.map(|event| words(&event.kind, &event.physical_id, &event.path));
    let kept = kept.iter().map(|resource| words(&resource.kind, &resource.physical_id, &resource.path));
    kept.chain(skipped).collect::<BTreeSet<_>>().into_iter().collect()
}

async fn finish(context: &Context, session: &Session, name: &str, bucket: &Bucket, left: &[String]) -> Result<Exit> {
    if bucket.goes {
        bucket::remove(session, &bucket.name).await?;
        context.printer.success(&format!("the bucket {} is removed", bucket.name));
    }
    report(context, name, bucket.goes, left);
    Ok(Exit::Done)
}

fn report(context: &Context, name: &str, bucket_removed: bool, left: &[String]) {
    #[derive(Serialize)]
    struct Deleted<'a> {
        stack: &'a str,
        bucket_removed: bool,
        left: &'a [String],
    }
    let printer = &context.printer;
    printer.record("result", &Deleted { stack: name, bucket_removed, left });
    if left.is_empty() {
        printer.note("Nothing is left.");
        return;
    }
    printer.warning("these are left, as their templates say or because they could not be deleted:");
    for resource in left {
        printer.note(&format!("  {resource}"));
    }
}
