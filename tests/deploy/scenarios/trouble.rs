//! AWS slow, busy, broken or away: what passes is waited out, what does not is told in full.

use super::{DEPLOY, TEARDOWN, UPDATE};
use crate::fake::{Fake, Fault, Trouble};

/// All that `deploy` and `teardown` ask for.
const OPERATIONS: &[&str] = &[
    "GetCallerIdentity",
    "DescribeStacks",
    "HeadBucket",
    "CreateBucket",
    "PutBucketTagging",
    "ListObjectsV2",
    "PutObject",
    "CreateChangeSet",
    "DescribeChangeSet",
    "DescribeStackEvents",
    "ExecuteChangeSet",
    "ListStackResources",
    "GetTemplate",
    "DeleteStack",
    "ListObjectVersions",
    "DeleteObjects",
    "DeleteBucket",
];

/// Every operation meets with it once, at its first call.
fn outlives(trouble: Trouble) {
    let fake = Fake::start();
    for operation in OPERATIONS {
        fake.meets(Fault::new(operation, trouble, 1));
    }
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["jaeger is CREATE_COMPLETE"]);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["Nothing is left."]);
    assert!(fake.is_empty());
    assert!(fake.world().faults.iter().all(Fault::is_spent), "{:?}", fake.world().faults);
    assert_eq!(fake.world().stacks.iter().filter(|stack| stack.name == "jaeger").count(), 1, "made once");
}

#[test]
fn throttling_is_outlived() {
    outlives(Trouble::Throttled);
}

#[test]
fn failures_of_aws_are_outlived() {
    outlives(Trouble::Internal);
}

#[test]
fn a_bad_gateway_is_outlived() {
    outlives(Trouble::BadGateway);
}

#[test]
fn broken_connections_are_outlived() {
    outlives(Trouble::Disconnected);
}

#[test]
fn an_answer_that_is_lost_does_nothing_twice() {
    outlives(Trouble::Unanswered);
}

#[test]
fn a_long_loss_while_watching_is_outlived_and_told() {
    for trouble in [Trouble::Throttled, Trouble::BadGateway, Trouble::Disconnected] {
        let fake = Fake::deployed();
        // More than the SDK tries by itself, once watching has begun.
        let fault = Fault::new("DescribeStackEvents", trouble, 20).after(4);
        fake.meets(fault);
        let says = ["waiting: AWS does not answer, trying on", "AWS answers again", "jaeger is UPDATE_COMPLETE"];
        fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &says);
    }
}

#[test]
fn a_look_that_breaks_off_loses_no_event() {
    for passing in [3, 6] {
        let fake = Fake::start();
        fake.meets(Fault::new("DescribeStackEvents", Trouble::BadGateway, 12).after(passing));
        let run = fake.expect(&[DEPLOY, &["--json"]].concat(), 0, "CREATE_COMPLETE", &["waiting: AWS does not answer"]);
        let happened: usize = fake.world().stacks.iter().map(|stack| stack.events_of_resources()).sum();
        let told = run.records("event").iter().filter(|event| event["physical_id"] != event["stack_id"]).count();
        assert_eq!(told, happened, "after {passing} calls");
    }
}

#[test]
fn calls_that_are_never_answered_are_made_again() {
    let fake = Fake::deployed();
    fake.meets(Fault::new("DescribeStackEvents", Trouble::Silent, 2).after(2));
    fake.meets(Fault::new("ExecuteChangeSet", Trouble::Silent, 1));
    let jqs = fake.jqs().with("JQS_CALL_TIMEOUT_SECONDS", "1");
    fake.expect_of(&jqs, UPDATE, 0, "UPDATE_COMPLETE", &[]);
}

#[test]
fn throttling_of_the_plan_is_waited_out() {
    let fake = Fake::start();
    fake.meets(Fault::new("DescribeChangeSet", Trouble::Throttled, 99));
    let says = ["waiting: AWS does not answer, trying on: ", "Rate exceeded (Throttling)", "AWS answers again"];
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &says);
}

#[test]
fn what_may_not_be_done_is_told_and_the_plan_removed() {
    for (operation, action) in [
        ("CreateChangeSet", "cannot make the change set"),
        ("DescribeChangeSet", "cannot read the change set"),
        ("ExecuteChangeSet", "cannot execute the change set"),
    ] {
        let fake = Fake::deployed();
        fake.meets(Fault::new(operation, Trouble::Denied, 1));
        let says = [action, "not authorized", "the permissions that `jqs` needs are listed"];
        fake.expect(UPDATE, 1, "CREATE_COMPLETE", &says);
        assert!(fake.world().change_sets.iter().all(|set| !set.is_open()), "{operation}");
    }
}

#[test]
fn a_plan_that_cannot_be_removed_does_not_hide_the_cause() {
    let fake = Fake::deployed();
    fake.world().refusal = Some(("Network", "Template format error: bad"));
    fake.meets(Fault::new("DeleteChangeSet", Trouble::Denied, 1));
    let says = ["AWS refuses the changes: Template format error: bad", "warning: the change set `jqs-", "stays"];
    fake.expect(UPDATE, 1, "CREATE_COMPLETE", &says);
}

#[test]
fn a_lost_execution_is_joined_by_the_next_deploy() {
    let fake = Fake::start();
    // More than the SDK tries: whether AWS has begun is left open, and it has.
    fake.meets(Fault::new("ExecuteChangeSet", Trouble::Unanswered, 6));
    let run = fake.jqs().run(DEPLOY).expect(1).says("cannot execute the change set");
    assert!(run.stderr.contains("check the network"), "{}", run.stderr);
    assert_eq!((fake.status("jaeger").as_str(), fake.count("DeleteChangeSet")), ("CREATE_IN_PROGRESS", 0));
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["`jaeger` is in CREATE_IN_PROGRESS: joining."]);
}

#[test]
fn events_that_may_not_be_read_end_the_watching_alone() {
    let fake = Fake::deployed();
    fake.meets(Fault::new("DescribeStackEvents", Trouble::Denied, 9).after(1));
    let run = fake.jqs().run(UPDATE).expect(1).says("cannot read the events").says("not authorized");
    run.says("`jaeger` is watched no longer: AWS goes on with it.");
    assert_eq!(fake.status("jaeger"), "UPDATE_IN_PROGRESS");
    fake.world().faults.clear();
    fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &["joining"]);
}
