//! `--keep-data`: the nested stacks that hold data outlive the stack, with what they stand on. CloudFormation leaves behind
//! what its template says to retain, so the stack is updated to say so before it is deleted.

use super::deploy::{TAG_ENTRY, TAG_NAME};
use super::operation::{self, Ended, Planned};
use crate::context::Context;
use crate::templates::{self, Entry};
use jqs_cfn::bundle::Bundle;
use jqs_cfn::cost::{self, PriceList, Usage};
use jqs_cfn::eval::{Given, StackTree, resolve};
use jqs_cfn::parameters::ParameterValue;
use jqs_cfn::render::{Retained, retaining};
use jqs_cfn::template::NESTED_STACK;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::change_set::{self, Action, Change, ChangeSetRequest, OnFailure, TemplateSource};
use jqs_stacks::stack::{self, Readiness, Stack, StackResource};
use jqs_stacks::{Identity, Session, bucket, upload};
use serde::Serialize;
use std::collections::BTreeSet;

/// The nested stack that holds data: the domain and its logs.
const DATA: &str = "OpenSearch";
/// The domain's security group admits that of the tasks, and so keeps it; the logs of the tasks stay as well.
const CLUSTER: &str = "Cluster";
/// Of the new VPC: a domain keeps its subnets. What of it costs by the hour goes.
const NETWORK: &str = "Network";

/// What is kept, and what it costs on.
#[derive(Debug, Serialize)]
pub(super) struct Keeping {
    /// Logical ids down to each nested stack that stays, with slashes.
    stacks: Vec<String>,
    /// The same of each resource in them, as the update leaves them.
    #[serde(skip)]
    resources: BTreeSet<String>,
    monthly_cost: f64,
    currency: String,
    #[serde(skip)]
    bundle: Bundle,
    #[serde(skip)]
    entry: Entry,
}

impl Keeping {
    /// Nothing where the stack holds no data that could outlive it.
    pub(super) async fn of(
        session: &Session,
        identity: &Identity,
        stack: &Stack,
        resources: &[StackResource],
    ) -> Result<Option<Self>> {
        let holds_data =
            |one: &StackResource| one.kind == NESTED_STACK && one.path.last().is_some_and(|name| name == DATA);
        if !resources.iter().any(holds_data) {
            return Ok(None);
        }
        if stack.readiness() != Readiness::Updatable {
            let message = format!("`{}` is in {}, and what it keeps is decided by an update", stack.name, stack.status);
            return Err(Error::new(ErrorKind::StackUnusable, message).hint(format!(
                "`jqs deploy --name {}` mends it; without `--keep-data` its data is deleted",
                stack.name
            )));
        }
        let entry = stack.tags.get(TAG_ENTRY).and_then(|file| Entry::from_file(file)).ok_or_else(|| {
            Error::new(ErrorKind::StackUnusable, format!("`{}` does not say which template it is made of", stack.name))
        })?;
        let bundle = retaining(&deployed(session, stack).await?, retained(entry))?;
        let given = Given {
            parameters: stack.parameters.clone(),
            region: identity.region.clone(),
            account: Some(identity.account.clone()),
            stack_name: stack.name.clone(),
        };
        let stacks = paths(entry);
        let (resources, monthly_cost, currency) = what_stays(&bundle, entry, &given, &stacks)?;
        Ok(Some(Self { stacks, resources, monthly_cost, currency, bundle, entry }))
    }

    pub(super) fn keeps(&self, resource: &StackResource) -> bool {
        self.resources.contains(&resource.path.join("/"))
    }

    pub(super) fn words(&self) -> String {
        format!("it goes on to cost about {:.0} {} a month (list prices)", self.monthly_cost, self.currency)
    }

    /// Updates the stack so that its deletion leaves behind what is kept.
    pub(super) async fn secure(&self, context: &Context, session: &Session, stack: &Stack) -> Result<Ended> {
        let value = |name: &str| stack.parameters.get(name).map(String::as_str).unwrap_or_default();
        let (bucket, region) = (value("TemplateBucket"), value("TemplateBucketRegion"));
        upload::upload(session, &self.bundle, bucket).await?;
        let prefix = self.bundle.prefix();
        let keep = stack.parameters.keys().filter(|name| *name != "TemplatePrefix").map(ParameterValue::previous);
        let request = ChangeSetRequest {
            stack_name: stack.name.clone(),
            change_set_name: operation::change_set_name(),
            creates: false,
            template: TemplateSource::Url(bucket::url(bucket, region, &format!("{prefix}{}", self.entry.file()))),
            parameters: keep.chain([ParameterValue::new("TemplatePrefix", &prefix)]).collect(),
            tags: stack.tags.clone(),
            on_failure: OnFailure::Rollback,
        };
        let planned = match operation::plan(context, session, &request).await? {
            Planned::Changes(planned) => planned,
            Planned::Nothing => return Ok(Ended::Unchanged),
            Planned::Interrupted => return Ok(Ended::Refused),
        };
        if let Some(path) = planned.changes.iter().find_map(|change| endangered(change, "")) {
            change_set::discard(session, &planned).await?;
            let message = format!("to keep the data, the stack would have to change {path}, which would lose it");
            return Err(Error::new(ErrorKind::Refused, message).hint("nothing was changed"));
        }
        context.printer.note("The stack is updated first, so that CloudFormation leaves the data behind.");
        operation::execute(context, session, &planned, None, None).await
    }
}

/// A part of what is kept that would not stay as it is.
fn endangered(change: &Change, above: &str) -> Option<String> {
    let path = format!("{above}{}", change.logical_id);
    let is_lost = matches!(change.action, Action::Remove | Action::Replace | Action::MayReplace);
    let is_data = path.split('/').any(|name| name == DATA);
    if is_lost && is_data {
        return Some(path);
    }
    change.children.iter().find_map(|child| endangered(child, &format!("{path}/")))
}

fn retained(entry: Entry) -> &'static [Retained<'static>] {
    const IN_EXISTING: [Retained<'static>; 2] = [
        Retained { file: Entry::ExistingVpc.file(), logical_id: DATA, parameters: &[] },
        Retained { file: Entry::ExistingVpc.file(), logical_id: CLUSTER, parameters: &[] },
    ];
    const IN_NEW: [Retained<'static>; 3] = [
        IN_EXISTING[0],
        IN_EXISTING[1],
        Retained { file: Entry::NewVpc.file(), logical_id: NETWORK, parameters: &[("NatGateways", "none")] },
    ];
    match entry {
        Entry::ExistingVpc => &IN_EXISTING,
        Entry::NewVpc => &IN_NEW,
    }
}

fn paths(entry: Entry) -> Vec<String> {
    match entry {
        Entry::ExistingVpc => vec![DATA.to_owned(), CLUSTER.to_owned()],
        Entry::NewVpc => vec![format!("Jaeger/{DATA}"), format!("Jaeger/{CLUSTER}"), NETWORK.to_owned()],
    }
}

/// The templates that the stack was made of: other ones would change more than what is kept.
async fn deployed(session: &Session, stack: &Stack) -> Result<Bundle> {
    let value = |name: &str| stack.parameters.get(name).map(String::as_str).unwrap_or_default();
    let (bucket, prefix) = (value("TemplateBucket"), value("TemplatePrefix"));
    let own = templates::bundle();
    if own.prefix() == prefix {
        return Ok(own);
    }
    upload::download(session, bucket, prefix).await?.ok_or_else(|| {
        let message = format!("the templates that `{}` was made of are no longer in the bucket {bucket}", stack.name);
        Error::new(ErrorKind::NotFound, message)
            .hint(format!("`jqs deploy --name {}` updates it to those of this version; then try again", stack.name))
    })
}

/// The paths of these nested stacks and of all that is in them, and what they cost in a month.
fn what_stays(
    bundle: &Bundle,
    entry: Entry,
    given: &Given,
    kept: &[String],
) -> Result<(BTreeSet<String>, f64, String)> {
    let tree = StackTree::open_with(bundle, entry.file(), &given.parameters)?;
    let resolved = resolve(&tree, given).map_err(|fault| Error::new(ErrorKind::Template, fault.to_string()))?;
    let stays = |path: &str| kept.iter().any(|stack| path == stack || path.starts_with(&format!("{stack}/")));
    let paths = resolved.walk().into_iter().flat_map(|stack| {
        let path = |id: &str| stack.path.iter().map(AsRef::as_ref).chain([id]).collect::<Vec<_>>().join("/");
        stack.resources.iter().map(move |resource| path(&resource.logical_id))
    });
    let resources = paths.filter(|path| stays(path)).collect();
    let prices = PriceList::built_in()?.in_region(&given.region)?;
    let estimate = cost::estimate(&resolved, &prices, &Usage::default());
    let costs = estimate.stacks.iter().filter(|stack| stays(&stack.path)).map(|stack| stack.total.least);
    Ok((resources, costs.sum(), estimate.currency))
}

/// Stacks that an earlier teardown of that name has kept, in the order in which they may go.
pub(super) async fn kept_earlier(session: &Session, name: &str) -> Result<Vec<Stack>> {
    let all = stack::list(session).await?;
    let is_live = |id: &str| all.iter().any(|stack| stack.id == id);
    let has_root = all.iter().any(|stack| stack.name == name);
    let is_kept = |stack: &&Stack| {
        let is_own = stack.tags.get(TAG_NAME).is_some_and(|of| of == name) && stack.name != name;
        is_own && stack.parent_id.as_ref().map_or(!has_root, |parent| !is_live(parent))
    };
    let mut kept: Vec<Stack> = all.iter().filter(is_kept).cloned().collect();
    kept.sort_by_key(|stack| rank(&stack.name));
    Ok(kept)
}

/// What stands on another one goes before it. The name of a nested stack is `PARENT-LOGICALID-SUFFIX`.
fn rank(name: &str) -> Option<usize> {
    name.rsplit('-').find_map(|part| [DATA, CLUSTER, NETWORK].iter().position(|id| *id == part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_goes_before_what_it_stands_on() {
        let mut names = ["Network-Network-1AB", "Network-Jaeger-2CD-Cluster-3EF", "Network-Jaeger-2CD-OpenSearch-4AB"];
        names.sort_by_key(|name| rank(name));
        assert_eq!(names.map(rank), [Some(0), Some(1), Some(2)], "{names:?}");
    }

    #[test]
    fn what_is_to_be_kept_is_in_the_templates() {
        for entry in [Entry::NewVpc, Entry::ExistingVpc] {
            let bundle = retaining(&templates::bundle(), retained(entry)).expect("both entries nest what is kept");
            let given = Given::new("eu-west-1")
                .with("StorageBackend", "opensearch")
                .with("VPCID", "vpc-0aaaaaaaaaaaaaaa1")
                .with("VPCCIDR", "10.0.0.0/16")
                .with("PrivateSubnetIDs", "subnet-0aaaaaaaaaaaaaaa1,subnet-0aaaaaaaaaaaaaaa2");
            let (resources, cost, currency) = what_stays(&bundle, entry, &given, &paths(entry)).expect("an estimate");
            assert!(cost > 50.0, "{cost} {currency}");
            assert!(resources.iter().any(|path| path.ends_with("OpenSearch/Domain")), "{resources:?}");
            assert!(!resources.iter().any(|path| path.contains("NatGateway")), "{resources:?}");
            let nothing = what_stays(&bundle, entry, &given, &["Network".to_owned()]).expect("an estimate").1;
            assert!(nothing < 5.0, "a network without NAT costs next to nothing: {nothing}");
        }
    }
}
