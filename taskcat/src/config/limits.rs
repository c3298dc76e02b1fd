//! What a run may use, all of it.

use std::collections::BTreeMap;
use std::time::Duration;

/// Stacks of a run that exist at the same time, in an account over all its regions.
pub const DEFAULT_STACKS_PER_ACCOUNT_MAX: usize = 64;
/// The same in a region. A quick start takes a VPC, of which an account has five in a region at first.
pub const DEFAULT_STACKS_PER_REGION_MAX: usize = 16;
pub const DEFAULT_CASE_SECONDS_MAX: u64 = 4 * 3_600;
pub const DEFAULT_RUN_SECONDS_MAX: u64 = 12 * 3_600;
/// How often what fails for a passing cause is tried again.
pub const DEFAULT_RETRIES_MAX: usize = 2;

#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    pub stacks_per_account: usize,
    pub stacks_per_region: usize,
    /// Type of resource → how many of it a region of an account may have through this run.
    pub resources_per_region: BTreeMap<String, usize>,
    pub case_time: Duration,
    pub run_time: Duration,
    pub retries: usize,
    /// US dollars that the run may be estimated to cost; beyond it nothing is begun.
    pub budget: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stacks_per_account: DEFAULT_STACKS_PER_ACCOUNT_MAX,
            stacks_per_region: DEFAULT_STACKS_PER_REGION_MAX,
            resources_per_region: BTreeMap::new(),
            case_time: Duration::from_secs(DEFAULT_CASE_SECONDS_MAX),
            run_time: Duration::from_secs(DEFAULT_RUN_SECONDS_MAX),
            retries: DEFAULT_RETRIES_MAX,
            budget: None,
        }
    }
}
