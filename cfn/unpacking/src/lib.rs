//! Stands in for the decompressor `ruzstd` between AWS's validator and the data that it carries, and does two things that
//! its data crate cannot be asked for. It unpacks by the C library, several times as fast. And once a process has said which
//! types of resources it will ever look at, it leaves out the schemas of all others: the validator reads all of them whenever
//! it starts, though a template uses a few dozen of some 1,900, and looks one up by the type of a resource and in no other way.

pub mod decoding;
mod part;

use std::collections::BTreeSet;
use std::sync::OnceLock;

static NEEDED: OnceLock<BTreeSet<String>> = OnceLock::new();

/// Says, once for the life of the process and before the validator has loaded anything, which types it is to know. True where
/// schemas of these types are there, or will be: a second call cannot widen what a first one has said.
pub fn need_only(types: &BTreeSet<String>) -> bool {
    NEEDED.get_or_init(|| types.clone()).is_superset(types)
}

/// Whether the validator knows every type, or will.
pub fn knows_every_type() -> bool {
    NEEDED.get().is_none()
}
