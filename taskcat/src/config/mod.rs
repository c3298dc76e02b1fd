//! What a project's files say, in all layers, resolved and typed. Each value remembers where it was said.

mod asserted;
mod assertion;
mod environment;
mod hook;
mod level;
mod limits;
mod load;
mod place;
mod reader;
mod section;
#[cfg(test)]
mod tests;

pub use asserted::DEFAULT_ANSWER_SECONDS_MAX;
pub use assertion::{Answer, Assertions, Count, OutputAssertion, ResourceAssertion, UpdateAssertion};
pub use hook::{DEFAULT_HOOK_SECONDS_MAX, Hook};
pub use limits::{
    DEFAULT_CASE_SECONDS_MAX, DEFAULT_RETRIES_MAX, DEFAULT_RUN_SECONDS_MAX, DEFAULT_STACKS_PER_ACCOUNT_MAX,
    DEFAULT_STACKS_PER_REGION_MAX, Limits,
};
pub use load::{COMMAND_LINE, DEFAULT_CONFIG_BYTES_MAX, LoadOptions, OVERRIDES_FILE, PROJECT_FILE};
pub use place::{Layer, Place};
pub(crate) use reader::nearest;
pub use section::DEFAULT_TESTS_MAX;

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A project with its tests, after all layers and the propagation from general over project to test.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of the project: paths of templates are below it.
    pub root: PathBuf,
    /// The file that was read, as it was named.
    pub file: PathBuf,
    /// `project.name`, the name of the folder where there is none.
    pub name: String,
    pub owner: Option<String>,
    pub package: Packaging,
    /// `tCaT-TEST-…` in place of `tCaT-PROJECT-TEST-…`.
    pub shorten_stack_name: bool,
    pub limits: Limits,
    /// What is odd and yet no error, for whoever started it.
    pub warnings: Vec<String>,
    /// In the order of the file.
    pub tests: Vec<Test>,
}

/// How functions are packaged before anything is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packaging {
    pub is_wanted: bool,
    pub source_path: PathBuf,
    pub zip_path: PathBuf,
    pub with_submodules: bool,
}

#[derive(Debug, Clone)]
pub struct Test {
    pub name: String,
    pub place: Place,
    /// Below the root.
    pub template: PathBuf,
    pub regions: Vec<String>,
    /// Raw: with the tokens that only a run resolves.
    pub parameters: BTreeMap<String, Setting>,
    pub tags: BTreeMap<String, String>,
    /// Region, or `default` → profile of the AWS configuration.
    pub auth: BTreeMap<String, String>,
    pub bucket: BucketChoice,
    pub object_acl: String,
    /// Ids of availability zones that are not to be used.
    pub zones_excluded: Vec<String>,
    /// Name of the role that CloudFormation takes on.
    pub role_name: Option<String>,
    pub naming: Naming,
    pub before: Vec<Hook>,
    pub after: Vec<Hook>,
    pub assertions: Assertions,
}

/// A value of a parameter. Lists are joined by commas, numbers and booleans are as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub value: String,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BucketChoice {
    /// One that the run makes in each region, and removes.
    Auto,
    /// The user's, the same in every region.
    Named(String),
    /// The user's, one in each region: `NAME-REGION`.
    NamedByRegion(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// `tCaT-PROJECT-TEST-ID`
    Default,
    Name(String),
    Prefix(String),
    Suffix(String),
}
