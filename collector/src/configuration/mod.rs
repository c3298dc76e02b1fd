//! One configuration from four places: flags, then the environment (our names, then those of Jaeger 1.x), then a YAML file, then
//! the defaults. Whatever is set below the flags becomes a flag that was not given, so that every value goes through the parser
//! that its flag has, and rules between flags hold wherever they come from.

mod document;
mod fault;
mod file;
mod jaeger;
mod keys;
mod print;
mod substitution;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use clap::ArgMatches;

pub use self::{
    document::DEFAULT_CONFIG_DEPTH_MAX,
    fault::ConfigurationError,
    file::{DEFAULT_CONFIG_BYTES_MAX, File},
    jaeger::{Meaning, VARIABLES},
    keys::without_environment,
};
use self::{
    fault::{Fault, Place},
    keys::Keys,
};

/// The environment, as far as it is UTF-8.
pub type Variables = BTreeMap<String, String>;

/// Where the file is, and the file's text itself where there are no files.
pub const FILE_VARIABLE: &str = "JQS_CONFIG";
pub const CONTENT_VARIABLE: &str = "JQS_CONFIG_CONTENT";
/// Names that begin so are ours; one that is none of ours is a typing error.
const OWN_PREFIX: &str = "JQS_";

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Variable(String),
    File { name: String, line: usize },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Variable(name) => write!(f, "environment, {name}"),
            Self::File { name, line } => write!(f, "file, {name}:{line}"),
        }
    }
}

/// What one layer says of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: String,
    values: Vec<String>,
    origin: Origin,
}

impl Entry {
    fn of_variable(key: &str, name: &str, value: &str) -> Self {
        Self { key: key.into(), values: vec![value.into()], origin: Origin::Variable(name.into()) }
    }
}

/// What the layers below the flags say.
#[derive(Debug)]
pub struct Resolved {
    /// As flags, to be put before those that were given.
    pub flags: Vec<String>,
    pub warnings: Vec<String>,
    origins: BTreeMap<String, Origin>,
}

/// The settings that `matches` has from flags. The environment must not have been asked.
pub fn given(matches: &ArgMatches) -> BTreeSet<String> {
    let keys = Keys::new();
    let is_given = |id: &str| {
        let source = matches.try_contains_id(id).is_ok().then(|| matches.value_source(id)).flatten();
        source == Some(clap::parser::ValueSource::CommandLine)
    };
    keys.all().filter(|(_, arg)| is_given(arg.get_id().as_str())).map(|(key, _)| key.to_owned()).collect()
}

/// Puts the layers in order: `given` are the settings that flags have set.
pub fn resolve(
    given: &BTreeSet<String>,
    variables: &Variables,
    file: Option<&File>,
) -> Result<Resolved, ConfigurationError> {
    let keys = Keys::new();
    let (own, mut faults) = environment(&keys, variables);
    let set = given.iter().map(String::as_str).chain(own.iter().map(|entry| entry.key.as_str())).collect();
    let (jaeger, jaeger_faults, mut warnings) = jaeger::read(&keys, variables, &set);
    faults.extend(jaeger_faults);
    faults.extend(check_variables(&keys, &jaeger));
    warnings.extend(unknown_variables(&keys, variables));
    if !faults.is_empty() {
        return Err(ConfigurationError::new("", "", &faults, &[]));
    }
    let written = file.map(|file| file.entries(&keys, variables)).transpose()?.unwrap_or_default();
    let mut origins: BTreeMap<String, Origin> = given.iter().map(|key| (key.clone(), Origin::Flag)).collect();
    let mut flags = Vec::new();
    for Entry { key, values, origin } in own.into_iter().chain(jaeger).chain(written) {
        let Some(arg) = keys.get(&key).filter(|_| !origins.contains_key(&key)) else { continue };
        flags.extend(values.iter().filter_map(|value| keys::as_flag(&key, arg, value)));
        origins.insert(key, origin);
    }
    Ok(Resolved { flags, warnings, origins })
}

/// Our own names, as the flags declare them.
fn environment(keys: &Keys, variables: &Variables) -> (Vec<Entry>, Vec<Fault>) {
    let entry = |(key, arg): (&str, &clap::Arg)| {
        let name = arg.get_env()?.to_str()?;
        Some(Entry::of_variable(key, name, variables.get(name)?))
    };
    let entries: Vec<Entry> = keys.all().filter_map(entry).collect();
    let faults = check_variables(keys, &entries);
    (entries, faults)
}

fn check_variables(keys: &Keys, entries: &[Entry]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for Entry { key, values, origin } in entries {
        let (Some(arg), Origin::Variable(name)) = (keys.get(key), origin) else { continue };
        for value in values {
            if let Err(refused) = keys.check(key, arg, value) {
                let shown = if keys::is_secret(arg) { String::new() } else { format!("`{value}` ") };
                let message = format!("the value {shown}cannot be `{key}`: {}", refused.reason);
                faults.push(Fault::new(Place::Variable(name.clone()), message).hint(refused.hint));
            }
        }
    }
    faults
}

/// A variable of ours that nothing reads is told of, and does not keep a server from starting: other programs of this project
/// have their own.
fn unknown_variables(keys: &Keys, variables: &Variables) -> Vec<String> {
    let known: Vec<&str> =
        keys.all().filter_map(|(_, arg)| arg.get_env()?.to_str()).chain([FILE_VARIABLE, CONTENT_VARIABLE]).collect();
    let unknown = variables.keys().filter(|name| name.starts_with(OWN_PREFIX) && !known.contains(&name.as_str()));
    unknown
        .map(|name| match keys::nearest(name, known.iter().copied()) {
            Some(near) => format!("`{name}` is no setting of this program; did you mean `{near}`?"),
            None => format!("`{name}` is no setting of this program"),
        })
        .collect()
}
