//! Names in the flat template: those of the outermost stack stay; those of a nested one get the path to it in front.

use crate::eval::{StackId, StackTree};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// CloudFormation's limit for logical ids.
pub const DEFAULT_NAME_CHARACTERS_MAX: usize = 255;
/// Digits of the hash that keeps a shortened name apart from others.
const HASH_CHARACTERS: usize = 16;

/// What is named. Resources and parameters share one room in CloudFormation; here all do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Resource,
    Condition,
    Mapping,
    Output,
}

#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    names: HashMap<(StackId, Kind, String), String>,
}

impl Names {
    pub(super) fn new(tree: &StackTree) -> Self {
        let mut names = Self::default();
        for parameter in &tree.root().program.template.parameters {
            names.taken.insert(parameter.name.clone());
        }
        for stack in tree.stacks() {
            let template = &stack.program.template;
            let of_section = |section: &str| {
                let keys = template.section(section).iter().filter_map(|(key, _)| key.text().map(str::to_owned));
                keys.collect::<Vec<_>>()
            };
            let resources = template.resources.iter().map(|resource| resource.logical_id.clone()).collect();
            let outputs = template.outputs.iter().map(|output| output.name.clone()).collect();
            for (kind, found) in [
                (Kind::Resource, resources),
                (Kind::Condition, of_section("Conditions")),
                (Kind::Mapping, of_section("Mappings")),
                (Kind::Output, outputs),
            ] {
                for name in found {
                    let flat = if stack.id == StackId::ROOT {
                        names.taken.insert(name.clone());
                        name.clone()
                    } else {
                        let path: Vec<&str> = stack.path.iter().map(|part| &**part).chain([name.as_str()]).collect();
                        names.unique(&path)
                    };
                    names.names.insert((stack.id, kind, name), flat);
                }
            }
        }
        names
    }

    pub(super) fn get(&self, stack: StackId, kind: Kind, name: &str) -> Option<&str> {
        self.names.get(&(stack, kind, name.to_owned())).map(String::as_str)
    }

    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// The parts joined; shortened where that is too long, and with a number where it is taken.
    pub(super) fn unique(&mut self, parts: &[&str]) -> String {
        let mut name: String = parts.concat().chars().filter(char::is_ascii_alphanumeric).collect();
        if name.len() > DEFAULT_NAME_CHARACTERS_MAX - HASH_CHARACTERS {
            let hash = hex::encode(Sha256::digest(parts.join("/")));
            name.truncate(DEFAULT_NAME_CHARACTERS_MAX - 2 * HASH_CHARACTERS);
            name.push_str(&hash[..HASH_CHARACTERS]);
        }
        let mut unique = name.clone();
        let mut number = 2;
        while !self.taken.insert(unique.clone()) {
            unique = format!("{name}{number}");
            number += 1;
        }
        unique
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_collide_and_are_never_too_long() {
        let mut names = Names::default();
        assert_eq!(names.unique(&["A", "BC"]), "ABC");
        assert_eq!(names.unique(&["AB", "C"]), "ABC2");
        assert_eq!(names.unique(&["AB", "C"]), "ABC3");
        let long = "x".repeat(200);
        let (one, other) = (names.unique(&[&long, &long, "A"]), names.unique(&[&long, &long, "B"]));
        assert!(one != other && one.len() <= DEFAULT_NAME_CHARACTERS_MAX && one.starts_with(&long), "{one}");
    }
}
