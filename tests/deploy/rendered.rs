//! What `jqs render` says, against what the stand-in makes of the same templates.

use crate::cases::{Parameters, cases, templates, tree};
use crate::cloud::Cloud;
use crate::comparison::Comparison;
use crate::deployed::place;
use crate::run::{ACCOUNT, Jqs, REGION};
use jqs_cfn::eval::Folder;
use std::path::{Path, PathBuf};

const STACK: &str = "jaeger-test";

fn resolved(folder: &Path, entry: &str, parameters: &Parameters) -> serde_json::Value {
    let path = folder.join(entry);
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut arguments = vec!["render", path.to_str().unwrap(), "--resolved", "--format", "json"];
    arguments.extend(["--region", REGION, "--account", ACCOUNT, "--name", STACK]);
    arguments.extend(pairs.iter().flat_map(|pair| ["-P", pair.as_str()]));
    serde_json::from_str(&Jqs::new(&[]).run(&arguments).expect(0).stdout).unwrap()
}

/// Deploys every case, and compares all that is said of it. Answers how many cases there were.
async fn prove(cloud: &Cloud, folder: &Path, entry: &str, cases: &[Parameters]) {
    cloud.upload(folder, &Folder::open(folder).unwrap().names().unwrap()).await;
    for case in cases {
        let said = resolved(folder, entry, case);
        let deployed = cloud.create(STACK, entry, case).await;
        let comparison = Comparison::of(&said, &deployed);
        assert!(comparison.differences.is_empty(), "{entry} {case:#?}\n{}", comparison.differences.join("\n"));
        assert!(comparison.compared > deployed.resources.len(), "hardly anything was compared");
        cloud.remove(STACK).await;
    }
}

fn own_templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deploy/templates")
}

/// A network to deploy into: ids for whatever parameter takes them.
async fn ground(cloud: &Cloud) -> Vec<String> {
    cloud.upload(&own_templates(), &["ground.yaml".to_owned()]).await;
    let ground = cloud.create("ground", "ground.yaml", &Parameters::new()).await;
    ["Network", "Subnets", "Tasks"].iter().map(|name| ground.outputs[*name].clone()).collect()
}

async fn prove_entry(entry: &str, storage: &str) {
    let place = place();
    let mut fixed: Vec<(&str, &str)> = place.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fixed.push(("StorageBackend", storage));
    let cloud = Cloud::start();
    let cases = cases(&tree(&templates(), entry), &fixed, &ground(&cloud).await);
    assert!(cases.len() > 1, "{cases:?}");
    prove(&cloud, &templates(), entry, &cases).await;
}

#[tokio::test]
async fn a_new_vpc_with_memory_is_made_as_it_is_resolved() {
    prove_entry("jaeger-new-vpc.yaml", "memory").await;
}

#[tokio::test]
async fn a_new_vpc_with_opensearch_is_made_as_it_is_resolved() {
    prove_entry("jaeger-new-vpc.yaml", "opensearch").await;
}

#[tokio::test]
async fn an_existing_vpc_with_memory_is_filled_as_it_is_resolved() {
    prove_entry("jaeger-existing-vpc.yaml", "memory").await;
}

#[tokio::test]
async fn an_existing_vpc_with_opensearch_is_filled_as_it_is_resolved() {
    prove_entry("jaeger-existing-vpc.yaml", "opensearch").await;
}

/// Each module on its own, with made-up values for what it takes from others.
#[tokio::test]
async fn modules_alone_are_made_as_they_are_resolved() {
    let cloud = Cloud::start();
    let samples = ground(&cloud).await;
    for name in Folder::open(&templates()).unwrap().names().unwrap() {
        if name.starts_with("modules/") {
            let cases = cases(&tree(&templates(), &name), &[], &samples);
            prove(&cloud, &templates(), &name, &cases).await;
        }
    }
}

#[tokio::test]
async fn every_function_gives_what_it_is_resolved_to() {
    let folder = own_templates();
    let place = place();
    let fixed: Vec<(&str, &str)> = place.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let cases = cases(&tree(&folder, "functions.yaml"), &fixed, &[]);
    prove(&Cloud::start(), &folder, "functions.yaml", &cases).await;
}
