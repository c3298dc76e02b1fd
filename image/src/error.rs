//! What can go wrong with an image before it meets a registry.

use crate::binary::{Architecture, Unfit};
use std::io;
use std::path::PathBuf;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {action} `{}`", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("`{}` is larger than {limit} bytes", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("`{}` cannot be the program of the image", path.display())]
    Binary { path: PathBuf, source: Unfit },
    #[error("`{}` and `{}` are both for {architecture}", first.display(), second.display())]
    TwoBinaries { architecture: Architecture, first: PathBuf, second: PathBuf },
    #[error("an image needs a binary")]
    NoBinary,
    #[error("`{}` was not built from {lock}", path.display())]
    OtherLock {
        path: PathBuf,
        lock: String,
        #[source]
        difference: Difference,
    },
    #[error("cannot read {name} as Cargo's lock file")]
    Lock { name: String, source: cargo_lock::Error },
    #[error("{name} has no package `jqs-collector`")]
    NoCollector { name: String },
    #[error("`{}` holds no certificates in PEM", path.display())]
    NoCertificates { path: PathBuf },
    #[error("cannot put the image together")]
    Assembly(#[source] io::Error),
    #[error("`{}` is no OCI image layout", path.display())]
    Layout {
        path: PathBuf,
        #[source]
        fault: LayoutFault,
    },
}

/// Two lock files, by their SHA-256.
#[derive(Debug, thiserror::Error)]
#[error("it says sha256:{says}, and not sha256:{wanted}")]
pub struct Difference {
    pub says: String,
    pub wanted: String,
}

#[derive(Debug, thiserror::Error)]
pub enum LayoutFault {
    #[error("`{0}` is missing")]
    Missing(String),
    #[error("`{name}` cannot be understood")]
    Json { name: String, source: serde_json::Error },
    #[error("its index names {0} images, and one is needed")]
    NotOneImage(usize),
    #[error("`{0}` is no digest by SHA-256")]
    Digest(String),
    #[error("the blob `{0}` holds something else")]
    Content(String),
}
