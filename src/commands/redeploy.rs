//! `jqs redeploy`: new tasks, a new image, or the whole stack again.

use super::deletion;
use super::deploy::{TAG_ENTRY, conclude, refuse_foreign};
use super::operation::{self, Ended};
use crate::approval::{self, Approval};
use crate::cli::RedeployArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::quote::quoted;
use crate::{image, rollout, templates};
use jqs_cfn::parameters::ParameterValue;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::change_set::{ChangeSetRequest, OnFailure, TemplateSource};
use jqs_stacks::retention;
use jqs_stacks::stack::{self, Readiness, Stack};
use jqs_stacks::{Identity, Session, bucket, upload};
use std::collections::BTreeMap;

/// What CloudFormation shows instead of a value that it keeps to itself.
const HIDDEN_VALUE: &str = "****";

pub(crate) async fn redeploy(context: &Context, arguments: &RedeployArgs) -> Result<Exit> {
    arguments.record.begin(context)?;
    let (session, identity) = context.identified_session().await?;
    let stack = stack::get(&session, &arguments.stack.name).await?;
    refuse_foreign(&session, &stack).await?;
    if stack.readiness() == Readiness::Busy {
        return Err(Error::new(ErrorKind::StackBusy, format!("`{}` is in {}", stack.name, stack.status))
            .hint(format!("`jqs deploy --name {}` joins what goes on; redeploy after it", stack.name)));
    }
    if arguments.recreate {
        return recreate(context, &session, &identity, arguments, &stack).await;
    }
    if stack.readiness() != Readiness::Updatable {
        return Err(Error::new(ErrorKind::StackUnusable, format!("`{}` is in {}", stack.name, stack.status))
            .hint(format!("`jqs deploy --name {}` mends it", stack.name)));
    }
    match &arguments.image {
        Some(uri) => change_image(context, &session, arguments, &stack, uri).await,
        None => rollout::restart(context, &session, &stack).await,
    }
}

async fn change_image(
    context: &Context,
    session: &Session,
    arguments: &RedeployArgs,
    stack: &Stack,
    uri: &str,
) -> Result<Exit> {
    if !arguments.skip_image_check {
        image::check(context, session, uri).await?;
    }
    let keep = stack.parameters.keys().filter(|name| *name != "ImageUri").map(ParameterValue::previous);
    let request = ChangeSetRequest {
        stack_name: stack.name.clone(),
        change_set_name: operation::change_set_name(),
        creates: false,
        template: TemplateSource::Previous,
        parameters: keep.chain([ParameterValue::new("ImageUri", uri)]).collect(),
        tags: stack.tags.clone(),
        on_failure: OnFailure::Rollback,
    };
    let ended = operation::change(context, session, &request, None, None, arguments.yes).await?;
    conclude(context, session, &stack.name, ended).await
}

/// The same templates and the same parameters, from the bucket where they were left.
async fn recreate(
    context: &Context,
    session: &Session,
    identity: &Identity,
    arguments: &RedeployArgs,
    stack: &Stack,
) -> Result<Exit> {
    let parameters = parameters_again(arguments, stack)?;
    let url = template_again(session, identity, stack).await?;
    let printer = &context.printer;
    printer.warning(&format!(
        "`{}` will be deleted and made again: what it stores is lost, its addresses change",
        stack.name
    ));
    let resources = stack::resources(session, &stack.id).await?;
    for kept in retention::retained(session, &stack.id, &resources).await? {
        printer.warning(&format!(
            "`{}` ({}) outlives the stack and may not be made twice: tell the template so with `-P`",
            kept.physical_id,
            kept.path.join("/")
        ));
    }
    let question = format!("Delete `{}` and make it again?", stack.name);
    if approval::ask(context, &question, arguments.yes).await? == Approval::Refused {
        printer.note("Nothing was deleted.");
        return Ok(Exit::Refused);
    }
    let request = ChangeSetRequest {
        stack_name: stack.name.clone(),
        change_set_name: operation::change_set_name(),
        creates: true,
        template: TemplateSource::Url(url),
        parameters: parameters.iter().map(|(key, value)| ParameterValue::new(key, value)).collect(),
        tags: stack.tags.clone(),
        on_failure: OnFailure::Rollback,
    };
    let deleted = deletion::delete(context, session, stack, false).await?;
    if !matches!(deleted, Ended::Well { .. }) {
        printer.hint(&format!("once it is deleted, this makes it again:\n{}", deploy_command(stack, &parameters)));
        return Ok(deleted.exit());
    }
    let ended = operation::change(context, session, &request, None, None, true).await?;
    conclude(context, session, &stack.name, ended).await
}

fn parameters_again(arguments: &RedeployArgs, stack: &Stack) -> Result<BTreeMap<String, String>> {
    let mut parameters = stack.parameters.clone();
    parameters.extend(arguments.parameters.iter().cloned());
    let hidden: Vec<String> =
        parameters.iter().filter(|(_, value)| *value == HIDDEN_VALUE).map(|(key, _)| format!("-P {key}=…")).collect();
    if hidden.is_empty() {
        return Ok(parameters);
    }
    Err(Error::new(ErrorKind::Parameter, "AWS does not tell the secret parameters of the stack")
        .hint(format!("give them again: {}", hidden.join(" "))))
}

/// The template must still be there before anything is deleted.
async fn template_again(session: &Session, identity: &Identity, stack: &Stack) -> Result<String> {
    let value = |name: &str| stack.parameters.get(name).cloned().unwrap_or_default();
    let (bucket, prefix) = (value("TemplateBucket"), value("TemplatePrefix"));
    let entry = stack.tags.get(TAG_ENTRY).cloned().unwrap_or_default();
    let bundle = templates::bundle();
    if prefix == bundle.prefix() {
        bucket::ensure(session, identity, &bucket).await?;
        upload::upload(session, &bundle, &bucket).await?;
    }
    let key = format!("{prefix}{entry}");
    if entry.is_empty() || !bucket::holds(session, &bucket, &key).await? {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!("the templates that `{}` was made of are no longer in its bucket", stack.name),
        )
        .hint("`jqs teardown` and `jqs deploy` make it again from the templates of this version"));
    }
    Ok(bucket::url(&bucket, &value("TemplateBucketRegion"), &key))
}

fn deploy_command(stack: &Stack, parameters: &BTreeMap<String, String>) -> String {
    let is_place = |name: &str| name.starts_with("Template");
    let mut command = format!("jqs deploy --name {}", stack.name);
    for (key, value) in parameters.iter().filter(|(key, _)| !is_place(key)) {
        command.push_str(&format!(" -P {}", quoted(&format!("{key}={value}"))));
    }
    command
}
