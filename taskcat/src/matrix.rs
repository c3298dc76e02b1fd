//! Tests × regions: what a run has to do.

use crate::config::{Config, Naming, Test, nearest};
use crate::pseudo;
use jqs_cfn::{Error, ErrorKind, Result, region};
use std::sync::Arc;

/// Tests × regions of one run.
pub const DEFAULT_CASES_MAX: usize = 5_000;
/// CloudFormation's limit.
pub const DEFAULT_STACK_NAME_LETTERS_MAX: usize = 128;
const PREFIX: &str = "tCaT-";
const SHORT_RUN_LETTERS: usize = 6;

/// One test in one region.
#[derive(Debug, Clone)]
pub struct Case {
    pub test: Arc<Test>,
    pub region: String,
    /// Of the AWS configuration; nothing for the usual chain.
    pub profile: Option<String>,
}

/// Which of it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Names of tests; none for all.
    pub tests: Vec<String>,
    /// In place of the regions of each test; none for those.
    pub regions: Vec<String>,
    pub allow_unknown_region: bool,
}

#[derive(Debug, Clone)]
pub struct Matrix {
    pub config: Arc<Config>,
    /// Tests in the order of the file, regions in that of the test.
    pub cases: Vec<Case>,
}

impl Matrix {
    pub fn new(config: Config, selection: &Selection) -> Result<Self> {
        let names: Vec<&str> = config.tests.iter().map(|test| test.name.as_str()).collect();
        if names.is_empty() {
            let message = format!("`{}` has no tests", config.file.display());
            return Err(Error::new(ErrorKind::Usage, message).hint("they are below `tests:`, each with a `template`"));
        }
        if let Some(name) = selection.tests.iter().find(|name| !names.contains(&name.as_str())) {
            let meant = nearest(name, &names).unwrap_or(names[0]);
            return Err(Error::new(ErrorKind::Usage, format!("there is no test `{name}`"))
                .hint(format!("did you mean `{meant}`? The tests are {}", names.join(", "))));
        }
        if !selection.allow_unknown_region {
            selection.regions.iter().try_for_each(|name| region::check(name))?;
        }
        let is_chosen = |test: &&Test| selection.tests.is_empty() || selection.tests.contains(&test.name);
        let chosen: Vec<Arc<Test>> = config.tests.iter().filter(is_chosen).cloned().map(Arc::new).collect();
        let problems: Vec<String> = chosen.iter().flat_map(|test| pseudo::problems(&test.parameters)).collect();
        if !problems.is_empty() {
            return Err(Error::new(ErrorKind::Usage, problems.join("\n")));
        }
        let cases: Vec<Case> = chosen.iter().flat_map(|test| cases(test, &selection.regions)).collect();
        if cases.len() > DEFAULT_CASES_MAX {
            let message = format!("{} tests × regions are more than {DEFAULT_CASES_MAX}", cases.len());
            return Err(Error::new(ErrorKind::Usage, message).hint("choose some with `--test-names` and `--regions`"));
        }
        Ok(Self { config: Arc::new(config), cases })
    }
}

fn cases(test: &Arc<Test>, regions: &[String]) -> Vec<Case> {
    let regions = if regions.is_empty() { &test.regions } else { regions };
    let profile = |region: &str| test.auth.get(region).or_else(|| test.auth.get("default")).cloned();
    let case = |region: &String| Case { test: test.clone(), region: region.clone(), profile: profile(region) };
    regions.iter().map(case).collect()
}

/// As TaskCat names stacks. `run` has 32 hexadecimal digits.
pub fn stack_name(config: &Config, test: &Test, run: &str) -> Result<String> {
    let short = run.get(..SHORT_RUN_LETTERS).unwrap_or(run);
    let (project, name) = (config.name.replace('/', "-"), &test.name);
    let made = |prefix: &str| match config.shorten_stack_name {
        true => format!("{prefix}{name}-{short}"),
        false => format!("{prefix}{project}-{name}-{run}"),
    };
    let full = match &test.naming {
        Naming::Default => made(PREFIX),
        Naming::Name(own) => own.clone(),
        Naming::Prefix(prefix) => made(prefix),
        Naming::Suffix(suffix) => format!("{PREFIX}{project}-{name}-{suffix}"),
    };
    let is_legal = full.starts_with(|first: char| first.is_ascii_alphabetic())
        && full.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if !is_legal || full.len() > DEFAULT_STACK_NAME_LETTERS_MAX {
        let message = format!("{}: `{full}` is no name for a stack", test.place);
        return Err(Error::new(ErrorKind::Usage, message).hint(format!(
            "letters, digits and `-`, a letter first, up to {DEFAULT_STACK_NAME_LETTERS_MAX}; `shorten_stack_name: true` makes shorter ones"
        )));
    }
    Ok(full)
}
