//! The network that a set of templates builds, as far as it is written in them: address ranges, security groups, routes,
//! network ACLs, load balancers and what is behind them. It asks of a case only what a question needs; what lies outside of
//! the templates, such as a subnet that the user names, is unknown and never guessed.

pub(super) mod acl;
pub(super) mod balancing;
pub(super) mod groups;
pub(super) mod routes;

pub(super) use crate::range::Range;

use super::scene::Scene;
use crate::eval::{Address, Outcome, Value};

/// The resource that a value names, where it is one of that type that the templates make.
pub(super) fn resource_of<'v>(scene: &Scene<'_>, value: &'v Value, kind: &str) -> Option<&'v Address> {
    value.resource().filter(|address| scene.kind(address) == kind)
}

/// The resources of a type that name this one in a property.
pub(super) fn naming<'a>(scene: &Scene<'a>, kind: &str, property: &str, named: &Address) -> Outcome<Vec<&'a Address>> {
    let mut found = Vec::new();
    for at in scene.existing(kind)? {
        if scene.property(at, property)?.resource() == Some(named) {
            found.push(at);
        }
    }
    Ok(found)
}
