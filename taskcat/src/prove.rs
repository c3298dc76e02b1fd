//! The proof of a matrix before anything is made: each test with its own parameters, in each of its regions, by the engine.

use crate::config::Setting;
use crate::matrix::{Case, Matrix};
use crate::pseudo::{self, Offline, Scene};
use jqs_cfn::eval::{Folder, StackTree};
use jqs_cfn::prove::{self, Check, Options, Proof};
use jqs_cfn::{Result, region};
use std::collections::BTreeMap;

/// In place of the bucket that a run would make.
const BUCKET: &str = "tcat-proof";

/// One proof for each test, or for each of its regions where its parameters differ by region. What only AWS knows is left open,
/// so that it is proven for all that it may be.
pub async fn prove(matrix: &Matrix, checks: &[&'static Check]) -> Result<Vec<Proof>> {
    let mut proofs = Vec::new();
    for cases in matrix.cases.chunk_by(|one, other| one.test.name == other.test.name) {
        let Some(first) = cases.first() else { continue };
        let root = &matrix.config.root;
        let (folder, entry) = Folder::around(root, &root.join(&first.test.template))?;
        let tree = StackTree::open(&folder, &entry)?;
        let groups: Vec<&[Case]> = match depends_on_region(&first.test.parameters) {
            true => cases.chunks(1).collect(),
            false => vec![cases],
        };
        for group in groups {
            let regions: Vec<String> = group.iter().map(|case| case.region.clone()).collect();
            let options = Options {
                fixed: values(matrix, &group[0]).await?,
                stack_name: first.test.name.clone(),
                regions: regions.clone(),
                ..Options::default()
            };
            let mut proof = prove::prove(&tree, checks, &options);
            let place = if group.len() == cases.len() { String::new() } else { format!(" in {}", regions.join(", ")) };
            proof.entry = format!("{}{place} ({entry})", first.test.name);
            proofs.push(proof);
        }
    }
    Ok(proofs)
}

/// The parameters as far as they are known without AWS.
pub async fn values(matrix: &Matrix, case: &Case) -> Result<BTreeMap<String, String>> {
    let scene = Scene {
        root: matrix.config.root.clone(),
        project: matrix.config.name.clone(),
        test: case.test.name.clone(),
        region: case.region.clone(),
        account: String::new(),
        partition: region::partition(&case.region).to_owned(),
        bucket: Some(BUCKET.to_owned()),
        zones_excluded: Vec::new(),
    };
    pseudo::resolve(&scene, &case.test.parameters, &Offline { region: case.region.clone() }).await
}

fn depends_on_region(parameters: &BTreeMap<String, Setting>) -> bool {
    parameters.values().any(|setting| pseudo::depends_on_region(&setting.value))
}
