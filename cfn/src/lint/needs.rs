//! What the validator has to know for these templates: the schemas of their resources are a small part of all.

use super::reading::Readings;
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeSet;

/// Has the validator load no more than it needs where it is to look at nothing else for the life of the process, and makes
/// sure that it knows enough in any case.
pub(super) fn settle(readings: &Readings<'_>, is_only: bool) -> Result<()> {
    let types = types(readings);
    let is_known = match &types {
        Some(types) if is_only && !types.is_empty() => unpacking::need_only(types),
        Some(types) => unpacking::knows_every_type() || unpacking::need_only(types),
        None => unpacking::knows_every_type(),
    };
    if is_known {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Usage, "other templates were to be the only ones that are linted in this process")
        .hint("lint all of them at once, or do not say that they are the only ones"))
}

/// The types of all resources; nothing where others may come in, by a transform or by a type that is not written down.
fn types(readings: &Readings<'_>) -> Option<BTreeSet<String>> {
    let mut types = BTreeSet::new();
    for (_, reading) in readings.iter() {
        let Ok(reading) = reading else { continue };
        if reading.root.get("Transform").is_some() {
            return None;
        }
        for (_, resource) in reading.root.get("Resources").map(|resources| resources.entries()).unwrap_or_default() {
            if let Some(name) = resource.get("Type") {
                types.insert(name.text()?.to_owned());
            }
        }
    }
    Some(types)
}
