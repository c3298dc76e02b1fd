//! Ctrl-C: the operation is AWS's, and whoever comes back finds it.

use crate::cloud::Cloud;
use crate::run::{finish, signal, wait_for};
use std::io::Read;
use std::time::{Duration, Instant};

const DEPLOY: [&str; 3] = ["deploy", "--yes", "--skip-image-check"];

#[test]
fn ctrl_c_detaches_and_the_next_deploy_joins() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "150")]);
    let jqs = cloud.jqs();
    let mut child = jqs.start(&DEPLOY);
    let mut rest = wait_for(&mut child, "CREATE_IN_PROGRESS");
    signal(child.id(), "INT");
    let began = Instant::now();
    let mut said = String::new();
    rest.read_to_string(&mut said).unwrap();
    let run = finish(child).expect(130);
    assert!(began.elapsed() < Duration::from_secs(5), "it left at once");
    assert!(run.stdout.is_empty() && said.contains("Detached: AWS goes on with `jaeger`."), "{said}");
    assert!(said.contains("`jqs watch --name jaeger` comes back to it"), "{said}");

    let joined = jqs.run(&["redeploy"]).expect(1).says("`jaeger` is in CREATE_IN_PROGRESS");
    assert!(joined.stderr.contains("joins what goes on"), "{}", joined.stderr);
    let joined = jqs.run(&DEPLOY).expect(0).says("`jaeger` is in CREATE_IN_PROGRESS: joining.");
    assert!(joined.stderr.contains("jaeger is CREATE_COMPLETE") && joined.stdout.contains("JaegerURL"), "{joined:?}");
    jqs.run(&DEPLOY).expect(0).says("nothing to change");
}

#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "150")]);
    let mut child = cloud.jqs().start(&DEPLOY);
    let _rest = wait_for(&mut child, "CREATE_IN_PROGRESS");
    signal(child.id(), "INT");
    signal(child.id(), "INT");
    finish(child).expect(130);
}
