//! What a project puts into a bucket before its stacks are made: its files, and zips of its functions.

mod bucket;
mod files;
mod functions;
#[cfg(test)]
mod tests;
mod upload;

pub use bucket::{
    BUCKET_PREFIX, Bucket, is_bucket_of, is_bucket_of_project, name as bucket_name, open as open_bucket,
    remove as remove_bucket, tagged,
};
pub use files::{DEFAULT_FILES_MAX, DEFAULT_PACKAGE_BYTES_MAX, IGNORE_FILE};
pub use functions::{Builder, Built, build};
pub use upload::{DEFAULT_UPLOADS_MAX, Uploaded, upload};

use crate::config::Config;
use jqs_cfn::Result;
use std::path::PathBuf;

/// A file of the project, as it lies in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// With the project's name in front: `PROJECT/templates/entry.yaml`.
    pub key: String,
    pub path: PathBuf,
    pub bytes: u64,
}

#[derive(Debug, Clone, Default)]
pub struct Package {
    /// By key.
    pub items: Vec<Item>,
    /// What lies below the root and is left out although no rule says so, and why.
    pub left_out: Vec<String>,
}

impl Package {
    /// Every file below the root, but for what the ignore file and the defaults leave out.
    pub fn of(config: &Config) -> Result<Self> {
        files::collect(config)
    }

    pub fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.bytes).sum()
    }
}
