//! Where runs are looked for, and what is said of what was found.

use crate::context::Context;
use jqs_cfn::{Error, Result, region};
use jqs_taskcat::found::{self, Filter, Found};
use jqs_taskcat::run::{Event, Sites};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A look over regions, and all that is needed to act on what it finds.
pub(super) struct Looked {
    pub(super) sites: Arc<Sites>,
    pub(super) found: Vec<Found>,
    pub(super) regions: usize,
    /// What goes on while it is acted on.
    pub(super) events: mpsc::UnboundedReceiver<Event>,
}

pub(super) async fn look(context: &Context, named: &[String], filter: &Filter) -> Result<Looked> {
    let regions = regions(context, named).await?;
    look_at(context, regions.into_iter().map(|region| (None, region)).collect(), filter).await
}

/// In regions, each with the profile of its account.
pub(super) async fn look_at(
    context: &Context,
    places: Vec<(Option<String>, String)>,
    filter: &Filter,
) -> Result<Looked> {
    let (sender, events) = mpsc::unbounded_channel();
    let sites = Arc::new(Sites::new(&context.settings.session, sender));
    let (found, silent) = found::look(&sites, &places, filter).await?;
    tell_of_silent(context, silent, found.is_empty())?;
    Ok(Looked { sites, found, regions: places.len(), events })
}

/// Those that are named, or all of the partition.
async fn regions(context: &Context, named: &[String]) -> Result<Vec<String>> {
    let options = &context.settings.session;
    let mut regions: Vec<String> = named.iter().chain(&options.region).cloned().collect();
    if !options.allow_unknown_region {
        regions.iter().try_for_each(|name| region::check(name))?;
    }
    if regions.is_empty() {
        let (session, identity) = context.session().await?;
        let all = region::all().iter().filter(|name| region::partition(name) == identity.partition);
        regions = all.map(|name| (*name).to_owned()).collect();
        regions.extend(Some(session.region).filter(|name| !region::is_known(name)));
    }
    regions.sort();
    regions.dedup();
    Ok(regions)
}

/// A region that the account has not enabled refuses everybody; where none answers, something else is wrong.
fn tell_of_silent(context: &Context, silent: Vec<(String, Error)>, is_nothing_found: bool) -> Result<()> {
    let names: Vec<&str> = silent.iter().map(|(region, _)| region.as_str()).collect();
    if !names.is_empty() && !is_nothing_found {
        context.printer.warning(&format!("not looked at, for they did not answer: {}", names.join(", ")));
    }
    match silent.into_iter().next() {
        Some((_, error)) if is_nothing_found => Err(error),
        _ => Ok(()),
    }
}

/// Runs, newest last, each with what there is of it.
pub(super) fn is_empty(found: &[Found]) -> bool {
    found.iter().all(|one| one.stacks.is_empty() && one.buckets.is_empty())
}
