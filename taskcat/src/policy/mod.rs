//! Least privilege for a matrix: what the handlers of its types need, and what a run does itself. Which actions a handler needs
//! is AWS's own word, in the provider schemas.

mod permissions;
mod statement;

pub use permissions::{Permissions, TypePermissions};
pub use statement::{POLICY_LETTERS_MAX, Policy, Statement};

use crate::matrix::Matrix;
use jqs_cfn::Result;
use jqs_cfn::eval::{Folder, StackTree};
use std::collections::BTreeSet;

#[derive(Debug)]
pub struct Generated {
    pub policies: Vec<Policy>,
    pub types: BTreeSet<String>,
    /// Of which AWS does not publish what they need.
    pub unknown: Vec<String>,
    /// Nested templates that are not in the project.
    pub missing: Vec<String>,
}

/// For all templates of the matrix, nested ones included.
pub fn generate(matrix: &Matrix) -> Result<Generated> {
    let root = &matrix.config.root;
    let (mut types, mut missing) = (BTreeSet::new(), BTreeSet::new());
    let mut seen = BTreeSet::new();
    for case in &matrix.cases {
        let (folder, entry) = Folder::around(root, &root.join(&case.test.template))?;
        if !seen.insert(entry.clone()) {
            continue;
        }
        let tree = StackTree::open(&folder, &entry)?;
        let resources = tree.stacks().iter().flat_map(|stack| &stack.program.template.resources);
        types.extend(resources.map(|resource| resource.kind.clone()));
        missing.extend(tree.missing.iter().map(|(file, logical, url)| format!("{file}: `{logical}` ({url})")));
    }
    let permissions = Permissions::read()?;
    let (known, unknown): (Vec<&String>, Vec<&String>) = types
        .iter()
        .filter(|kind| *kind != jqs_cfn::template::NESTED_STACK)
        .partition(|kind| permissions.of(kind).is_some());
    let of_types: Vec<&TypePermissions> = known.iter().filter_map(|kind| permissions.of(kind)).collect();
    let regional = statement::buckets(matrix);
    let policies = statement::pack(statement::of_types(&of_types), statement::of_run(matrix, &regional));
    let unknown = unknown.into_iter().cloned().collect();
    Ok(Generated { policies, types, unknown, missing: missing.into_iter().collect() })
}
