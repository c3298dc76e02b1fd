//! `jqs deploy`: check → bucket → upload → change set → approve → watch → outputs.

use super::operation::{self, Ended, Planned};
use super::preflight::{self, PreflightArgs};
use super::target::Target;
use super::{deletion, recovery, verdict};
use crate::approval::{self, Approval};
use crate::cli::{DeployArgs, OnFailure, TargetArgs};
use crate::context::Context;
use crate::evidence::Gathered;
use crate::exit::Exit;
use crate::image::Supply;
use crate::plan::saved::{SavedImage, SavedPlan};
use crate::plan::{self, Plan};
use crate::{image, templates};
use jqs_cfn::{Error, ErrorKind, Result, parameters};
use jqs_stacks::change_set::{self, ChangeSetRequest};
use jqs_stacks::stack::{self, Readiness, Stack};
use jqs_stacks::{Identity, Session, bucket, upload};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) const TAG_NAME: &str = "jqs:name";
pub(super) const TAG_VERSION: &str = "jqs:version";
pub(super) const TAG_ENTRY: &str = "jqs:entry";

pub(crate) async fn deploy(context: &Context, arguments: &DeployArgs) -> Result<Exit> {
    arguments.record.begin(context)?;
    if let Some(path) = &arguments.plan {
        return execute_plan(context, path, arguments.yes).await;
    }
    check_offline(context, &arguments.target)?;
    let (session, identity) = context.identified_session().await?;
    let mut found = stack::find(&session, &arguments.target.stack.name).await?;
    if let Some(stack) = &found {
        refuse_foreign(&session, stack).await?;
        // Whoever only plans changes nothing: neither is a rollback ended nor a failed stack replaced.
        if arguments.plan_out.is_some() && !matches!(stack.readiness(), Readiness::Updatable | Readiness::Empty) {
            return Err(verdict::unusable(stack));
        }
        match stack.readiness() {
            Readiness::Busy if stack.status != "DELETE_IN_PROGRESS" => return rejoin(context, &session, stack).await,
            Readiness::Stuck => match recovery::recover(context, &session, stack, arguments.yes).await? {
                Ended::Well { stack, .. } => found = Some(*stack),
                ended => return Ok(ended.exit()),
            },
            Readiness::Empty => {
                context.printer.note(&format!("`{}` was planned once and never made: making it now.", stack.name));
            }
            _ => {}
        }
    }
    let readiness = found.as_ref().map(Stack::readiness);
    let (target, preflight) = (&arguments.target, &arguments.preflight);
    let mut prepared = prepare(context, &session, &identity, target, found.as_ref(), preflight).await?;
    if let Some(stack) = found.as_ref().filter(|_| matches!(readiness, Some(Readiness::Dead | Readiness::Busy))) {
        let ended = replace(context, &session, stack, arguments.yes).await?;
        if !matches!(ended, Ended::Well { .. }) {
            return Ok(ended.exit());
        }
    }
    prepared.request.on_failure = match arguments.on_failure {
        OnFailure::Rollback => change_set::OnFailure::Rollback,
        OnFailure::Keep => change_set::OnFailure::Keep,
        OnFailure::Delete => change_set::OnFailure::Delete,
    };
    upload(context, &session, &identity, &prepared).await?;
    if let Some(path) = &arguments.plan_out {
        return save_plan(context, &session, &identity, &prepared, path).await;
    }
    let outlook = Some(&prepared.target.outlook);
    let supply = prepared.supply.as_ref();
    let ended = operation::change(context, &session, &prepared.request, outlook, supply, arguments.yes).await?;
    conclude(context, &session, &arguments.target.stack.name, ended).await
}

/// Plans, and leaves the execution to whoever has the file.
async fn save_plan(
    context: &Context,
    session: &Session,
    identity: &Identity,
    prepared: &Prepared,
    path: &Path,
) -> Result<Exit> {
    let (printer, name) = (&context.printer, &prepared.request.stack_name);
    let planned = match operation::plan(context, session, &prepared.request).await? {
        Planned::Changes(planned) => planned,
        Planned::Nothing => {
            printer.success(&format!("{name} is up to date: there is nothing to plan"));
            return Ok(Exit::Done);
        }
        Planned::Interrupted => return Ok(Exit::Refused),
    };
    Plan::new(name, &planned.changes, Some(&prepared.target.outlook), prepared.supply.as_ref()).show(printer);
    let mut saved = SavedPlan::new(identity, name, &planned.id, planned.creates, plan::summary(&planned.changes));
    saved.image = prepared.supply.as_ref().map(|_| prepared.target.image());
    if let Err(error) = saved.write(path) {
        change_set::discard(session, &planned).await?;
        return Err(error);
    }
    printer.note(&format!("Nothing was deployed: the plan is in {}.", path.display()));
    printer.hint(&format!("`jqs deploy --plan {}` executes exactly this", path.display()));
    Ok(Exit::Done)
}

/// Executes what was planned and approved, if nothing has moved since.
async fn execute_plan(context: &Context, path: &Path, yes: bool) -> Result<Exit> {
    let saved = SavedPlan::read(path)?;
    let (session, identity) = context.identified_session().await?;
    saved.check_place(&identity)?;
    let planned = change_set::recall(&session, &saved.change_set, saved.creates).await?;
    let supply = match &saved.image {
        Some(SavedImage { tag, architecture }) => {
            image::find_or_supply(context, &session, &identity, tag, architecture).await?
        }
        None => None,
    };
    Plan::new(&saved.stack, &planned.changes, None, supply.as_ref()).show(&context.printer);
    if approval::ask(context, &format!("Make these changes to `{}`?", saved.stack), yes).await? == Approval::Refused {
        context.printer.note("Nothing was deployed. The plan stands.");
        return Ok(Exit::Refused);
    }
    let ended = operation::execute(context, &session, &planned, supply.as_ref(), None).await?;
    conclude(context, &session, &saved.stack, ended).await
}

/// What can be known without AWS. Values that an existing stack has are not known yet, so nothing can be missing here.
pub(super) fn check_offline(context: &Context, arguments: &TargetArgs) -> Result<()> {
    if let Some(region) =
        context.settings.session.region.as_deref().filter(|_| !context.settings.session.allow_unknown_region)
    {
        jqs_cfn::region::check(region)?;
    }
    let template = templates::bundle().template(templates::choose_entry(&arguments.template, None)?.file())?;
    let any: BTreeSet<String> = template.parameters.iter().map(|parameter| parameter.name.clone()).collect();
    let mut given = templates::given_parameters(&arguments.template)?;
    if arguments.template.vpc.is_none() {
        // Without `--vpc` the stack may still be one in an existing VPC: its own parameters are checked later.
        let other = templates::bundle().template(templates::Entry::ExistingVpc.file())?;
        given.retain(|name, _| template.parameter(name).is_some() || other.parameter(name).is_none());
    }
    parameters::resolve(&template, &given, &any).map(drop)
}

pub(super) async fn refuse_foreign(session: &Session, stack: &Stack) -> Result<()> {
    let is_planned = stack.readiness() == Readiness::Empty;
    if stack.tags.contains_key(TAG_NAME) || (is_planned && change_set::are_ours(session, &stack.id).await?) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Refused, format!("the stack `{}` was not made by `jqs`", stack.name))
        .hint("choose another name with `--name`"))
}

async fn rejoin(context: &Context, session: &Session, stack: &Stack) -> Result<Exit> {
    let ended = operation::attach(context, session, stack).await?;
    if matches!(ended, Ended::Well { .. }) {
        context.printer.note("What you asked for now was not applied: run the command again to do so.");
    }
    conclude(context, session, &stack.name, ended).await
}

/// Gets a stack out of the way that failed, or that is being deleted already.
async fn replace(context: &Context, session: &Session, stack: &Stack, yes: bool) -> Result<Ended> {
    if stack.readiness() == Readiness::Dead {
        let text = format!("`{}` is in {}: it can only be deleted and made anew", stack.name, stack.status);
        context.printer.warning(&text);
        let question = format!("Delete the failed `{}` and deploy again?", stack.name);
        if approval::ask(context, &question, yes).await? == Approval::Refused {
            return Ok(Ended::Refused);
        }
    }
    deletion::delete(context, session, stack, false).await
}

/// All that is decided before anything is changed in AWS.
pub(super) struct Prepared {
    pub(super) target: Target,
    pub(super) request: ChangeSetRequest,
    /// The image, if it is not there and can be made.
    pub(super) supply: Option<Supply>,
}

/// Decides, and looks whether the account is fit for it: `found` is what is there under the name.
pub(super) async fn prepare(
    context: &Context,
    session: &Session,
    identity: &Identity,
    arguments: &TargetArgs,
    found: Option<&Stack>,
    preflight: &PreflightArgs,
) -> Result<Prepared> {
    let current = found.filter(|stack| stack.readiness() == Readiness::Updatable);
    let target = Target::decide(identity, arguments, current)?;
    context.printer.field("Stack", &target.words(&arguments.stack.name));
    preflight::check(context, session, identity, arguments, &target, found, preflight).await?;
    let supply =
        if arguments.skip_image_check { None } else { find_image(context, session, identity, &target).await? };
    let request = target.request(identity, &arguments.stack.name, current.is_none());
    Ok(Prepared { target, request, supply })
}

async fn find_image(
    context: &Context,
    session: &Session,
    identity: &Identity,
    target: &Target,
) -> Result<Option<Supply>> {
    let uri = target.value("ImageUri");
    if !uri.is_empty() {
        return image::check(context, session, uri).await.map(|()| None);
    }
    let (tag, architecture) = (target.value("ImageTag"), target.value("CpuArchitecture"));
    image::find_or_supply(context, session, identity, tag, architecture).await
}

pub(super) async fn upload(
    context: &Context,
    session: &Session,
    identity: &Identity,
    prepared: &Prepared,
) -> Result<()> {
    let Target { bundle, bucket, .. } = &prepared.target;
    if bucket::ensure(session, identity, bucket).await? {
        context.printer.field("Bucket", &format!("made {bucket}: private, encrypted, TLS only"));
    }
    let place = format!("s3://{bucket}");
    let uploaded = upload::upload(session, bundle, bucket).await?;
    let text = if uploaded == 0 { format!("already in {place}") } else { format!("{uploaded} uploaded to {place}") };
    context.printer.field("Templates", &text);
    Ok(())
}

/// The last word: outputs of a stack that is well.
pub(super) async fn conclude(context: &Context, session: &Session, name: &str, ended: Ended) -> Result<Exit> {
    let exit = ended.exit();
    let stack = match ended {
        Ended::Well { stack, .. } => *stack,
        Ended::Unchanged => match stack::find(session, name).await? {
            // An update that was kept as it failed left its parameters behind, though not what they ask for.
            Some(stack) if stack.status == "UPDATE_FAILED" => {
                verdict::explain(context, session, &stack, &[], &Gathered::default()).await;
                return Ok(Exit::Failed);
            }
            found => {
                context.printer.success(&format!("{name} is up to date: nothing to change"));
                return Ok(found.map_or(exit, |stack| report(context, &stack, false)));
            }
        },
        _ => return Ok(exit),
    };
    Ok(report(context, &stack, true))
}

fn report(context: &Context, stack: &Stack, changed: bool) -> Exit {
    #[derive(Serialize)]
    struct Deployed<'a> {
        stack: &'a str,
        status: &'a str,
        changed: bool,
        outputs: &'a BTreeMap<String, String>,
    }
    let printer = &context.printer;
    if printer.is_json() {
        printer.record(
            "result",
            &Deployed { stack: &stack.name, status: &stack.status, changed, outputs: &stack.outputs },
        );
        return Exit::Done;
    }
    printer.note("");
    let rows: Vec<(String, String)> = stack.outputs.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    printer.table(&rows);
    Exit::Done
}
