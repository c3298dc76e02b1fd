//! Pseudo-parameters: `$[taskcat_…]` in values of parameters → what they stand for. Each is worked out once for a case.

mod ask;
mod lookup;
mod password;
#[cfg(test)]
mod tests;
mod token;

pub use ask::{AwsLookup, DEFAULT_CONTENT_BYTES_MAX};
pub use lookup::{Lookup, Offline, Zone};
pub use password::DEFAULT_PASSWORD_LETTERS_MAX;
pub use token::Token;

use crate::config::Setting;
use jqs_cfn::{Error, ErrorKind, Result};
use rand::RngExt as _;
use std::collections::BTreeMap;
use std::path::PathBuf;
use token::Part;

const RANDOM_LETTERS: usize = 20;
/// What the tokens for a key pair and for buckets of licences and media stand for, as in TaskCat.
const KEY_PAIR: &str = "cikey";
const OVERRIDE: &str = "override_this";

/// Where a case runs.
#[derive(Debug, Clone)]
pub struct Scene {
    pub root: PathBuf,
    pub project: String,
    pub test: String,
    pub region: String,
    pub account: String,
    pub partition: String,
    /// Nothing where there is none; then nothing asks for it.
    pub bucket: Option<String>,
    pub zones_excluded: Vec<String>,
}

pub fn has_token(value: &str) -> bool {
    token::parts(value).iter().any(|part| !matches!(part, Part::Text(_)))
}

/// Its value is another one in another region.
pub fn depends_on_region(value: &str) -> bool {
    let depends =
        |part: &Part| matches!(part, Part::Token(Token::Zones(_) | Token::Zone(_) | Token::Region | Token::Partition));
    token::parts(value).iter().any(depends)
}

/// Something in these values is the name of the run's bucket.
pub fn needs_bucket(parameters: &BTreeMap<String, Setting>) -> bool {
    let parts = parameters.values().flat_map(|setting| token::parts(&setting.value));
    parts.into_iter().any(|part| matches!(part, Part::Token(Token::AutoBucket | Token::AutoBucketPrefix)))
}

/// What is wrong with the tokens themselves, each with its place: found before anything runs.
pub fn problems(parameters: &BTreeMap<String, Setting>) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, setting) in parameters {
        for part in token::parts(&setting.value) {
            match part {
                Part::Wrong(why) => problems.push(format!("{}: `{name}`: {why}", setting.place)),
                Part::Token(Token::Value(other)) if !parameters.contains_key(&other) => {
                    problems.push(format!("{}: `{name}`: there is no parameter `{other}` to take from", setting.place));
                }
                _ => {}
            }
        }
    }
    problems.extend(circles(parameters));
    problems
}

fn circles(parameters: &BTreeMap<String, Setting>) -> Option<String> {
    for (name, setting) in parameters {
        let mut path = vec![name.clone()];
        let mut open = vec![name.clone()];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(next) = open.pop() {
            let Some(value) = parameters.get(&next) else { continue };
            for part in token::parts(&value.value) {
                let Part::Token(Token::Value(other)) = part else { continue };
                if other == *name {
                    path.push(other);
                    return Some(format!(
                        "{}: parameters take their values from each other in a circle: {}",
                        setting.place,
                        path.join(" → ")
                    ));
                }
                if seen.insert(other.clone()) {
                    path.push(other.clone());
                    open.push(other);
                }
            }
        }
    }
    None
}

/// The values, all tokens replaced. What `lookup` does not know it may leave out: then the whole parameter is left out.
pub async fn resolve(
    scene: &Scene,
    parameters: &BTreeMap<String, Setting>,
    lookup: &dyn Lookup,
) -> Result<BTreeMap<String, String>> {
    if let [first, ..] = problems(parameters).as_slice() {
        return Err(Error::new(ErrorKind::Parameter, first.clone()));
    }
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut open: Vec<&String> = parameters.keys().rev().collect();
    // One that takes from another comes after it; there are no circles.
    while let Some(name) = open.pop() {
        if found.contains_key(name) {
            continue;
        }
        let Some((_, setting)) = parameters.get_key_value(name) else { continue };
        let parts = token::parts(&setting.value);
        let missing = parts.iter().find_map(|part| match part {
            Part::Token(Token::Value(other)) if !found.contains_key(other) => parameters.get_key_value(other),
            _ => None,
        });
        if let Some((other, _)) = missing {
            open.push(name);
            open.push(other);
            continue;
        }
        let value = value(scene, &parts, lookup, &found).await.map_err(|error| {
            let hint = error.hint_text().map(str::to_owned);
            let told = Error::new(error.kind(), format!("{}: `{name}`: {}", setting.place, error.full()));
            match hint {
                Some(hint) => told.hint(hint),
                None => told,
            }
        })?;
        found.insert(name.clone(), value);
    }
    Ok(found.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

async fn value(
    scene: &Scene,
    parts: &[Part],
    lookup: &dyn Lookup,
    found: &BTreeMap<String, Option<String>>,
) -> Result<Option<String>> {
    let mut text = String::new();
    for part in parts {
        let piece = match part {
            Part::Text(piece) => Some(piece.clone()),
            Part::Wrong(why) => return Err(Error::new(ErrorKind::Parameter, why.clone())),
            Part::Token(Token::Value(other)) => found.get(other).cloned().flatten(),
            Part::Token(token) => one(scene, token, lookup).await?,
        };
        match piece {
            Some(piece) => text.push_str(&piece),
            None => return Ok(None),
        }
    }
    Ok(Some(text))
}

async fn one(scene: &Scene, token: &Token, lookup: &dyn Lookup) -> Result<Option<String>> {
    Ok(match token {
        Token::Zones(count) => zones(scene, lookup, *count).await?.map(|zones| zones.join(",")),
        Token::Zone(number) => zones(scene, lookup, *number).await?.and_then(|mut zones| zones.pop()),
        Token::Password { letters, specials } => Some(password::make(*letters, *specials)),
        Token::Uuid => Some(uuid::Uuid::new_v4().to_string()),
        Token::RandomText => Some(random(b"abcdefghijklmnopqrstuvwxyz")),
        Token::RandomNumbers => Some(random(b"0123456789")),
        Token::AutoBucket => scene.bucket.clone(),
        Token::AutoBucketPrefix => scene.bucket.as_deref().map(prefix),
        Token::KeyPair => Some(KEY_PAIR.to_owned()),
        Token::LicenseBucket | Token::MediaBucket => Some(OVERRIDE.to_owned()),
        Token::Content { bucket, key } => lookup.object(bucket, key).await?,
        Token::PresignedUrl { bucket, key, seconds } => lookup.presigned_url(bucket, key, *seconds).await?,
        Token::Parameter(name) => lookup.parameter(name).await?,
        Token::Secret(name) => lookup.secret(name).await?,
        Token::Output { stack, key } => lookup.output(stack, key).await?,
        Token::Url(url) => lookup.url(url).await?,
        Token::Region => Some(scene.region.clone()),
        Token::Project => Some(scene.project.clone()),
        Token::Test => Some(scene.test.clone()),
        Token::Account => lookup.account().await?.or_else(|| Some(scene.account.clone()).filter(|one| !one.is_empty())),
        Token::Partition => Some(scene.partition.clone()),
        Token::GitBranch => Some(branch(scene)?),
        // Taken from the other parameters before.
        Token::Value(_) => None,
    })
}

/// The first of those that are for everybody: Local and Wavelength Zones take neither load balancers nor NAT gateways of most
/// templates.
async fn zones(scene: &Scene, lookup: &dyn Lookup, count: usize) -> Result<Option<Vec<String>>> {
    let Some(all) = lookup.zones().await? else { return Ok(None) };
    let is_usable = |zone: &&Zone| zone.is_standard && !scene.zones_excluded.contains(&zone.id);
    let mut names: Vec<String> = all.iter().filter(is_usable).map(|zone| zone.name.clone()).collect();
    names.sort();
    if names.len() < count {
        let (region, there) = (&scene.region, names.len());
        let excluded = match scene.zones_excluded.len() {
            0 => String::new(),
            number => format!(", {number} excluded by `az_blacklist` left out"),
        };
        let message = format!("`{region}` has {there} availability zones{excluded}, and {count} are asked for");
        return Err(Error::new(ErrorKind::Parameter, message));
    }
    names.truncate(count);
    Ok(Some(names))
}

fn random(letters: &[u8]) -> String {
    let mut generator = rand::rng();
    (0..RANDOM_LETTERS).map(|_| char::from(letters[generator.random_range(0..letters.len())])).collect()
}

/// As TaskCat has it: of `tcat-project-x1y2z3` the first two parts.
fn prefix(bucket: &str) -> String {
    if !bucket.to_lowercase().starts_with("tcat") {
        return bucket.to_owned();
    }
    bucket.split('-').take(2).collect::<Vec<_>>().join("-")
}

/// The last part of the branch's name, as TaskCat has it.
fn branch(scene: &Scene) -> Result<String> {
    let mut folder = Some(scene.root.canonicalize().unwrap_or_else(|_| scene.root.clone()));
    while let Some(at) = folder {
        let git = at.join(".git");
        // In a worktree it is a file that names the folder.
        let git = match std::fs::read_to_string(&git) {
            Ok(text) => text.strip_prefix("gitdir:").map(|path| at.join(path.trim())).unwrap_or(git),
            Err(_) => git,
        };
        if let Ok(head) = std::fs::read_to_string(git.join("HEAD")) {
            if let Some(name) = head.trim().strip_prefix("ref: ").and_then(|name| name.rsplit('/').next()) {
                return Ok(name.to_owned());
            }
            return Err(Error::new(ErrorKind::Parameter, "the repository is on no branch")
                .hint("`$[taskcat_git_branch]` needs a branch that is checked out"));
        }
        folder = at.parent().map(std::path::Path::to_owned);
    }
    Err(Error::new(ErrorKind::Parameter, "the project is in no repository of Git")
        .hint("`$[taskcat_git_branch]` needs one"))
}
