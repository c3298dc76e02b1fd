//! What needs no AWS, and what must be said before AWS is asked anything.

use crate::cloud::{free_port, jqs_at};
use crate::run::{Jqs, REGION};
use crate::snapshot;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Longer than this, nobody believes that it is an answer about what was typed.
const QUICK: Duration = Duration::from_secs(6);

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn render_writes_the_same_bytes_every_time() {
    let jqs = Jqs::new(&[]);
    let (one, other) = (jqs.home.path().join("one"), jqs.home.path().join("other"));
    for folder in [&one, &other] {
        let folder = folder.to_str().unwrap();
        jqs.run(&["render", "--storage", "opensearch", "--region", REGION, "--bucket", "b-1", "--out", folder])
            .expect(0);
    }
    let written = files(&one);
    assert_eq!(written, files(&other));
    assert!(
        written.contains_key("templates/jaeger-new-vpc.yaml") && written.contains_key("templates/modules/vpc.yaml")
    );
    let parameters: Vec<BTreeMap<String, String>> = serde_json::from_slice(&written["parameters.json"]).unwrap();
    let value =
        |key: &str| parameters.iter().find(|one| one["ParameterKey"] == key).map(|one| one["ParameterValue"].clone());
    assert_eq!(value("StorageBackend").as_deref(), Some("opensearch"));
    assert_eq!(value("TemplateBucket").as_deref(), Some("b-1"));
    assert!(value("TemplatePrefix").unwrap().ends_with('/'));
    let manifest: serde_json::Value = serde_json::from_slice(&written["manifest.json"]).unwrap();
    assert_eq!(manifest["entry"], "jaeger-new-vpc.yaml");
    assert_eq!(manifest["files"].as_object().unwrap().len(), written.len() - 1);
}

#[test]
fn render_takes_the_entry_for_an_existing_vpc() {
    let jqs = Jqs::new(&[]);
    let out = jqs.home.path().join("out");
    let (vpc, out) = (["render", "--vpc", "vpc-0123456789abcdef0"], out.to_str().unwrap());
    jqs.run(&[&vpc[..], &["--out", out]].concat()).expect(2).says("parameter `VPCCIDR` has no value");
    let place = ["--vpc-cidr", "10.1.0.0/16", "--private-subnets", "subnet-0123456789abcdef0,subnet-0123456789abcdef1"];
    let run = jqs.run(&[&vpc[..], &place, &["--out", out, "--json"]].concat()).expect(0);
    let manifest: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(manifest["entry"], "jaeger-existing-vpc.yaml");
    assert_eq!(manifest["missing"], serde_json::json!(["TemplateBucket", "TemplateBucketRegion"]));
}

#[test]
fn a_flat_template_is_written_without_calls_or_choices() {
    let jqs = Jqs::new(&[]);
    let file = jqs.home.path().join("made/flat.yaml");
    let text = jqs.run(&["render", "--flat"]).expect(0).says("`TemplatePrefix`").stdout;
    assert!(text.starts_with("AWSTemplateFormatVersion:") && !text.contains("AWS::CloudFormation::Stack"), "{text}");
    jqs.run(&["render", "--flat", "--out", file.to_str().unwrap()]).expect(0).says("wrote ");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let json = jqs.run(&["render", "--vpc", "vpc-1", "--flat", "--format", "json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["Parameters"]["VPCID"].is_object() && json["Parameters"]["TemplateBucket"].is_null(), "{json}");
    jqs.run(&["render", "--flat", "--storage", "memory"]).expect(2).says("`StorageBackend` is given at the deployment");
    jqs.run(&["render", "--flat", "--resolved"]).expect(2);
    jqs.run(&["render"]).expect(2).says("--out");
}

#[test]
fn a_case_is_resolved_as_far_as_it_is_known() {
    let jqs = Jqs::new(&[]);
    let resolved = |more: &[&str]| jqs.run(&[&["render", "--resolved", "--format", "json"][..], more].concat());
    let run = resolved(&["--region", "us-east-1", "--account", "111122223333", "--name", "mine"]).expect(0);
    let said: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(said["Parameters"]["EnvironmentName"], "mine");
    let network = &said["Resources"]["Network"]["Stack"];
    assert_eq!(network["Resources"]["PublicSubnet1"]["Properties"]["AvailabilityZone"], "us-east-1a");
    assert_eq!(network["Outputs"]["VPCID"]["Value"], "${Network/VPC}");
    assert_eq!(said["Outputs"]["ImageUri"]["Value"], "111122223333.dkr.ecr.us-east-1.amazonaws.com/jqs:0.1.0");
    assert_eq!(run.stdout, resolved(&["--region", "us-east-1", "--account", "111122223333", "--name", "mine"]).stdout);
    resolved(&[]).expect(2).says("`--resolved` needs a region");
    resolved(&["--region", "eu-mars-9"]).expect(2).says("eu-mars-9");
    resolved(&["--region", REGION, "-P", "StorageBackend=disk"]).expect(2).says("is not one of");
    let exposed = ["--region", REGION, "-P", "LoadBalancerScheme=internet-facing"];
    resolved(&exposed).expect(2).says("refuse this: An internet-facing load balancer");
}

#[test]
fn any_templates_can_be_rendered() {
    let jqs = Jqs::new(&[]);
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deploy/templates");
    let (file, folder) = (templates.join("functions.yaml"), templates.to_str().unwrap());
    let out = jqs.home.path().join("out");
    jqs.run(&["render", file.to_str().unwrap(), "--bucket", "b-1", "--out", out.to_str().unwrap()]).expect(0);
    let written = files(&out);
    assert!(
        written.contains_key("templates/nested/inner.yaml") && written.contains_key("parameters.json"),
        "{written:?}"
    );
    jqs.run(&["render", folder, "--flat"]).expect(2).says("functions.yaml, ground.yaml");
    jqs.run(&["render", "nothing.yaml", "--flat"]).expect(1).says("cannot read `nothing.yaml`");
    let flat = jqs.run(&["render", file.to_str().unwrap(), "--flat"]).expect(0).stdout;
    assert!(flat.contains("  InnerTopic:\n") && flat.contains("${EnvironmentName}-inner/kept"), "{flat}");
}

#[test]
fn broken_parameters_are_refused_before_any_call() {
    // Nobody listens at the endpoint: an answer that is about the parameter came without asking.
    let jqs = jqs_at(&format!("http://127.0.0.1:{}", free_port()));
    for (arguments, text) in [
        (vec!["--storage", "disk"], "parameter `StorageBackend`: `disk` is not one of `memory`, `opensearch`"),
        (vec!["-P", "StorageBackent=memory"], "did you mean `StorageBackend`?"),
        (vec!["-P", "LogRetentionDays=8"], "parameter `LogRetentionDays`: `8` is not one of"),
        (vec!["-P", "AllowedCIDR=everyone"], "parameter `AllowedCIDR`: `everyone` does not match"),
        (vec!["--vpc", "jaeger"], "parameter `VPCID`: `jaeger` is not an identifier of the kind `vpc-…`"),
        (vec!["--storage", "memory", "-P", "StorageBackend=opensearch"], "is given twice"),
    ] {
        let run = jqs.run(&[&["deploy"][..], &arguments].concat()).expect(2).says(text);
        assert!(run.took < QUICK && run.stdout.is_empty(), "{run:?}");
    }
}

#[test]
fn an_unknown_region_is_refused_at_once_and_can_be_insisted_on() {
    let endpoint = format!("http://127.0.0.1:{}", free_port());
    let jqs = jqs_at(&endpoint);
    for command in ["deploy", "status", "teardown", "redeploy", "outputs"] {
        let run = jqs.run(&[command, "--region", "eu-mars-9"]).expect(2);
        assert!(run.took < QUICK, "{command} took {:?}", run.took);
        snapshot!("unknown_region", run.shown());
    }
    let insisting = jqs_at(&endpoint).with("JQS_ALLOW_UNKNOWN_REGION", "1");
    let run =
        insisting.run(&["status", "--region", "eu-mars-9"]).expect(1).says("cannot find out which AWS account this is");
    assert!(run.took < QUICK, "took {:?}", run.took);
}

#[test]
fn without_credentials_region_or_endpoint_it_says_so_quickly() {
    let no_credentials = Jqs::new(&[("AWS_REGION", REGION)]).run(&["deploy"]).expect(1);
    let no_region = Jqs::new(&[]).run(&["deploy"]).expect(2);
    let no_endpoint = jqs_at("http://127.0.0.1:9").run(&["deploy"]).expect(1);
    let no_profile = Jqs::new(&[("AWS_REGION", REGION)]).run(&["deploy", "--profile", "nobody"]).expect(1);
    for run in [&no_credentials, &no_region, &no_endpoint, &no_profile] {
        assert!(run.took < QUICK, "took {:?}", run.took);
    }
    snapshot!("no_credentials", no_credentials.shown());
    snapshot!("no_region", no_region.shown());
    snapshot!("no_endpoint", no_endpoint.shown());
    snapshot!("no_profile", no_profile.shown());
}

#[test]
fn errors_are_json_as_well() {
    let run = Jqs::new(&[]).run(&["status", "--json", "--region", "eu-mars-9"]).expect(2);
    let error = &run.records("error")[0];
    assert_eq!(error["kind"], "unknown_region");
    assert!(error["message"].as_str().unwrap().contains("eu-mars-9") && error["hint"].is_string());
}

#[test]
fn help_shows_examples_and_exit_codes() {
    let jqs = Jqs::new(&[]);
    for command in ["deploy", "redeploy", "teardown"] {
        let run = jqs.run(&[command, "--help"]).expect(0);
        assert!(run.stdout.contains("Exit codes:"), "{}", run.stdout);
    }
    snapshot!("help_deploy", jqs.run(&["deploy", "--help"]).expect(0).stdout);
    jqs.run(&["deploy", "--nonsense"]).expect(2);
}

#[test]
fn cost_asks_nobody_and_refuses_what_it_does_not_know() {
    let jqs = jqs_at(&format!("http://127.0.0.1:{}", free_port()));
    let run = jqs.run(&["cost", "--storage", "opensearch", "--region", REGION, "--json"]).expect(0);
    assert!(run.took < QUICK, "took {:?}", run.took);
    let estimate: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((estimate["currency"].as_str(), estimate["region"].as_str()), (Some("USD"), Some(REGION)));
    let sum = |estimate: &serde_json::Value, which: &str| estimate["total"][which].as_f64().unwrap();
    assert!(sum(&estimate, "least") > 0.0 && sum(&estimate, "most") > sum(&estimate, "least"));

    let prices = jqs.home.path().join("prices.yaml");
    let with = ["cost", "--storage", "opensearch", "--region", REGION, "--json", "--prices", prices.to_str().unwrap()];
    std::fs::write(&prices, "prices:\n  nat-gateway/hour: {eu-west-1: 0}\n").unwrap();
    let cheaper: serde_json::Value = serde_json::from_str(&jqs.run(&with).expect(0).stdout).unwrap();
    assert!(sum(&cheaper, "least") < sum(&estimate, "least"));
    std::fs::write(&prices, "prices:\n  nat-gatway/hour: {eu-west-1: 0}\n").unwrap();
    jqs.run(&with).expect(1).says("prices.yaml:2:3: there is no price `nat-gatway/hour`: did you mean");

    jqs.run(&["cost", "--region", "cn-north-1"]).expect(2).says("there are no prices for the region `cn-north-1`");
    jqs.run(&["cost", "-P", "Storage=x"]).expect(2).says("`Storage` is not a parameter of");
    jqs.run(&["cost", "--spans-per-day", "many"]).expect(2).says("write a number such as 500, 1.5k, 10M or 2G");
    let assumptions = jqs.run(&["cost", "--assumptions", "--spans-per-day", "3M"]).expect(0).stdout;
    assert!(
        assumptions.lines().any(|line| line.starts_with("spans-per-day") && line.contains("  3M  ")),
        "{assumptions}"
    );
}

#[test]
fn graph_draws_our_templates_and_any_other() {
    let jqs = jqs_at(&format!("http://127.0.0.1:{}", free_port()));
    for (format, start) in [("svg", "<svg "), ("dot", "digraph \"jaeger-new-vpc.yaml\" {"), ("mermaid", "flowchart TB")]
    {
        let run = jqs.run(&["graph", "--storage", "opensearch", "--format", format]).expect(0);
        assert!(run.stdout.starts_with(start) && run.took < QUICK, "{format}: {run:?}");
    }
    let network = jqs.run(&["graph", "--by", "network", "--storage", "opensearch", "--format", "mermaid"]).expect(0);
    assert!(network.stdout.contains("-->|\"tcp 443\"|"), "{}", network.stdout);
    let (template, picture) = (jqs.home.path().join("t.yaml"), jqs.home.path().join("t.svg"));
    std::fs::write(&template, "Resources: {Topic: {Type: AWS::SNS::Topic}, Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./gone.yaml}}}").unwrap();
    let (template, picture) = (template.to_str().unwrap(), picture.to_str().unwrap());
    let run = jqs.run(&["graph", template, "--out", picture]).expect(0);
    let run = run.says("the template of `Nested` is not there").says("wrote ");
    assert!(run.stdout.is_empty() && std::fs::read_to_string(picture).unwrap().contains(">Topic</text>"));
    let folder = jqs.home.path().to_str().unwrap();
    assert!(jqs.run(&["graph", folder]).expect(0).stdout.contains(">Topic</text>"), "the one template in it");
}
