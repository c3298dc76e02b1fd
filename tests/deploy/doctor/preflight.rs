//! The checks before a deployment: they stop it, or are left out.

use crate::cloud::Cloud;
use crate::fake::{Fake, Said};
use crate::snapshot;

const NO_VPC: [(&str, &str); 1] = [("SHIM_QUOTAS", r#"{"L-F678F1CE": 1}"#)];

#[tokio::test]
async fn what_would_fail_stops_a_deployment_before_anything_is_made() {
    let cloud = Cloud::start_with(&NO_VPC);
    let (jqs, before) = (cloud.jqs(), cloud.inventory().await);
    let run = jqs.run(&["deploy", "--yes", "--skip-image-check"]).expect(1);
    snapshot!("preflight_failed", run.shown());
    jqs.run(&["diff", "--skip-image-check"]).expect(1).says("`--skip-preflight` goes on without looking");
    assert_eq!(cloud.inventory().await, before, "nothing was made");
    jqs.run(&["diff", "--skip-image-check", "--skip-preflight"]).expect(2);
    jqs.run(&["deploy", "--yes", "--skip-image-check", "--skip-preflight"]).expect(0).says("CREATE_COMPLETE");
}

#[tokio::test]
async fn a_pipeline_reads_the_checks_line_by_line() {
    let cloud = Cloud::start_with(&NO_VPC);
    let run = cloud.jqs().run(&["deploy", "--yes", "--skip-image-check", "--json"]).expect(1);
    let checks = run.records("check");
    assert!(checks.iter().any(|check| check["id"] == "quota-vpcs" && check["verdict"] == "failed"), "{}", run.stdout);
    assert!(checks.iter().all(|check| check["id"] != "permissions"), "what takes long is left to `jqs doctor`");
    assert_eq!(run.records("error")[0]["kind"], "preflight_failed");
}

#[test]
fn warnings_are_told_and_gone_on_with() {
    let fake = Fake::start();
    fake.says(
        "DescribeVpcs",
        Said::Xml("<vpcSet><item><vpcId>vpc-1</vpcId><cidrBlock>10.0.128.0/17</cidrBlock></item></vpcSet>"),
    );
    let run = fake.jqs().run(&["deploy", "--yes", "--skip-image-check"]).expect(0);
    run.says("warning: Range of the VPC: 10.0.0.0/16 overlaps with vpc-1 (10.0.128.0/17)").says("CREATE_COMPLETE");
}
