//! `jqs scale`: other numbers of tasks, by the parameters of the stack that carry them. What is changed beside the stack would
//! be undone by its next update.

use super::deploy::{TAG_ENTRY, conclude, refuse_foreign};
use super::operation;
use super::verdict;
use crate::cli::StackArgs;
use crate::context::Context;
use crate::ecs;
use crate::exit::Exit;
use crate::plan::Outlook;
use crate::templates;
use clap::Args;
use jqs_cfn::eval::Given;
use jqs_cfn::parameters;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::change_set::{ChangeSetRequest, OnFailure, TemplateSource};
use jqs_stacks::retention;
use jqs_stacks::stack::{self, Readiness, Stack};
use jqs_stacks::{Identity, Session};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs scale collector=2..10                   as many as the load asks for, within these
  jqs scale query=2                           always two
  jqs scale collector=4..20 query=2..4 --yes

It is an update of the parameters `MinCollectorCount`, `MaxCollectorCount` and their like, and shows its plan first.")]
pub(crate) struct ScaleArgs {
    /// A service, and how many tasks it is to have: `SERVICE=N`, or `SERVICE=MIN..MAX`
    #[arg(required = true, value_name = "SERVICE=N", value_parser = Scaling::from_str)]
    scalings: Vec<Scaling>,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Scaling {
    service: String,
    least: u32,
    most: u32,
}

impl FromStr for Scaling {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').filter(|(service, _)| !service.is_empty()).and_then(|(service, counts)| {
            let (least, most) = counts.split_once("..").unwrap_or((counts, counts));
            Some((service.to_owned(), least.parse().ok()?, most.parse().ok()?))
        });
        let Some((service, least, most)) = parts else {
            return Err("write it as `SERVICE=N` or `SERVICE=MIN..MAX`".to_owned());
        };
        match (least, most) {
            (0, _) => Err("a service has one task at least; `jqs teardown` ends it".to_owned()),
            (least, most) if least > most => Err(format!("{least} is more than {most}")),
            _ => Ok(Self { service, least, most }),
        }
    }
}

/// The parameters that carry the numbers of a service.
struct Counts {
    least: String,
    most: String,
}

impl Counts {
    /// Those of the service `collector` are `MinCollectorCount` and `MaxCollectorCount`, if the stack has them.
    fn of(service: &str, stack: &Stack) -> Option<Self> {
        let of_service = |name: &str| {
            let own = name.strip_prefix("Min")?.strip_suffix("Count")?;
            own.eq_ignore_ascii_case(&service.replace('-', "")).then(|| own.to_owned())
        };
        let own = stack.parameters.keys().find_map(|name| of_service(name))?;
        let (least, most) = (format!("Min{own}Count"), format!("Max{own}Count"));
        stack.parameters.contains_key(&most).then_some(Self { least, most })
    }
}

pub(crate) async fn scale(context: &Context, arguments: &ScaleArgs) -> Result<Exit> {
    let (session, identity) = context.identified_session().await?;
    let found = stack::get(&session, &arguments.stack.name).await?;
    refuse_foreign(&session, &found).await?;
    match found.readiness() {
        Readiness::Updatable => {}
        Readiness::Busy => {
            return Err(Error::new(ErrorKind::StackBusy, format!("`{}` is in {}", found.name, found.status))
                .hint(format!("`jqs watch --name {}` comes back to it; scale after it", found.name)));
        }
        _ => return Err(verdict::unusable(&found)),
    }
    let given = given(&session, &found, &arguments.scalings).await?;
    let outlook = outlook(&identity, &found, &given);
    let previous: BTreeSet<String> = found.parameters.keys().cloned().collect();
    let Some(template) = retention::template_of(&session, &found.id).await? else {
        return Err(verdict::unusable(&found));
    };
    let request = ChangeSetRequest {
        stack_name: found.name.clone(),
        change_set_name: operation::change_set_name(),
        creates: false,
        template: TemplateSource::Previous,
        parameters: parameters::resolve(&template, &given, &previous)?,
        tags: found.tags.clone(),
        on_failure: OnFailure::Rollback,
    };
    let ended = operation::change(context, &session, &request, outlook.as_ref(), None, arguments.yes).await?;
    conclude(context, &session, &found.name, ended).await
}

/// The parameters that the scalings come to.
async fn given(session: &Session, stack: &Stack, scalings: &[Scaling]) -> Result<BTreeMap<String, String>> {
    let resources = stack::resources(session, &stack.id).await?;
    let services: BTreeSet<String> = ecs::addresses(&resources).into_iter().map(|address| address.name).collect();
    let mut given = BTreeMap::new();
    for Scaling { service, least, most } in scalings {
        if !services.contains(service) {
            let known = services.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {known}") };
            return Err(Error::new(ErrorKind::Usage, format!("the stack `{}` has no service `{service}`", stack.name))
                .hint(known));
        }
        let Some(counts) = Counts::of(service, stack) else {
            return Err(Error::new(ErrorKind::Usage, format!("the number of tasks of `{service}` is fixed")).hint(
                "its one task keeps the traces in memory; with `--storage opensearch` collectors and queries scale each by themselves",
            ));
        };
        for (name, count) in [(counts.least, least), (counts.most, most)] {
            if given.insert(name, count.to_string()).is_some_and(|other| other != count.to_string()) {
                return Err(Error::new(ErrorKind::Usage, format!("`{service}` is given twice, in two ways")));
            }
        }
    }
    Ok(given)
}

/// What it would cost, where the stack is of the templates of this version.
fn outlook(identity: &Identity, stack: &Stack, given: &BTreeMap<String, String>) -> Option<Outlook> {
    let bundle = templates::bundle();
    if stack.parameters.get("TemplatePrefix") != Some(&bundle.prefix()) {
        return None;
    }
    let before = Given {
        parameters: stack.parameters.clone(),
        region: identity.region.clone(),
        account: Some(identity.account.clone()),
        stack_name: stack.name.clone(),
    };
    let mut after = before.clone();
    after.parameters.extend(given.clone());
    Outlook::of(&bundle, stack.tags.get(TAG_ENTRY)?, &after, Some(&before)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_one_or_a_range() {
        let scaling = |service: &str, least, most| Ok(Scaling { service: service.to_owned(), least, most });
        assert_eq!("query=2".parse(), scaling("query", 2, 2));
        assert_eq!("all-in-one=4..12".parse(), scaling("all-in-one", 4, 12));
        for (text, why) in [
            ("query", "write it as"),
            ("=2", "write it as"),
            ("query=", "write it as"),
            ("query=two", "write it as"),
            ("query=-1", "write it as"),
            ("query=1..", "write it as"),
            ("query=0", "one task at least"),
            ("query=0..4", "one task at least"),
            ("query=4..2", "4 is more than 2"),
        ] {
            let refused = text.parse::<Scaling>().expect_err(text);
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
