//! What `jqs render` says, against what the stand-in makes of the same templates.

use crate::cases::{Parameters, cases, templates, tree};
use crate::cloud::Cloud;
use crate::comparison::Comparison;
use crate::deployed::place;
use crate::run::{ACCOUNT, Jqs, REGION};
use jqs_cfn::eval::Folder;
use std::path::{Path, PathBuf};

const STACK: &str = "jaeger-test";
const FLAT_STEP: usize = 3;

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

/// Something to deploy into: values for whatever parameter takes them.
async fn ground(cloud: &Cloud) -> Parameters {
    cloud.upload(&own_templates(), &["ground.yaml".to_owned()]).await;
    cloud.create("ground", "ground.yaml", &Parameters::new()).await.outputs
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
    let ground = ground(&cloud).await;
    for name in Folder::open(&templates()).unwrap().names().unwrap() {
        if name.starts_with("modules/") {
            let cases = cases(&tree(&templates(), &name), &[], &ground);
            prove(&cloud, &templates(), &name, &cases).await;
        }
    }
}

#[tokio::test]
async fn every_function_gives_what_it_is_resolved_to() {
    let folder = own_templates();
    let place = place();
    let fixed: Vec<(&str, &str)> = place.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let cases = cases(&tree(&folder, "functions.yaml"), &fixed, &Parameters::new());
    prove(&Cloud::start(), &folder, "functions.yaml", &cases).await;
}

/// Merged into one template, every case makes the same resources, properties and outputs as nested.
async fn prove_flat(entry: &str, storage: &str) {
    let place = place();
    let mut fixed: Vec<(&str, &str)> = place.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fixed.push(("StorageBackend", storage));
    let cloud = Cloud::start();
    let cases = cases(&tree(&templates(), entry), &fixed, &ground(&cloud).await);
    let jqs = Jqs::new(&[]);
    let flat = jqs.home.path().join("flat.yaml");
    let path = templates().join(entry);
    jqs.run(&["render", path.to_str().unwrap(), "--flat", "--out", flat.to_str().unwrap()]).expect(0);
    cloud.upload(jqs.home.path(), &["flat.yaml".to_owned()]).await;
    // Every case was compared as nested; of the flat template, some do.
    for mut case in cases.into_iter().step_by(FLAT_STEP) {
        let said = merged(&resolved(&templates(), entry, &case));
        case.retain(|name, _| !place.contains_key(name));
        let deployed = cloud.create(STACK, "flat.yaml", &case).await;
        let comparison = Comparison::of(&said, &deployed);
        assert!(comparison.differences.is_empty(), "{entry} {case:#?}\n{}", comparison.differences.join("\n"));
        cloud.remove(STACK).await;
    }
}

/// What is said of nested stacks, said of one: `Network/VPC` is called `NetworkVPC`.
fn merged(said: &serde_json::Value) -> serde_json::Value {
    let mut resources = serde_json::Map::new();
    let mut names = Vec::new();
    collect("", said, &mut resources, &mut names);
    let mut text =
        serde_json::json!({"Parameters": said["Parameters"], "Outputs": said["Outputs"], "Resources": resources})
            .to_string();
    for path in names {
        let name = path.replace('/', "");
        text = text.replace(&format!("${{{path}}}"), &format!("${{{name}}}"));
        text = text.replace(&format!("${{{path}."), &format!("${{{name}."));
        text = text.replace(&format!("${{{path}/AWS::StackId/uuid}}"), "${AWS::StackId/uuid}");
    }
    serde_json::from_str(&text).unwrap()
}

fn collect(
    path: &str,
    said: &serde_json::Value,
    resources: &mut serde_json::Map<String, serde_json::Value>,
    names: &mut Vec<String>,
) {
    for (logical_id, resource) in said["Resources"].as_object().unwrap() {
        let name = format!("{path}{logical_id}");
        if resource["Stack"].is_object() {
            collect(&format!("{name}/"), &resource["Stack"], resources, names);
        } else {
            resources.insert(name.replace('/', ""), resource.clone());
        }
        names.push(name);
    }
}

#[tokio::test]
async fn a_new_vpc_is_the_same_from_one_flat_template() {
    for storage in ["memory", "opensearch"] {
        prove_flat("jaeger-new-vpc.yaml", storage).await;
    }
}

#[tokio::test]
async fn an_existing_vpc_is_filled_the_same_from_one_flat_template() {
    for storage in ["memory", "opensearch"] {
        prove_flat("jaeger-existing-vpc.yaml", storage).await;
    }
}
