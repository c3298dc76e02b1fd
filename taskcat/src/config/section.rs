//! The sections of a configuration file, as TaskCat has them, and ours.

use super::asserted;
use super::level::Level;
use super::reader::{Reader, json};
use super::{DEFAULT_HOOK_SECONDS_MAX, Hook, Limits};
use jqs_cfn::template::{Node, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Tests of one project.
pub const DEFAULT_TESTS_MAX: usize = 1_000;

/// All that one file says.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) general: Level,
    pub(super) project: Level,
    pub(super) tests: Vec<(String, Level)>,
}

const GENERAL: [&str; 9] = [
    "parameters",
    "tags",
    "auth",
    "s3_bucket",
    "s3_regional_buckets",
    "regions",
    "artifact_regions",
    "prehooks",
    "posthooks",
];
const PROJECT: [&str; 25] = [
    "name",
    "auth",
    "owner",
    "regions",
    "artifact_regions",
    "az_blacklist",
    "package_lambda",
    "lambda_zip_path",
    "lambda_source_path",
    "s3_bucket",
    "s3_regional_buckets",
    "parameters",
    "build_submodules",
    "template",
    "tags",
    "s3_enable_sig_v2",
    "s3_object_acl",
    "shorten_stack_name",
    "role_name",
    "org_id",
    "prehooks",
    "posthooks",
    "description",
    "email",
    "limits",
];
const TEST: [&str; 16] = [
    "template",
    "parameters",
    "regions",
    "artifact_regions",
    "tags",
    "auth",
    "s3_bucket",
    "s3_regional_buckets",
    "az_blacklist",
    "role_name",
    "stack_name",
    "stack_name_prefix",
    "stack_name_suffix",
    "prehooks",
    "posthooks",
    "assertions",
];

pub(super) fn read(reader: &mut Reader<'_>, root: &Node) -> Sections {
    let mut sections = Sections::default();
    if root.get("global").is_some() {
        let what = "this is the form of TaskCat before 0.9: `taskcat config convert` of TaskCat brings it up to date";
        reader.problem(root, what);
        return sections;
    }
    for (name, node) in reader.section(root, "the configuration", &["general", "project", "tests"]) {
        match name {
            "general" => sections.general = level(reader, node, "`general`", &GENERAL),
            "project" => sections.project = level(reader, node, "`project`", &PROJECT),
            _ => sections.tests = tests(reader, node),
        }
    }
    if let Some((name, place)) = &sections.project.name {
        let is_valid = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '-' | '/');
        if !name.chars().all(is_valid) {
            reader.problems.push(format!("{place}: a project's name has small letters, digits, `-` and `/` alone"));
        }
    }
    sections
}

fn tests(reader: &mut Reader<'_>, node: &Node) -> Vec<(String, Level)> {
    let mut tests = Vec::new();
    let entries = reader.mapping(node, "`tests`");
    if entries.len() > DEFAULT_TESTS_MAX {
        reader.problem(node, format!("there are {} tests; {DEFAULT_TESTS_MAX} is the most", entries.len()));
        return tests;
    }
    for (key, body) in entries {
        let Some(name) = reader.text(key, "tests") else { continue };
        if name.is_empty() || !name.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '-')) {
            reader.problem(key, format!("`{name}` is no name of a test: small letters, digits and `-` make one"));
        }
        let mut level = level(reader, body, &format!("the test `{name}`"), &TEST);
        level.place = Some(reader.place(key));
        tests.push((name, level));
    }
    tests
}

pub(super) fn level(reader: &mut Reader<'_>, node: &Node, what: &str, known: &[&str]) -> Level {
    let mut level = Level::default();
    let mut namings = Vec::new();
    for (key, node) in reader.section(node, what, known) {
        if key.starts_with("stack_name") {
            namings.push(node);
        }
        one(reader, &mut level, key, node);
    }
    if let [_, second, ..] = namings[..] {
        reader.problem(second, "one of `stack_name`, `stack_name_prefix` and `stack_name_suffix` is enough");
    }
    level
}

fn one(reader: &mut Reader<'_>, level: &mut Level, key: &str, node: &Node) {
    let place = reader.place(node);
    macro_rules! say {
        ($field:ident, $value:expr) => {
            level.$field = $value.map(|value| (value, place))
        };
    }
    match key {
        "parameters" => level.parameters = reader.pairs(node, key),
        "tags" => level.tags = reader.pairs(node, key),
        "auth" => level.auth = reader.pairs(node, key),
        "name" => say!(name, reader.text(node, key)),
        "owner" => say!(owner, reader.text(node, key)),
        "regions" => say!(regions, reader.texts(node, key)),
        "template" => say!(template, reader.text(node, key)),
        "s3_bucket" => say!(bucket, reader.text(node, key).filter(|name| !name.is_empty())),
        "s3_regional_buckets" => say!(has_regional_buckets, reader.flag(node, key)),
        "s3_object_acl" => say!(object_acl, reader.text(node, key)),
        "az_blacklist" => say!(zones_excluded, reader.texts(node, key)),
        "role_name" => say!(role_name, reader.text(node, key)),
        "stack_name" => say!(stack_name, reader.text(node, key)),
        "stack_name_prefix" => say!(stack_name_prefix, reader.text(node, key)),
        "stack_name_suffix" => say!(stack_name_suffix, reader.text(node, key)),
        "shorten_stack_name" => say!(shorten_stack_name, reader.flag(node, key)),
        "package_lambda" => say!(package, reader.flag(node, key)),
        "lambda_source_path" => say!(source_path, reader.text(node, key)),
        "lambda_zip_path" => say!(zip_path, reader.text(node, key)),
        "build_submodules" => say!(with_submodules, reader.flag(node, key)),
        "prehooks" => say!(before, Some(hooks(reader, node))),
        "posthooks" => say!(after, Some(hooks(reader, node))),
        "limits" => say!(limits, Some(limits(reader, node))),
        "assertions" => level.assertions = Some(asserted::read(reader, node)),
        // Read by TaskCat, of no use here: `artifact_regions`, `s3_enable_sig_v2`, `org_id`, `description`, `email`.
        _ => {}
    }
}

fn limits(reader: &mut Reader<'_>, node: &Node) -> Limits {
    let known = [
        "stacks_per_account",
        "stacks_per_region",
        "resources_per_region",
        "case_time",
        "run_time",
        "retries",
        "budget",
    ];
    let mut limits = Limits::default();
    for (key, node) in reader.section(node, "`limits`", &known) {
        match key {
            "stacks_per_account" => set(&mut limits.stacks_per_account, reader.count(node, key)),
            "stacks_per_region" => set(&mut limits.stacks_per_region, reader.count(node, key)),
            "retries" => set(&mut limits.retries, reader.count(node, key)),
            "case_time" => set(&mut limits.case_time, reader.duration(node, key)),
            "run_time" => set(&mut limits.run_time, reader.duration(node, key)),
            "resources_per_region" => limits.resources_per_region = counts(reader, node),
            _ => {
                limits.budget = node.text().and_then(|text| text.parse().ok()).filter(|sum: &f64| *sum >= 0.0);
                if limits.budget.is_none() {
                    reader.problem(node, "`budget` is a sum in US dollars");
                }
            }
        }
    }
    if limits.stacks_per_account == 0 || limits.stacks_per_region == 0 {
        reader.problem(node, "with a limit of 0 stacks nothing could run");
    }
    limits
}

fn counts(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (key, node) in reader.mapping(node, "`resources_per_region`") {
        if let (Some(kind), Some(count)) = (reader.text(key, "resources_per_region"), reader.count(node, "a limit")) {
            counts.insert(kind, count);
        }
    }
    counts
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn hooks(reader: &mut Reader<'_>, node: &Node) -> Vec<Hook> {
    let Value::Sequence(items) = &node.value else {
        reader.problem(node, "hooks are a list");
        return Vec::new();
    };
    items.iter().filter_map(|item| hook(reader, item)).collect()
}

fn shell(line: &str) -> Vec<String> {
    ["sh", "-c", line].map(str::to_owned).into()
}

/// A text for the shell; a mapping with `run`; or TaskCat's form, `type` and `config`.
pub(super) fn hook(reader: &mut Reader<'_>, node: &Node) -> Option<Hook> {
    let place = reader.place(node);
    let time_max = Duration::from_secs(DEFAULT_HOOK_SECONDS_MAX);
    let mut hook = Hook { name: String::new(), command: Vec::new(), config: serde_json::Value::Null, time_max, place };
    if let Some(line) = node.text() {
        hook.name = line.to_owned();
        hook.command = shell(line);
        return Some(hook);
    }
    let mut kind = None;
    for (key, node) in reader.section(node, "a hook", &["name", "run", "timeout", "type", "config"]) {
        match key {
            "name" => set(&mut hook.name, reader.text(node, key)),
            "run" => match &node.value {
                Value::Sequence(items) => {
                    hook.command = items.iter().filter_map(|item| reader.text(item, key)).collect();
                }
                _ => hook.command = reader.text(node, key).map(|line| shell(&line)).unwrap_or_default(),
            },
            "timeout" => set(&mut hook.time_max, reader.duration(node, key)),
            "type" => kind = reader.text(node, key),
            _ => hook.config = json(node),
        }
    }
    if let Some(kind) = kind.filter(|_| hook.command.is_empty()) {
        // TaskCat loads a module of Python of that name; ours is a program, in any language.
        hook.command = vec![format!("taskcat-plugin-{kind}")];
        if hook.name.is_empty() {
            hook.name = kind;
        }
    }
    if hook.command.is_empty() {
        reader.problem(node, "a hook has `run`, a command line or a list of program and arguments");
        return None;
    }
    if hook.name.is_empty() {
        hook.name = hook.command.join(" ");
    }
    Some(hook)
}
