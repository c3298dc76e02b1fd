//! `jqs.toml`: what a project says once, so that nobody says it at every call. The command line and the environment win over it.

use crate::cli::{Cli, Command, StackArgs, TargetArgs, TemplateArgs};
use clap::ArgMatches;
use clap::parser::ValueSource;
use jqs_cfn::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) const FILE: &str = "jqs.toml";
/// A larger file is none of ours.
pub(crate) const DEFAULT_CONFIG_BYTES_MAX: u64 = 1_048_576;
/// Folders above the working directory that are looked in.
pub(crate) const DEFAULT_FOLDERS_MAX: usize = 64;

/// What can be said: at the top of the file for all environments, and below `[environments.NAME]` for one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct Values {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bucket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vpc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vpc_cidr: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) private_subnets: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) public_subnets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_tag: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) parameters: BTreeMap<String, Scalar>,
    /// At the top alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) environments: BTreeMap<String, Values>,
}

/// A parameter's value: CloudFormation takes text, and people write numbers.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Text(String),
    Whole(i64),
    Fraction(f64),
    Truth(bool),
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Whole(number) => write!(formatter, "{number}"),
            Self::Fraction(number) => write!(formatter, "{number}"),
            Self::Truth(truth) => write!(formatter, "{truth}"),
        }
    }
}

/// One value that holds, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Origin {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) from: String,
}

/// The file that holds here, if there is one.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    path: PathBuf,
    config: Values,
}

impl Project {
    /// Looks in the working directory and the folders above it.
    pub(crate) fn find() -> Result<Option<Self>> {
        let Ok(here) = std::env::current_dir() else { return Ok(None) };
        let paths = here.ancestors().take(DEFAULT_FOLDERS_MAX).map(|folder| folder.join(FILE));
        paths.filter(|path| path.is_file()).map(|path| Self::read(&path)).next().transpose()
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let failed = || Error::new(ErrorKind::Usage, format!("cannot read `{}`", path.display()));
        let size = std::fs::metadata(path).map_err(|error| failed().because(error))?.len();
        if size > DEFAULT_CONFIG_BYTES_MAX {
            return Err(failed().because(format!("it is larger than {DEFAULT_CONFIG_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| failed().because(error))?;
        // The error shows the line.
        let config: Values =
            toml::from_str(&text).map_err(|error| failed().because(error.to_string().trim_end().to_owned()))?;
        if let Some((name, _)) = config.environments.iter().find(|(_, values)| !values.environments.is_empty()) {
            return Err(failed().because(format!("the environment `{name}` has environments of its own")));
        }
        Ok(Self { path: path.to_owned(), config })
    }

    /// What the file says for an environment: its own values, else those of all.
    fn values(&self, environment: Option<&str>) -> Result<Layers<'_>> {
        let Some(name) = environment else { return Ok(Layers { project: self, own: None }) };
        let Some((name, values)) = self.config.environments.get_key_value(name) else {
            let known: Vec<&str> = self.config.environments.keys().map(String::as_str).collect();
            let hint = match known.as_slice() {
                [] => "it has none: write `[environments.NAME]`".to_owned(),
                _ => format!("it has {}", known.join(", ")),
            };
            let message = format!("`{}` has no environment `{name}`", self.path.display());
            return Err(Error::new(ErrorKind::Usage, message).hint(hint));
        };
        Ok(Layers { project: self, own: Some((name, values)) })
    }
}

struct Layers<'a> {
    project: &'a Project,
    own: Option<(&'a str, &'a Values)>,
}

impl<'a> Layers<'a> {
    /// The value that holds, and where it is written.
    fn get<T>(&self, of: impl Fn(&'a Values) -> Option<T>) -> Option<(T, String)> {
        let file = self.project.path.file_name().unwrap_or_default().to_string_lossy();
        if let Some((name, value)) = self.own.and_then(|(name, values)| Some((name, of(values)?))) {
            return Some((value, format!("{file} [environments.{name}]")));
        }
        of(&self.project.config).map(|value| (value, file.into_owned()))
    }
}

/// Fills in what the command line and the environment leave open. Says of each value where it comes from.
pub(crate) fn apply(cli: &mut Cli, matches: &ArgMatches) -> Result<Vec<Origin>> {
    let environment = environment(cli);
    let Some(project) = Project::find()? else {
        return match environment {
            Some(name) => {
                Err(Error::new(ErrorKind::Usage, format!("there is no `{FILE}` to find the environment `{name}` in"))
                    .hint("`jqs init` writes one"))
            }
            None => Ok(origins(cli, matches, None)),
        };
    };
    let layers = project.values(environment.as_deref())?;
    let mut filled = BTreeMap::new();
    let mut fill = |key: &str, slot: &mut Option<String>, found: Option<(String, String)>| {
        if let (None, Some((value, from))) = (&slot, found) {
            *slot = Some(value);
            filled.insert(key.to_owned(), from);
        }
    };
    // For commands that look at a stack: others take a region as a limit.
    if stack(&mut cli.command).is_some() {
        fill("region", &mut cli.global.region, layers.get(|values| values.region.clone()));
        fill("profile", &mut cli.global.profile, layers.get(|values| values.profile.clone()));
    }
    if let Some(bucket) = bucket(&mut cli.command) {
        fill("bucket", bucket, layers.get(|values| values.bucket.clone()));
    }
    if let Some(template) = template(&mut cli.command) {
        let is_given = |name: &str| template.parameters.iter().any(|(key, _)| key == name);
        let free = |name: &str, found: Option<(String, String)>| found.filter(|_| !is_given(name));
        let storage = free("StorageBackend", layers.get(|values| values.storage.clone()));
        let vpc = free("VPCID", layers.get(|values| values.vpc.clone()));
        let range = free("VPCCIDR", layers.get(|values| values.vpc_cidr.clone()));
        let has_image =
            template.image.is_some() || template.image_tag.is_some() || is_given("ImageUri") || is_given("ImageTag");
        let image = layers.get(|values| values.image.clone()).filter(|_| !has_image);
        let tag = layers.get(|values| values.image_tag.clone()).filter(|_| !has_image && image.is_none());
        fill("storage", &mut template.storage, storage);
        fill("vpc", &mut template.vpc, vpc);
        fill("vpc-cidr", &mut template.vpc_cidr, range);
        fill("image", &mut template.image, image);
        fill("image-tag", &mut template.image_tag, tag);
        let mut fill_list = |key: &str, slot: &mut Vec<String>, found: Option<(Vec<String>, String)>| {
            if let (true, Some((list, from))) = (slot.is_empty(), found) {
                *slot = list;
                filled.insert(key.to_owned(), from);
            }
        };
        let list = |list: &Vec<String>| Some(list.clone()).filter(|list| !list.is_empty());
        fill_list("private-subnets", &mut template.private_subnets, layers.get(|values| list(&values.private_subnets)));
        fill_list("public-subnets", &mut template.public_subnets, layers.get(|values| list(&values.public_subnets)));
        let own = layers.own.iter().flat_map(|(_, values)| values.parameters.keys());
        let names: std::collections::BTreeSet<&String> = own.chain(project.config.parameters.keys()).collect();
        for name in names {
            let found = layers.get(|values| values.parameters.get(name).map(ToString::to_string));
            if let (false, Some((value, from))) = (template.parameters.iter().any(|(key, _)| key == name), found) {
                template.parameters.push((name.clone(), value));
                filled.insert(format!("parameters.{name}"), from);
            }
        }
    }
    if let Some(stack) = stack(&mut cli.command).filter(|_| is_default(matches, "name")) {
        let named = layers.get(|values| values.name.clone());
        // Two environments in one account must not be one stack.
        let by_environment =
            environment.as_ref().map(|name| (format!("{}-{name}", stack.name), format!("the environment `{name}`")));
        if let Some((name, from)) = named.or(by_environment) {
            stack.name = crate::cli::stack_name(&name).map_err(|error| {
                Error::new(ErrorKind::Usage, format!("`{}` names a stack `{name}`", project.path.display()))
                    .because(error)
            })?;
            filled.insert("name".to_owned(), from);
        }
    }
    Ok(origins(cli, matches, Some(&filled)))
}

fn environment(cli: &mut Cli) -> Option<String> {
    let positional = target(&mut cli.command).and_then(|target| target.environment.clone());
    positional.or_else(|| cli.global.environment.clone())
}

fn target(command: &mut Command) -> Option<&mut TargetArgs> {
    Some(match command {
        Command::Deploy(arguments) => &mut arguments.target,
        Command::Diff(arguments) => &mut arguments.target,
        Command::Doctor(arguments) => &mut arguments.target,
        Command::Config(arguments) => arguments.target(),
        _ => return None,
    })
}

/// The matches of the verb, whatever it is below.
fn verb(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| verb(inner))
}

fn is_default(matches: &ArgMatches, id: &str) -> bool {
    !matches!(source(matches, id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

fn source(matches: &ArgMatches, id: &str) -> Option<ValueSource> {
    let verb = verb(matches);
    verb.try_contains_id(id).ok().filter(|is_there| *is_there).and_then(|_| verb.value_source(id))
}

fn origins(cli: &mut Cli, matches: &ArgMatches, filled: Option<&BTreeMap<String, String>>) -> Vec<Origin> {
    let mut found = Vec::new();
    let mut say = |key: &str, id: &str, value: Option<String>| {
        let Some(value) = value.filter(|value| !value.is_empty()) else { return };
        let from = filled.and_then(|filled| filled.get(key)).cloned();
        let from = from.unwrap_or_else(|| {
            match source(matches, id) {
                Some(ValueSource::EnvVariable) => "the environment",
                Some(ValueSource::CommandLine) => "the command line",
                _ => "default",
            }
            .to_owned()
        });
        found.push(Origin { key: key.to_owned(), value, from });
    };
    say("profile", "profile", cli.global.profile.clone());
    say("region", "region", cli.global.region.clone());
    let name = stack(&mut cli.command).map(|stack| stack.name.clone());
    say("name", "name", name);
    let bucket = bucket(&mut cli.command).and_then(|bucket| bucket.clone());
    say("bucket", "bucket", bucket);
    if let Some(template) = template(&mut cli.command) {
        say("storage", "storage", template.storage.clone());
        say("vpc", "vpc", template.vpc.clone());
        say("vpc-cidr", "vpc_cidr", template.vpc_cidr.clone());
        say("private-subnets", "private_subnets", Some(template.private_subnets.join(",")));
        say("public-subnets", "public_subnets", Some(template.public_subnets.join(",")));
        say("image", "image", template.image.clone());
        say("image-tag", "image_tag", template.image_tag.clone());
        for (name, value) in &template.parameters {
            say(&format!("parameters.{name}"), "parameters", Some(value.clone()));
        }
    }
    found
}

fn stack(command: &mut Command) -> Option<&mut StackArgs> {
    Some(match command {
        Command::Drift(arguments) => arguments,
        Command::Watch(arguments) => &mut arguments.stack,
        Command::Timeline(arguments) => &mut arguments.stack,
        Command::Status(arguments) => &mut arguments.stack,
        Command::Logs(arguments) => &mut arguments.stack,
        Command::Scale(arguments) => &mut arguments.stack,
        Command::Exec(arguments) => &mut arguments.stack,
        Command::Open(arguments) => &mut arguments.stack,
        Command::Rollback(arguments) => &mut arguments.stack,
        Command::Migrate(arguments) => &mut arguments.stack,
        Command::Outputs(arguments) => &mut arguments.stack,
        Command::Redeploy(arguments) => &mut arguments.stack,
        Command::Teardown(arguments) => &mut arguments.stack,
        other => &mut target(other)?.stack,
    })
}

fn template(command: &mut Command) -> Option<&mut TemplateArgs> {
    target(command).map(|target| &mut target.template)
}

fn bucket(command: &mut Command) -> Option<&mut Option<String>> {
    target(command).map(|target| &mut target.bucket)
}
