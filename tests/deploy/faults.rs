//! Deployments that fail, and an AWS that is slow, busy or away.

use crate::cloud::{Cloud, jqs_at};
use crate::faulty_proxy::{self, Fault, Rule};
use crate::snapshot;
use std::sync::atomic::Ordering;

const DEPLOY: [&str; 3] = ["deploy", "--yes", "--skip-image-check"];

#[tokio::test]
async fn the_first_true_cause_is_told_and_the_next_deploy_replaces_the_failed_stack() {
    let cloud = Cloud::start_with(&[("SHIM_FAIL_LOGICAL", "NatGateway1")]);
    let jqs = cloud.jqs();
    let failed = jqs.run(&DEPLOY).expect(1);
    let verdict = failed.stderr.lines().skip_while(|line| !line.starts_with('✗')).collect::<Vec<_>>().join("\n");
    snapshot!("failed_resource", verdict);
    jqs.run(&["status"]).expect(1);

    jqs.run(&["deploy", "--skip-image-check"]).expect(2).says("`jaeger` is in ROLLBACK_COMPLETE");
    let again = jqs.run(&[&DEPLOY[..], &["--json"]].concat()).expect(1);
    assert!(again.stderr.contains("can only be deleted and made anew"), "{}", again.stderr);
    assert!(
        again.records("failure")[0]["cause"]["reason"].as_str().unwrap().contains("NatGateway1"),
        "{}",
        again.stdout
    );
}

#[tokio::test]
async fn a_failed_stack_is_kept_or_deleted_as_asked() {
    let cloud = Cloud::start_with(&[("SHIM_FAIL_LOGICAL", "NatGateway1")]);
    let jqs = cloud.jqs();
    jqs.run(&[&DEPLOY[..], &["--name", "kept", "--on-failure", "keep"]].concat())
        .expect(1)
        .says("kept is CREATE_FAILED");
    let deleted = jqs.run(&[&DEPLOY[..], &["--name", "gone", "--on-failure", "delete"]].concat()).expect(1);
    deleted.says("gone is DELETE_COMPLETE").says("cause: ");
    assert!(!cloud.inventory().await.contains(&"stack gone".to_owned()));
}

#[tokio::test]
async fn a_failed_update_is_rolled_back_and_its_cause_found_in_the_nested_stack() {
    let cloud = Cloud::start_with(&[("SHIM_FAIL_LOGICAL", "Domain")]);
    let jqs = cloud.jqs();
    jqs.run(&[&DEPLOY[..], &["--storage", "memory"]].concat()).expect(0);
    let failed = jqs.run(&[&DEPLOY[..], &["--storage", "opensearch", "--json"]].concat()).expect(1);
    let failure = &failed.records("failure")[0];
    assert_eq!(failure["status"], "UPDATE_ROLLBACK_COMPLETE");
    let path = failure["cause"]["path"].as_array().unwrap();
    assert!(path.len() > 1 && path[0] == "Jaeger", "{failure}");
    assert!(failure["cause"]["reason"].as_str().unwrap().contains("injected failure for Domain"), "{failure}");
    failed.says("the stack is as it was before");
    assert_eq!(jqs.run(&["outputs", "StorageBackend"]).expect(0).stdout, "memory\n");
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let cloud = Cloud::start();
    let events = Rule::new("DescribeStackEvents", Fault::Throttle, 4);
    let stacks = Rule::new("DescribeStacks", Fault::Throttle, 3);
    let endpoint = faulty_proxy::start(cloud.port, vec![events.clone(), stacks.clone()]).await;
    let jqs = jqs_at(&endpoint);
    let run = tokio::task::spawn_blocking(move || jqs.run(&DEPLOY)).await.unwrap();
    run.expect(0).says("jaeger is CREATE_COMPLETE");
    assert_eq!((events.left.load(Ordering::SeqCst), stacks.left.load(Ordering::SeqCst)), (0, 0), "it was throttled");
}

#[tokio::test]
async fn a_lost_network_while_watching_is_outlived() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "100")]);
    // Two more than the SDK tries by itself, once the first call has told what is past and watching begins.
    let lost = Rule::new("DescribeStackEvents", Fault::Disconnect, 8).after(1);
    let endpoint = faulty_proxy::start(cloud.port, vec![lost.clone()]).await;
    let jqs = jqs_at(&endpoint);
    let run = tokio::task::spawn_blocking(move || jqs.run(&DEPLOY)).await.unwrap().expect(0);
    run.says("AWS does not answer, trying on").says("AWS answers again").says("jaeger is CREATE_COMPLETE");
    assert_eq!(lost.left.load(Ordering::SeqCst), 0, "the connections were broken");
}
