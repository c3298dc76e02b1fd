//! `jqs deploy`: check → bucket → upload → change set → approve → watch → outputs.

use super::operation::{self, Ended};
use super::{deletion, recovery, verdict};
use crate::approval::{self, Approval};
use crate::cli::{DeployArgs, OnFailure};
use crate::context::Context;
use crate::exit::Exit;
use crate::{case, image, templates};
use jqs_cfn::bundle::Bundle;
use jqs_cfn::eval::Given;
use jqs_cfn::parameters::{self, ParameterValue};
use jqs_cfn::template::Template;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::change_set::{self, ChangeSetRequest, TemplateSource};
use jqs_stacks::stack::{self, Readiness, Stack};
use jqs_stacks::{Identity, Session, bucket, upload};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const TAG_NAME: &str = "jqs:name";
pub(super) const TAG_VERSION: &str = "jqs:version";
pub(super) const TAG_ENTRY: &str = "jqs:entry";

pub(crate) async fn deploy(context: &Context, arguments: &DeployArgs) -> Result<Exit> {
    check_offline(context, arguments)?;
    let (session, identity) = context.identified_session().await?;
    let mut found = stack::find(&session, &arguments.stack.name).await?;
    if let Some(stack) = &found {
        refuse_foreign(&session, stack).await?;
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
    let current = found.as_ref().filter(|_| readiness == Some(Readiness::Updatable));
    let plan = prepare(context, &session, &identity, arguments, current).await?;
    if let Some(stack) = found.as_ref().filter(|_| matches!(readiness, Some(Readiness::Dead | Readiness::Busy))) {
        let ended = replace(context, &session, stack, arguments.yes).await?;
        if !matches!(ended, Ended::Well { .. }) {
            return Ok(ended.exit());
        }
    }
    upload(context, &session, &identity, &plan).await?;
    let ended = operation::change(context, &session, &plan.request, arguments.yes).await?;
    conclude(context, &session, &arguments.stack.name, ended).await
}

/// What can be known without AWS. Values that an existing stack has are not known yet, so nothing can be missing here.
fn check_offline(context: &Context, arguments: &DeployArgs) -> Result<()> {
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
struct Plan {
    bundle: Bundle,
    bucket: String,
    request: ChangeSetRequest,
}

async fn prepare(
    context: &Context,
    session: &Session,
    identity: &Identity,
    arguments: &DeployArgs,
    current: Option<&Stack>,
) -> Result<Plan> {
    let bundle = templates::bundle();
    let current_entry = current.and_then(|stack| stack.tags.get(TAG_ENTRY)).map(String::as_str);
    let entry = templates::choose_entry(&arguments.template, current_entry)?;
    let template = bundle.template(entry.file())?;
    let bucket = arguments.bucket.clone().unwrap_or_else(|| bucket::name(identity));
    let values = values(&template, &bundle, &bucket, arguments, current, identity)?;
    let effective = Effective { template: &template, values: &values, current };
    let storage = effective.value("StorageBackend");
    let name = &arguments.stack.name;
    context.printer.field("Stack", &format!("{name} ({}, {storage} storage)", entry.words()));
    case::check(&bundle, entry.file(), &effective.given(identity, name))?;
    if !arguments.skip_image_check {
        image::check(context, session, identity, &effective.value("ImageUri"), &effective.value("ImageTag")).await?;
    }
    let key = format!("{}{}", bundle.prefix(), entry.file());
    let request = ChangeSetRequest {
        stack_name: name.clone(),
        change_set_name: operation::change_set_name(),
        creates: current.is_none(),
        template: TemplateSource::Url(bucket::url(&bucket, &identity.region, &key)),
        parameters: values,
        tags: tags(name, entry.file()),
        on_failure: match arguments.on_failure {
            OnFailure::Rollback => change_set::OnFailure::Rollback,
            OnFailure::Keep => change_set::OnFailure::Keep,
            OnFailure::Delete => change_set::OnFailure::Delete,
        },
    };
    Ok(Plan { bundle, bucket, request })
}

fn tags(name: &str, entry: &str) -> BTreeMap<String, String> {
    let pairs = [(TAG_NAME, name), (TAG_VERSION, env!("CARGO_PKG_VERSION")), (TAG_ENTRY, entry)];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn values(
    template: &Template,
    bundle: &Bundle,
    bucket: &str,
    arguments: &DeployArgs,
    current: Option<&Stack>,
    identity: &Identity,
) -> Result<Vec<ParameterValue>> {
    let mut given = templates::given_parameters(&arguments.template)?;
    if current.is_none() {
        given.entry("EnvironmentName".to_owned()).or_insert_with(|| arguments.stack.name.clone());
    }
    given.insert("TemplateBucket".to_owned(), bucket.to_owned());
    given.insert("TemplateBucketRegion".to_owned(), identity.region.clone());
    given.insert("TemplatePrefix".to_owned(), bundle.prefix());
    let previous = current.map(|stack| stack.parameters.keys().cloned().collect()).unwrap_or_default();
    parameters::resolve(template, &given, &previous)
}

/// What a parameter will be: given, else as it is in the stack, else the default.
struct Effective<'a> {
    template: &'a Template,
    values: &'a [ParameterValue],
    current: Option<&'a Stack>,
}

impl Effective<'_> {
    /// The case as the engine evaluates it.
    fn given(&self, identity: &Identity, stack_name: &str) -> Given {
        let parameters = self.template.parameters.iter();
        let parameters = parameters.map(|parameter| (parameter.name.clone(), self.value(&parameter.name)));
        Given {
            parameters: parameters.collect(),
            region: identity.region.clone(),
            account: Some(identity.account.clone()),
            stack_name: stack_name.to_owned(),
        }
    }

    fn value(&self, name: &str) -> String {
        let given = self.values.iter().find(|value| value.parameter_key == name);
        given
            .and_then(|value| value.parameter_value.clone())
            .or_else(|| self.current?.parameters.get(name).cloned())
            .or_else(|| self.template.parameter(name)?.default.clone())
            .unwrap_or_default()
    }
}

async fn upload(context: &Context, session: &Session, identity: &Identity, plan: &Plan) -> Result<()> {
    let Plan { bundle, bucket, .. } = plan;
    if bucket::ensure(session, identity, bucket).await? {
        context.printer.field("Bucket", &format!("made {bucket}: private, encrypted, TLS only"));
    }
    let place = format!("s3://{bucket}/{}", bundle.prefix());
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
                verdict::explain(context, session, &stack, &[]).await;
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
