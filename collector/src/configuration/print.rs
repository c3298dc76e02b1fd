//! The configuration that holds: as YAML that can be given back, and what of it is not the default.

use clap::{Arg, ArgMatches};

use super::{
    Resolved,
    keys::{self, Keys},
};

impl Resolved {
    /// Every setting that has a value, as a configuration file. A secret stands there as a reference to its variable.
    pub fn to_yaml(&self, matches: &ArgMatches) -> String {
        let keys = Keys::new();
        let mut yaml = String::new();
        for (key, arg) in keys.all() {
            let values = values(arg, matches);
            if values.is_empty() {
                continue;
            }
            let is_hidden = values.iter().any(|value| redacted(arg, value) != *value);
            match variable(arg).filter(|_| is_hidden) {
                Some(name) => yaml += &format!("{key}: ${{env:{name}}}\n"),
                None if keys::is_list(arg) => {
                    yaml += &format!("{key}:\n");
                    yaml.extend(values.iter().map(|value| format!("  - {}\n", quoted(value))));
                }
                None => yaml.extend(values.last().map(|value| format!("{key}: {}\n", quoted(value)))),
            }
        }
        yaml
    }

    /// A line for each setting that is not left at its default: key, value, where it comes from. Secrets are not in it.
    pub fn differences(&self, matches: &ArgMatches) -> Vec<[String; 3]> {
        let keys = Keys::new();
        let line = |(key, arg): (&str, &Arg)| {
            let origin = self.origins.get(key)?;
            let values: Vec<String> = values(arg, matches).iter().map(|value| redacted(arg, value)).collect();
            Some([key.to_owned(), values.join(", "), origin.to_string()])
        };
        keys.all().filter_map(line).collect()
    }

    /// Each setting with its value as it is, for comparing two readings.
    pub fn values(matches: &ArgMatches) -> Vec<(String, Vec<String>)> {
        Keys::new().all().map(|(key, arg)| (key.to_owned(), values(arg, matches))).collect()
    }
}

fn values(arg: &Arg, matches: &ArgMatches) -> Vec<String> {
    let raw = matches.try_get_raw(arg.get_id().as_str()).ok().flatten();
    raw.into_iter().flatten().map(|value| value.to_string_lossy().into_owned()).collect()
}

fn variable(arg: &Arg) -> Option<&str> {
    arg.get_env()?.to_str()
}

/// A URL keeps all but its user and password; anything else that is secret is not shown.
fn redacted(arg: &Arg, value: &str) -> String {
    if !keys::is_secret(arg) || value.is_empty() {
        return value.to_owned();
    }
    match value.split_once("://") {
        Some((scheme, rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            match authority.rfind('@') {
                Some(at) => format!("{scheme}://***{}", &rest[at..]),
                None => value.to_owned(),
            }
        }
        None => "***".into(),
    }
}

/// Quoted where YAML, or a reference to a variable, would make something else of it.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let begins_plainly = value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    if begins_plainly && value != "null" && value.chars().all(plain) {
        return value.to_owned();
    }
    // JSON's strings are YAML's.
    serde_json::Value::from(value.replace('$', "$$")).to_string()
}
