//! Whether an account is fit for a deployment: checks, a file for each subject, run side by side and told in a fixed order.
//! None of them changes anything.

mod access;
mod actions;
mod delegation;
mod dns;
mod finding;
mod image;
mod network;
mod permissions;
mod proof;
mod quotas;
mod region;
mod roles;
mod show;
mod state;
mod subject;
mod subnets;
mod usage;

pub(crate) use access::refused;
pub(crate) use finding::{Finding, Verdict};
pub(crate) use show::{Summary, line};
pub(crate) use subject::Subject;

use finding::About;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Checks that ask AWS at the same time.
pub(crate) const DEFAULT_CHECKS_AT_ONCE_MAX: usize = 8;
/// How long one check may take: some networks let nobody through to some services.
pub(crate) const DEFAULT_CHECK_TIMEOUT_SECONDS: u64 = 30;

type Running = Pin<Box<dyn Future<Output = Vec<Finding>> + Send>>;

struct Check {
    /// For when it does not come to an end.
    about: About,
    /// It costs little, and a deployment would fail by it.
    is_preflight: bool,
    run: fn(Arc<Subject>) -> Running,
}

const fn check(about: About, is_preflight: bool, run: fn(Arc<Subject>) -> Running) -> Check {
    Check { about, is_preflight, run }
}

/// In the order in which they are told.
const CHECKS: &[Check] = &[
    check(access::CREDENTIALS, false, |subject| Box::pin(access::check(subject))),
    check(region::REGION, false, |subject| Box::pin(region::check(subject))),
    check(permissions::PERMISSIONS, false, |subject| Box::pin(permissions::check(subject))),
    check(state::STACK, false, |subject| Box::pin(state::check(subject))),
    check(proof::TEMPLATES, true, |subject| Box::pin(proof::check(subject))),
    // `deploy` and `diff` look for it by themselves.
    check(image::IMAGE, false, |subject| Box::pin(image::check(subject))),
    check(roles::ROLES, true, |subject| Box::pin(roles::check(subject))),
    check(quotas::QUOTAS, true, |subject| Box::pin(quotas::check(subject))),
    check(network::VPC, true, |subject| Box::pin(network::check(subject))),
    check(subnets::SUBNETS, true, |subject| Box::pin(subnets::check(subject))),
    check(dns::NAMES, true, |subject| Box::pin(dns::check(subject))),
];

/// Which checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    All,
    Preflight,
}

/// Runs them, and hands each finding to `tell` as soon as all before it are told.
pub(crate) async fn examine(subject: Subject, extent: Extent, mut tell: impl FnMut(&Finding)) -> Vec<Finding> {
    let subject = Arc::new(subject);
    let places = Arc::new(Semaphore::new(DEFAULT_CHECKS_AT_ONCE_MAX));
    let mut running = JoinSet::new();
    let chosen = CHECKS.iter().filter(|check| extent == Extent::All || check.is_preflight);
    let count = chosen.clone().count();
    for (at, check) in chosen.enumerate() {
        let (about, checking, places) = (check.about, (check.run)(subject.clone()), places.clone());
        running.spawn(async move {
            let _place = places.acquire_owned().await;
            let limit = Duration::from_secs(DEFAULT_CHECK_TIMEOUT_SECONDS);
            let found = tokio::time::timeout(limit, checking).await;
            let late = |_| vec![about.unchecked(format!("no answer within {DEFAULT_CHECK_TIMEOUT_SECONDS} seconds"))];
            (at, found.unwrap_or_else(late))
        });
    }
    let mut done: Vec<Option<Vec<Finding>>> = vec![None; count];
    let mut told = 0;
    let mut findings = Vec::new();
    while let Some(ended) = running.join_next().await {
        // A check that panicked has nothing to say; the others have.
        let Ok((at, found)) = ended else { continue };
        done[at] = Some(found);
        while let Some(next) = done.get_mut(told).and_then(Option::take) {
            next.iter().for_each(&mut tell);
            findings.extend(next);
            told += 1;
        }
    }
    findings
}
