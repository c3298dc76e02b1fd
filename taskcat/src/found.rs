//! What runs have left in AWS: stacks and buckets that carry TaskCat's tags, in any region.

use crate::package;
use crate::run::{Goal, Site, Sites, TAG_PROJECT, TAG_RUN};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::failure::first_cause;
use jqs_stacks::query::{Outcome, TAGGING};
use jqs_stacks::stack::{self, Stack};
use jqs_stacks::watch::Watcher;
use jqs_stacks::{aws_error, bucket, delete};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Regions that are asked at the same time.
pub const DEFAULT_REGIONS_AT_ONCE: usize = 12;
const DEFAULT_PAGES_MAX: usize = 100;

/// Whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    All,
    Run(String),
    Project(String),
}

#[derive(Debug, Clone, Serialize)]
pub struct Found {
    pub region: String,
    pub stacks: Vec<Stack>,
    pub buckets: Vec<String>,
}

impl Filter {
    fn takes(&self, stack: &Stack) -> bool {
        let Some(run) = stack.tags.get(TAG_RUN) else { return false };
        match self {
            Self::All => true,
            Self::Run(id) => run == id,
            Self::Project(name) => stack.tags.get(TAG_PROJECT) == Some(name),
        }
    }

    fn tags(&self) -> Value {
        match self {
            Self::All => json!([{"Key": TAG_RUN}]),
            Self::Run(id) => json!([{"Key": TAG_RUN, "Values": [id]}]),
            Self::Project(name) => json!([{"Key": TAG_PROJECT, "Values": [name]}]),
        }
    }
}

/// In all of the regions, each with its profile, some at once; with those that did not answer, and why.
pub async fn look(
    sites: &Arc<Sites>,
    places: &[(Option<String>, String)],
    filter: &Filter,
) -> Result<(Vec<Found>, Vec<(String, Error)>)> {
    let (mut found, mut silent) = (Vec::new(), Vec::new());
    for some in places.chunks(DEFAULT_REGIONS_AT_ONCE) {
        let mut asked = JoinSet::new();
        for (profile, region) in some {
            let (sites, profile, region, filter) = (sites.clone(), profile.clone(), region.clone(), filter.clone());
            asked.spawn(async move {
                let found = in_region(&sites, profile.as_deref(), &region, &filter).await;
                (region, found)
            });
        }
        while let Some(answer) = asked.join_next().await {
            let (region, answer) =
                answer.map_err(|error| Error::new(ErrorKind::Service, "a region was not asked").because(error))?;
            match answer {
                Ok(one) => found.push(one),
                Err(error) => silent.push((region, error)),
            }
        }
    }
    found.sort_by(|one, other| one.region.cmp(&other.region));
    silent.sort_by(|one, other| one.0.cmp(&other.0));
    Ok((found, silent))
}

async fn in_region(sites: &Sites, profile: Option<&str>, region: &str, filter: &Filter) -> Result<Found> {
    let site = sites.open(profile, region).await?;
    let mut stacks = stack::list(&site.session).await?;
    stacks.retain(|stack| !stack.is_nested && filter.takes(stack));
    stacks.sort_by(|one, other| one.name.cmp(&other.name));
    let buckets = buckets(&site, filter).await?;
    Ok(Found { region: region.to_owned(), stacks, buckets })
}

/// By the tagging API, which knows the buckets of its region alone.
async fn buckets(site: &Site, filter: &Filter) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    let mut token = String::new();
    for _ in 0..DEFAULT_PAGES_MAX {
        let input = json!({
            "TagFilters": filter.tags(),
            "ResourceTypeFilters": ["s3"],
            "ResourcesPerPage": 100,
            "PaginationToken": token,
        });
        let page = site.query.json(TAGGING, "GetResources", &input).await?;
        let arns = page["ResourceTagMappingList"].as_array().into_iter().flatten();
        let names = arns.filter_map(|one| one["ResourceARN"].as_str()?.rsplit(':').next().map(str::to_owned));
        for name in names.filter(|name| !name.contains('/')) {
            // It goes on telling for a while of what is gone.
            if exists(site, &name).await {
                found.push(name);
            }
        }
        token = page["PaginationToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    found.extend(half_made(site, filter).await.unwrap_or_default());
    found.sort();
    found.dedup();
    Ok(found)
}

/// Buckets of runs that were killed before they had tags: of those, the name tells whose they are.
async fn half_made(site: &Site, filter: &Filter) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let listed = site.session.s3.list_buckets().prefix(package::BUCKET_PREFIX).send().await;
    let listed = listed.map_err(|failure| aws_error("list the buckets", failure))?;
    for name in listed.buckets().iter().filter_map(|bucket| bucket.name()) {
        let is_meant = match filter {
            Filter::All => name.starts_with(package::BUCKET_PREFIX),
            Filter::Run(run) => package::is_bucket_of(name, run, &site.identity),
            Filter::Project(project) => package::is_bucket_of_project(name, project),
        };
        if is_meant && is_here(site, name).await && bucket::has_no_tags(&site.session, name).await? {
            found.push(name.to_owned());
        }
    }
    Ok(found)
}

async fn is_here(site: &Site, name: &str) -> bool {
    let Ok(answer) = site.session.s3.get_bucket_location().bucket(name).send().await else { return false };
    // The oldest region has no name there.
    let place = answer.location_constraint().map(|place| place.as_str()).filter(|place| !place.is_empty());
    place.unwrap_or("us-east-1") == site.session.region
}

async fn exists(site: &Site, name: &str) -> bool {
    match site.session.s3.head_bucket().bucket(name).send().await {
        Ok(_) => true,
        Err(failure) => failure.raw_response().is_none_or(|answer| answer.status().as_u16() != 404),
    }
}

/// Deletes all of it: the stacks of a region at the same time, and then the buckets, with all versions. What could not be
/// deleted comes back with the reason.
pub async fn remove(sites: &Arc<Sites>, profile: Option<&str>, found: &[Found]) -> Result<Vec<(String, Error)>> {
    let mut left = Vec::new();
    let mut going = JoinSet::new();
    for one in found {
        let (sites, profile, one) = (sites.clone(), profile.map(str::to_owned), one.clone());
        going.spawn(async move {
            let region = one.region.clone();
            let site = match sites.open(profile.as_deref(), &region).await {
                Ok(site) => site,
                Err(error) => return vec![(region, error)],
            };
            remove_in(sites, site, one).await
        });
    }
    while let Some(done) = going.join_next().await {
        left.extend(done.map_err(|error| Error::new(ErrorKind::Service, "clearing away ended early").because(error))?);
    }
    Ok(left)
}

async fn remove_in(sites: Arc<Sites>, site: Arc<Site>, found: Found) -> Vec<(String, Error)> {
    let mut left = Vec::new();
    let mut going = JoinSet::new();
    for stack in found.stacks {
        let (sites, site, region) = (sites.clone(), site.clone(), found.region.clone());
        going.spawn(async move {
            let removed = remove_stack(&site, &stack).await;
            if removed.is_ok() {
                sites.note(format!("deleted the stack {} in {region}", stack.name));
            }
            removed.map_err(|error| (format!("the stack `{}` in {region}", stack.name), error))
        });
    }
    while let Some(done) = going.join_next().await {
        match done {
            Ok(Ok(())) => {}
            Ok(Err(failed)) => left.push(failed),
            Err(error) => left.push((found.region.clone(), Error::new(ErrorKind::Service, error.to_string()))),
        }
    }
    // What stacks have kept is told of only now; a stack that stays may need its bucket.
    for name in found.buckets {
        if !left.is_empty() {
            let why = Error::new(ErrorKind::Refused, "a stack of the region stays and may need it");
            left.push((format!("the bucket `{name}` in {}", found.region), why));
            continue;
        }
        match bucket::remove(&site.session, &name).await {
            Ok(()) => sites.note(format!("removed the bucket {name} in {}", found.region)),
            Err(error) => left.push((format!("the bucket `{name}` in {}", found.region), error)),
        }
    }
    left
}

pub async fn remove_stack(site: &Site, stack: &Stack) -> Result<()> {
    let tag = (TAG_RUN, stack.tags.get(TAG_RUN).map(String::as_str).unwrap_or_default());
    for asked in 1.. {
        delete::delete(&site.session, &stack.id, false).await?;
        let after = site.poller.ended(&stack.id, Goal::Gone, None).await?;
        if after.status == "DELETE_COMPLETE" {
            break;
        }
        let resources = stack::resources(&site.session, &stack.id).await?;
        let blocking: Vec<_> = stack::failed(&resources).cloned().collect();
        let emptied = delete::empty_buckets(&site.session, &blocking, tag).await?;
        if asked >= crate::run::DEFAULT_DELETIONS_MAX && emptied.is_empty()
            || asked > 2 * crate::run::DEFAULT_DELETIONS_MAX
        {
            let events = Watcher::record(&site.session, &stack.id).await.unwrap_or_default();
            let cause = first_cause(&stack.id, &events);
            let why = cause.map_or_else(
                || "AWS gave no reason".to_owned(),
                |cause| format!("{}: {}", cause.path.join("/"), cause.reason),
            );
            return Err(Error::new(ErrorKind::StackFailed, format!("the stack is {}", after.status)).because(why));
        }
        tokio::time::sleep(site.session.pace.max).await;
    }
    Ok(())
}
