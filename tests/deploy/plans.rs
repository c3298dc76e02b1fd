//! What would be done, shown before it is done, and done exactly as it was shown.

use crate::cloud::Cloud;
use crate::lifecycle::deploy;
use crate::run::Run;

fn planned(run: &Run) -> serde_json::Value {
    run.records("plan").remove(0)
}

#[tokio::test]
async fn diff_changes_nothing_and_says_what_would_change() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    let diff = |more: &[&str]| jqs.run(&[&["diff", "--skip-image-check"], more].concat());
    let new = diff(&["--json"]).expect(2);
    assert!(planned(&new)["expected"]["seconds"].as_u64() > Some(60), "{}", new.stdout);
    assert!(!cloud.inventory().await.iter().any(|one| one.starts_with("stack")), "nothing was made");

    jqs.run(&deploy(&[])).expect(0);
    diff(&[]).expect(0).says("nothing would change");
    let change = diff(&["-P", "NumberOfAZs=3", "--json"]).expect(2);
    let cost = &planned(&change)["monthly_cost"];
    assert!(cost["after"]["least"].as_f64() > cost["before"]["least"].as_f64(), "{cost}");
    let open = ["-P", "LoadBalancerScheme=internet-facing", "-P", "AllowedCIDR=203.0.113.0/24"];
    // The certificate is not there.
    let open = [&open[..], &["-P", "Certificate=UseExisting", "-P", CERTIFICATE, "--skip-preflight"]].concat();
    let text = diff(&open).expect(2).says("443 (TLS)").says("203.0.113.0/24");
    text.says("before: nothing faces it");
    diff(&[]).expect(0);
}

const CERTIFICATE: &str =
    "CertificateArn=arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-0123456789ab";

#[tokio::test]
async fn a_plan_is_executed_as_it_was_approved_and_only_once() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    let file = jqs.home.path().join("plan.json");
    let file = file.to_str().unwrap();
    jqs.run(&deploy(&["--plan-out", file])).expect(0).says("Nothing was deployed: the plan is in");
    jqs.run(&["deploy", "--plan", file]).expect(2).says("nobody can be asked");
    jqs.run(&["deploy", "--plan", file, "--storage", "opensearch"]).expect(2).says("cannot be used with");
    jqs.run(&["deploy", "--plan", file, "--yes"]).expect(0).says("CREATE_COMPLETE");
    jqs.run(&["deploy", "--plan", file, "--yes"]).expect(2).says("it has been executed before");
    let there = jqs.run(&["deploy", "--plan", file, "--yes", "--region", "us-east-1"]).expect(2);
    there.says("in eu-west-1, and this is 123456789012 in us-east-1");
    jqs.run(&deploy(&["--plan-out", file])).expect(0).says("there is nothing to plan");
}
