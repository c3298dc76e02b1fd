//! Stacks that are to go, and what keeps them.

use super::{DEPLOY, TEARDOWN, UPDATE};
use crate::fake::{Fake, Phase, deployment};

const DEPENDENCIES: &str = "The vpc 'vpc-1' has dependencies and cannot be deleted. (Service: Ec2, Status Code: 400)";
const FORCE: &[&str] = &["teardown", "--yes", "--force"];

/// A deployment that has stored something, versions and delete markers included.
fn filled(objects: usize) -> (Fake, String) {
    let fake = Fake::deployed();
    let bucket = fake.bucket_of("Traces").unwrap();
    for number in 0..objects {
        fake.world().store.write(&bucket, &format!("traces/{}", number / 2), number % 2 == 1);
    }
    (fake, bucket)
}

#[test]
fn a_teardown_leaves_nothing_and_again_finds_nothing() {
    let fake = Fake::deployed();
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["is removed", "Nothing is left."]);
    assert!(fake.is_empty());
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["There is no stack `jaeger`", "Nothing is left."]);
}

#[test]
fn a_bucket_of_the_stack_that_is_not_empty_is_emptied() {
    let (fake, bucket) = filled(250);
    let emptied = format!("Emptied the bucket {bucket} (Jaeger/Storage/Traces), which kept the stack.");
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["jaeger is DELETE_FAILED: trying once more", &emptied]);
    assert!(fake.is_empty());
}

#[test]
fn a_bucket_of_somebody_else_is_named_and_left_alone() {
    let (fake, bucket) = filled(1);
    fake.world().store.buckets.get_mut(&bucket).unwrap().tags.clear();
    let stuck = format!("stuck: Jaeger/Storage/Traces (AWS::S3::Bucket) {bucket}");
    let says = [&stuck, "The bucket you tried to delete is not empty", "with `--force` it leaves behind"];
    fake.expect(TEARDOWN, 1, "DELETE_FAILED", &says);
    assert!(fake.world().store.is_filled(&bucket));
    let left = format!("AWS::S3::Bucket {bucket} (Jaeger/Storage/Traces)");
    fake.expect(FORCE, 0, "DELETE_COMPLETE", &["leaving behind what cannot be deleted", "these are left", &left]);
    assert!(fake.world().store.is_filled(&bucket));
}

#[test]
fn what_lets_go_late_is_deleted_at_the_second_try() {
    let fake = Fake::deployed();
    fake.fails("Network/VPC", Phase::Delete, 1, DEPENDENCIES);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["jaeger is DELETE_FAILED: trying once more"]);
    assert!(fake.is_empty());
}

#[test]
fn what_does_not_let_go_is_named_and_can_be_tried_again() {
    let fake = Fake::deployed();
    fake.fails("Network/VPC", Phase::Delete, 2, DEPENDENCIES);
    let says = ["cause: Network/VPC (AWS::EC2::VPC) DELETE_FAILED", DEPENDENCIES, "`jqs teardown --name jaeger` again"];
    fake.expect(TEARDOWN, 1, "DELETE_FAILED", &says);
    assert!(!fake.world().store.buckets.is_empty(), "the templates stay as long as the stack");
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["Nothing is left."]);
    assert!(fake.is_empty());
}

#[test]
fn force_comes_last() {
    let fake = Fake::deployed();
    fake.fails("Network/VPC", Phase::Delete, 9, DEPENDENCIES);
    let says = ["trying once more", "leaving behind what cannot be deleted", "AWS::EC2::VPC", "(Network/VPC)"];
    let run = fake.expect(FORCE, 0, "DELETE_COMPLETE", &says);
    assert!(!run.stderr.contains("Nothing is left."), "{}", run.stderr);
    assert_eq!(fake.count("DeleteStack"), 3);
}

#[test]
fn a_failed_deletion_is_replaced_by_the_next_deploy() {
    let fake = Fake::deployed();
    fake.fails("Network/VPC", Phase::Delete, 2, DEPENDENCIES);
    fake.expect(TEARDOWN, 1, "DELETE_FAILED", &[]);
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["`jaeger` is in DELETE_FAILED: it can only be deleted"]);
}

#[test]
fn a_protected_stack_stays_and_the_way_is_told() {
    let fake = Fake::deployed();
    fake.world().find_mut("jaeger").unwrap().is_protected = true;
    let says = ["TerminationProtection is enabled", "update-termination-protection --no-enable-termination-protection"];
    fake.expect(TEARDOWN, 1, "CREATE_COMPLETE", &says);
    fake.world().find_mut("jaeger").unwrap().is_protected = false;
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &[]);
}

#[test]
fn a_stack_whose_exports_are_used_stays() {
    let fake = Fake::deployed();
    let reason = "Export jaeger-otlp cannot be deleted as it is in use by shop";
    fake.fails("", Phase::Delete, 1, reason);
    fake.expect(TEARDOWN, 1, "CREATE_COMPLETE", &["cause: jaeger", reason]);
    assert_eq!(fake.count("DeleteStack"), 1);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &[]);
}

#[test]
fn what_templates_keep_is_named() {
    let fake = Fake::start();
    let mut shape = deployment();
    let storage = &mut shape.children[1].children[0];
    storage.children[0] = storage.children[0].clone().retained();
    fake.world().shape = shape;
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &[]);
    let bucket = fake.bucket_of("Traces").unwrap();
    fake.world().store.write(&bucket, "traces/1", false);
    let stays = format!("{bucket} stays, as its template says");
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &[&stays, "these are left"]);
    assert!(fake.world().store.is_filled(&bucket), "nobody emptied it");
}

#[test]
fn a_stack_is_deleted_while_it_is_made() {
    let fake = Fake::start();
    fake.until("ExecuteChangeSet", DEPLOY);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["jaeger is DELETE_COMPLETE"]);
    assert!(fake.is_empty());
}

#[test]
fn a_stack_that_is_being_changed_is_deleted_after_that() {
    let fake = Fake::deployed();
    fake.until("ExecuteChangeSet", UPDATE);
    let says = ["`jaeger` is in UPDATE_IN_PROGRESS: joining.", "AWS deletes it only when that is over."];
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &says);
    assert!(fake.is_empty());
}

#[test]
fn a_deletion_that_goes_on_is_joined() {
    let fake = Fake::deployed();
    fake.until("DeleteStack", TEARDOWN);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["`jaeger` is in DELETE_IN_PROGRESS: joining."]);
    assert!(fake.is_empty());
    let fake = Fake::deployed();
    fake.until("DeleteStack", TEARDOWN);
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["`jaeger` is in DELETE_IN_PROGRESS: joining."]);
}

#[test]
fn a_deletion_that_is_joined_and_fails_is_tried_again() {
    let (fake, _) = filled(3);
    fake.until("DeleteStack", TEARDOWN);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["joining", "Emptied the bucket"]);
    assert!(fake.is_empty());
}

#[test]
fn a_failed_creation_is_torn_down() {
    let fake = Fake::start();
    fake.fails("Jaeger/LogGroup", Phase::Create, 1, "already exists");
    fake.expect(DEPLOY, 1, "ROLLBACK_COMPLETE", &[]);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["Nothing is left."]);
    assert!(fake.is_empty());
}
