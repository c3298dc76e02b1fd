//! The bucket of a run in a region.

use crate::config::{BucketChoice, Test};
use crate::run::{TAG_PROJECT, TAG_RUN};
use jqs_cfn::Result;
use jqs_stacks::{Identity, Session, bucket};
use sha2::{Digest as _, Sha256};

/// S3's limit.
const NAME_LETTERS_MAX: usize = 63;
const SUFFIX_LETTERS: usize = 8;
const PREFIX: &str = "tcat";
/// What the names of all buckets of runs begin with.
pub const BUCKET_PREFIX: &str = "tcat-";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    /// Made just now: nothing is in it.
    pub is_new: bool,
}

impl Bucket {
    /// One that is there.
    pub fn existing(name: impl Into<String>) -> Self {
        Self { name: name.into(), is_new: false }
    }
}

/// The same for the same run, account and region, so that a run that is taken up again finds it.
pub fn name(choice: &BucketChoice, project: &str, run: &str, identity: &Identity) -> String {
    let (account, region) = (&identity.account, &identity.region);
    match choice {
        BucketChoice::Named(name) => name.clone(),
        BucketChoice::NamedByRegion(name) => format!("{name}-{region}"),
        BucketChoice::Auto => {
            let suffix = digest(&format!("{run} {account} {region}"));
            format!("{}{suffix}", of_project(project))
        }
    }
}

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..SUFFIX_LETTERS / 2])
}

/// What the names of a project's buckets begin with.
fn of_project(project: &str) -> String {
    let project: String = project.chars().map(|letter| if letter == '/' { '-' } else { letter }).collect();
    let room = NAME_LETTERS_MAX - PREFIX.len() - SUFFIX_LETTERS - 2;
    let project = project.get(..room.min(project.len())).unwrap_or(&project).trim_matches('-');
    format!("{PREFIX}-{project}-")
}

/// Whether that name is the one which this run gives its bucket there.
pub fn is_bucket_of(name: &str, run: &str, identity: &Identity) -> bool {
    name.ends_with(&format!("-{}", digest(&format!("{run} {} {}", identity.account, identity.region))))
}

pub fn is_bucket_of_project(name: &str, project: &str) -> bool {
    name.strip_prefix(&of_project(project)).is_some_and(|suffix| suffix.len() == SUFFIX_LETTERS)
}

/// Makes it where it has to be there and is not. One that somebody names must be there.
pub async fn open(session: &Session, identity: &Identity, test: &Test, project: &str, run: &str) -> Result<Bucket> {
    let name = name(&test.bucket, project, run, identity);
    match &test.bucket {
        BucketChoice::Named(_) | BucketChoice::NamedByRegion(_) => Ok(Bucket::existing(name)),
        BucketChoice::Auto => {
            let is_new = bucket::ensure_with(session, identity, &name, &tagged(project, run)).await?;
            Ok(Bucket { name, is_new })
        }
    }
}

/// The tags of all that a run makes.
pub fn tagged<'a>(project: &'a str, run: &'a str) -> [(&'static str, &'a str); 2] {
    [(TAG_RUN, run), (TAG_PROJECT, project)]
}

pub async fn remove(session: &Session, name: &str) -> Result<()> {
    bucket::remove(session, name).await
}
