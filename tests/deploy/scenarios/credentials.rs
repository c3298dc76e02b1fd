//! Credentials that end before the operation does.

use super::{DEPLOY, TEARDOWN, UPDATE};
use crate::fake::{Fake, Fault, Trouble};
use std::path::Path;

const WAITING: &str = "waiting: credentials are needed anew, sign in meanwhile: ";

fn sign_in(home: &Path, key: &str) {
    let text = format!("[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\naws_session_token = t\n");
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/credentials"), text).unwrap();
}

#[test]
fn credentials_that_are_good_again_end_the_waiting() {
    let fake = Fake::start();
    fake.meets(Fault::new("DescribeStacks", Trouble::ExpiredToken, 5).after(3));
    let says = [WAITING, "token included in the request is expired", "AWS answers again", "jaeger is CREATE_COMPLETE"];
    let run = fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &says);
    assert_eq!(run.stderr.matches("waiting: ").count(), 1, "said once: {}", run.stderr);
}

#[test]
fn whoever_signs_in_again_in_another_terminal_is_noticed() {
    for (arguments, operation) in [(UPDATE, "ExecuteChangeSet"), (TEARDOWN, "DeleteStack")] {
        let fake = Fake::deployed();
        let jqs = fake.without_credentials();
        sign_in(jqs.home.path(), "FIRST");
        let home = jqs.home.path().to_owned();
        fake.before(operation, 0, |world| {
            world.before("DescribeStackEvents", 2, |world| {
                world.expired.insert("FIRST".to_owned());
            });
        });
        fake.before("DescribeStackEvents", 12, move |_| sign_in(&home, "SECOND"));
        let state = if arguments == UPDATE { "UPDATE_COMPLETE" } else { "DELETE_COMPLETE" };
        fake.expect_of(&jqs, arguments, 0, state, &[WAITING, "AWS answers again"]);
        assert!(fake.world().expired.contains("FIRST"), "the first ones stay expired");
    }
}

#[test]
fn changes_that_are_being_worked_out_are_waited_for_without_credentials() {
    let fake = Fake::start();
    fake.meets(Fault::new("DescribeChangeSet", Trouble::ExpiredToken, 3));
    let says = [WAITING, "AWS answers again", "jaeger is CREATE_COMPLETE"];
    let run = fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &says);
    assert_eq!(run.stderr.matches("waiting: ").count(), 1, "said once: {}", run.stderr);
}

#[test]
fn a_restart_of_services_waits_for_credentials() {
    let fake = Fake::deployed();
    fake.meets(Fault::new("DescribeServices", Trouble::ExpiredToken, 3));
    fake.expect(&["redeploy"], 0, "CREATE_COMPLETE", &[WAITING, "AWS answers again", "1/1 running"]);
}

#[test]
fn credentials_that_have_expired_before_anything_is_done_are_told_at_once() {
    let fake = Fake::deployed();
    fake.world().expired.insert(crate::fake::KEY.to_owned());
    for arguments in [DEPLOY, TEARDOWN, &["redeploy"], &["status"]] {
        let says = ["cannot find out which AWS account this is", "is expired (ExpiredToken)", "sign in again"];
        fake.expect(arguments, 1, "CREATE_COMPLETE", &says);
    }
}

#[test]
fn credentials_that_end_before_the_execution_leave_the_stack_alone() {
    let fake = Fake::deployed();
    fake.before("ExecuteChangeSet", 0, |world| {
        world.expired.insert(crate::fake::KEY.to_owned());
    });
    let says = ["cannot execute the change set", "is expired", "sign in again", "warning: the change set `jqs-"];
    fake.expect(UPDATE, 1, "CREATE_COMPLETE", &says);
    fake.world().expired.clear();
    fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &[]);
}
