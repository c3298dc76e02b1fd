//! `jqs test retry`: what has failed in a run, again; or, as TaskCat has it, one nested stack by itself.

use super::project::ProjectArgs;
use super::resume;
use super::run::{self, HowArgs, Plan};
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::template::NESTED_STACK;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::stack::{self, Stack};
use jqs_taskcat::found::{Filter, remove_stack};
use jqs_taskcat::report::{self, REPORT_JSON};
use jqs_taskcat::run::{CaseResult, Goal, Keep, Sites, Verdict};
use std::collections::HashMap;
use tokio::sync::mpsc;

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  jqs test retry                              what has failed in the last run
  jqs test retry eu-west-1 tCaT-shop-one-0123 Storage
                                              delete a nested stack and make it anew by itself

{}", run::EXIT_CODES))]
pub(crate) struct RetryArgs {
    /// Nothing, or REGION, STACK and LOGICAL_ID of a nested stack
    #[arg(value_name = "REGION STACK LOGICAL_ID", num_args = 3)]
    nested: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    how: HowArgs,
}

pub(crate) async fn retry(context: &Context, arguments: &RetryArgs) -> Result<Exit> {
    if let [region, name, logical_id] = arguments.nested.as_slice() {
        return nested(context, region, name, logical_id).await;
    }
    let matrix = arguments.project.matrix(context)?;
    let last = report::read(&arguments.how.output_directory.join(REPORT_JSON))?;
    let over: HashMap<(String, String), CaseResult> = last
        .cases
        .iter()
        .filter(|case| case.verdict == Verdict::Passed)
        .map(|case| ((case.test.clone(), case.region.clone()), case.clone()))
        .collect();
    let again =
        matrix.cases.iter().filter(|case| !over.contains_key(&(case.test.name.clone(), case.region.clone()))).count();
    if again == 0 {
        context.printer.success("Nothing has failed in the last run.");
        return Ok(Exit::Done);
    }
    context.printer.note(&format!("{again} of {} again, {} have passed before.", matrix.cases.len(), over.len()));
    // What was kept of it stands in the way of its own name.
    let stacks = resume::stacks(context, &matrix, &Filter::Run(last.run.clone())).await?;
    let (sender, _events) = mpsc::unbounded_channel();
    let sites = Sites::new(&context.settings.session, sender);
    for ((test, region), stack) in stacks.iter().filter(|(key, _)| !over.contains_key(key)) {
        context.printer.note(&format!("Deleting what is left of {test} in {region}: {}", stack.name));
        let profile = matrix.cases.iter().find(|case| case.region == *region).and_then(|case| case.profile.clone());
        remove_stack(&*sites.open(profile.as_deref(), region).await?, stack).await?;
    }
    if let Some(exit) = run::first(context, &matrix, &arguments.how).await? {
        return Ok(exit);
    }
    let keep = if arguments.how.keep_failed { Keep::Failed } else { Keep::None };
    let plan = Plan { matrix, run: last.run, keep, found: HashMap::new(), over };
    run::go(context, plan, &arguments.how).await
}

/// Deletes a nested stack, and makes the same as a stack of its own: with its template, parameters and tags.
async fn nested(context: &Context, region: &str, name: &str, logical_id: &str) -> Result<Exit> {
    let (sender, _events) = mpsc::unbounded_channel();
    let sites = Sites::new(&context.settings.session, sender);
    let site = sites.open(None, region).await?;
    let parent = stack::get(&site.session, name).await?;
    let resources = stack::resources(&site.session, &parent.id).await?;
    let child = resources.iter().find(|one| one.path.join("/") == logical_id && one.kind == NESTED_STACK);
    let Some(child) = child.filter(|child| !child.physical_id.is_empty()) else {
        return Err(Error::new(ErrorKind::NotFound, format!("`{name}` has no nested stack `{logical_id}`")));
    };
    let before: Stack = stack::get(&site.session, &child.physical_id).await?;
    let body = site.session.cloudformation.get_template().stack_name(&before.id).send().await;
    let body = body.map_err(|failure| jqs_stacks::aws_error("read the template of the nested stack", failure))?;
    let body = body.template_body().unwrap_or_default().to_owned();
    context.printer.note(&format!("Deleting {}", before.name));
    remove_stack(&site, &before).await?;
    let own = format!("{}-{}", parent.name.get(..100).unwrap_or(&parent.name), logical_id.replace('/', "-"));
    context.printer.note(&format!("Making {own}"));
    let id = jqs_taskcat::run::make_again(&site, &own, &body, &before).await?;
    let after = site.poller.ended(&id, Goal::Made, None).await?;
    if after.succeeded() {
        context.printer.success(&format!("{own} is {}", after.status));
        return Ok(Exit::Done);
    }
    let reason = after.reason.unwrap_or_else(|| "AWS gave no reason".to_owned());
    Err(Error::new(ErrorKind::StackFailed, format!("{own} is {}", after.status)).because(reason))
}
