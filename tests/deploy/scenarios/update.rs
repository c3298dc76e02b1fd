//! Stacks that are changed, and how they come back.

use super::{DEPLOY, TEARDOWN, UPDATE};
use crate::fake::{Fake, Phase, stopped_task};

const GONE: &str = "Subnet subnet-1 does not exist";

fn parameter(fake: &Fake, name: &str) -> Option<String> {
    fake.world().find("jaeger").unwrap().input.parameters.get(name).cloned()
}

/// Leaves the stack in `UPDATE_ROLLBACK_FAILED`, and its rollback failing so many times more.
fn stuck(times: usize) -> Fake {
    let fake = Fake::deployed();
    fake.fails("Jaeger/Service", Phase::Update, 1, "CannotPullContainerError: not found");
    fake.fails("Jaeger/Storage/Role", Phase::Rollback, times + 1, GONE);
    let says = [
        "cause: Jaeger/Service (AWS::ECS::Service) UPDATE_FAILED",
        "CannotPullContainerError",
        "stuck: Jaeger/Storage/Role (AWS::IAM::Role)",
        GONE,
        "`jqs deploy --name jaeger` again, which goes on with the rollback",
    ];
    let run = fake.expect(UPDATE, 1, "UPDATE_ROLLBACK_FAILED", &says);
    let nested = fake.world().live().find(|stack| stack.path == ["Jaeger", "Storage"]).unwrap().name.clone();
    let command = "jqs rollback --name jaeger --skip";
    run.says(&format!("{command} {nested}.Role"));
    fake
}

#[test]
fn an_update_ends_well() {
    let fake = Fake::deployed();
    fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &["~ Jaeger", "jaeger is UPDATE_COMPLETE"]);
    assert_eq!(parameter(&fake, "LogRetentionDays").as_deref(), Some("7"));
    fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &["nothing to change"]);
}

#[test]
fn a_restart_that_is_given_up_tells_why() {
    let fake = Fake::deployed();
    {
        let services = &mut fake.world().services;
        services.rollout = Some("FAILED");
        let (reason, container) =
            ("Essential container in task exited", "OutOfMemoryError: Container killed due to memory usage");
        let container = serde_json::json!({"exitCode": 137, "reason": container});
        services.stopped = vec![stopped_task("EssentialContainerExited", reason, container)];
    }
    let says = [
        "ECS gave the deployment up",
        "task stopped: Essential container in task exited",
        "container `jqs`: OutOfMemoryError: Container killed due to memory usage, exit code 137",
        "hint: the task needed more memory than it has",
    ];
    fake.expect(&["redeploy"], 1, "CREATE_COMPLETE", &says);
}

#[test]
fn the_old_state_is_not_taken_for_the_end() {
    let fake = Fake::deployed();
    fake.world().lag = 45;
    fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &["UPDATE_IN_PROGRESS", "jaeger is UPDATE_COMPLETE"]);
    let again = [DEPLOY, &["-P", "LogRetentionDays=14"]].concat();
    fake.expect(&again, 0, "UPDATE_COMPLETE", &["UPDATE_IN_PROGRESS", "jaeger is UPDATE_COMPLETE"]);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["DELETE_IN_PROGRESS", "Nothing is left."]);
}

#[test]
fn an_update_that_fails_is_rolled_back_with_its_parameters() {
    let fake = Fake::deployed();
    let before = parameter(&fake, "LogRetentionDays");
    fake.fails("Jaeger/Storage/Traces", Phase::Update, 1, "The specified bucket does not exist");
    let says = ["cause: Jaeger/Storage/Traces (AWS::S3::Bucket) UPDATE_FAILED", "the stack is as it was before"];
    fake.expect(UPDATE, 1, "UPDATE_ROLLBACK_COMPLETE", &says);
    assert_eq!(parameter(&fake, "LogRetentionDays"), before);
    fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &[]);
}

#[test]
fn a_rollback_that_got_stuck_goes_on_with_the_next_deploy() {
    let fake = stuck(0);
    let says = ["`jaeger` is in UPDATE_ROLLBACK_FAILED: its rollback has to end first", "jaeger is UPDATE_COMPLETE"];
    fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &says);
    assert_eq!(fake.count("ContinueUpdateRollback"), 1);
    assert_eq!(parameter(&fake, "LogRetentionDays").as_deref(), Some("7"));
}

#[test]
fn a_rollback_that_stays_stuck_is_got_out_of_by_what_is_printed() {
    let fake = stuck(1);
    let run = fake.expect(DEPLOY, 1, "UPDATE_ROLLBACK_FAILED", &["stuck: Jaeger/Storage/Role", GONE]);
    let (_, skip) = run.stderr.split_once("jqs rollback --name jaeger --skip ").unwrap();
    let skip = skip.lines().next().unwrap().trim();
    fake.expect(&["rollback", "--yes", "--skip", skip], 0, "UPDATE_ROLLBACK_COMPLETE", &[]);
    fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &[]);
}

#[test]
fn a_rollback_goes_on_only_if_that_is_approved() {
    let fake = stuck(0);
    fake.expect(&["deploy", "--skip-image-check"], 2, "UPDATE_ROLLBACK_FAILED", &["nobody can be asked"]);
    fake.expect(&["redeploy"], 1, "UPDATE_ROLLBACK_FAILED", &["`jqs deploy --name jaeger` mends it"]);
    let plan = [DEPLOY, &["--plan-out", "/dev/null"]].concat();
    fake.expect(&plan, 1, "UPDATE_ROLLBACK_FAILED", &["the stack `jaeger` is in UPDATE_ROLLBACK_FAILED"]);
    assert_eq!(fake.count("ContinueUpdateRollback"), 0);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["Nothing is left."]);
}

#[test]
fn a_stack_policy_that_forbids_the_update_is_the_cause() {
    let fake = Fake::deployed();
    let reason = "Action denied by stack policy: Statement [#1] does not allow [Update:*] for resource [Targets]";
    fake.fails("Jaeger/Targets", Phase::Update, 1, reason);
    fake.expect(UPDATE, 1, "UPDATE_ROLLBACK_COMPLETE", &["cause: Jaeger/Targets", reason]);
}

#[test]
fn an_update_that_was_kept_as_it_failed_is_updated_again() {
    let fake = Fake::deployed();
    fake.fails("Jaeger/Service", Phase::Update, 1, "CannotPullContainerError: not found");
    let keep = [UPDATE, &["--on-failure", "keep"]].concat();
    let says = ["cause: Jaeger/Service", "`jqs rollback --name jaeger` goes back"];
    fake.expect(&keep, 1, "UPDATE_FAILED", &says);
    fake.expect(&["redeploy"], 0, "UPDATE_FAILED", &["1/1 running"]);
    fake.expect(&keep, 1, "UPDATE_FAILED", &["stuck: Jaeger/Service", "CannotPullContainerError"]);
    fake.expect(&[DEPLOY, &["-P", "LogRetentionDays=14"]].concat(), 0, "UPDATE_COMPLETE", &[]);
}

#[test]
fn what_was_kept_as_it_failed_goes_back() {
    let fake = Fake::deployed();
    fake.fails("Jaeger/Service", Phase::Update, 1, "CannotPullContainerError: not found");
    fake.expect(&[UPDATE, &["--on-failure", "keep"]].concat(), 1, "UPDATE_FAILED", &[]);
    fake.expect(&["rollback"], 2, "UPDATE_FAILED", &["nobody can be asked"]);
    fake.expect(&["rollback", "--yes", "--skip", "Jaeger"], 2, "UPDATE_FAILED", &["`--skip` is for a rollback"]);
    fake.expect(&["rollback", "--yes"], 0, "UPDATE_ROLLBACK_COMPLETE", &["jaeger is UPDATE_ROLLBACK_COMPLETE"]);
    fake.expect(&["rollback", "--yes"], 1, "UPDATE_ROLLBACK_COMPLETE", &["there is nothing to roll back"]);
}

#[test]
fn a_plan_that_was_overtaken_is_not_executed() {
    let fake = Fake::deployed();
    fake.before("ExecuteChangeSet", 0, |world| world.overtake("jaeger"));
    let says = ["cannot execute the change set", "[OBSOLETE]", "the stack has changed since the plan was made"];
    fake.expect(UPDATE, 1, "CREATE_COMPLETE", &says);
    assert!(fake.world().change_sets.iter().all(|set| !set.is_open()), "the plan is removed");
    fake.expect(UPDATE, 0, "UPDATE_COMPLETE", &[]);
}

#[test]
fn another_image_is_an_update() {
    let fake = Fake::deployed();
    let image = "registry.example.com/jqs:2";
    fake.expect(&["redeploy", "--yes", "--skip-image-check", "--image", image], 0, "UPDATE_COMPLETE", &[]);
    assert_eq!(parameter(&fake, "ImageUri").as_deref(), Some(image));
    fake.fails("Jaeger/Service", Phase::Update, 1, "CannotPullContainerError: not found");
    let other = ["redeploy", "--yes", "--skip-image-check", "--image", "registry.example.com/jqs:3"];
    fake.expect(&other, 1, "UPDATE_ROLLBACK_COMPLETE", &["cause: Jaeger/Service", "hint: the image is not in its"]);
    assert_eq!(parameter(&fake, "ImageUri").as_deref(), Some(image));
}

#[test]
fn services_restart_and_stacks_are_made_anew() {
    let fake = Fake::deployed();
    fake.expect(&["redeploy"], 0, "CREATE_COMPLETE", &["1/1 running"]);
    let old = fake.world().find("jaeger").unwrap().id.clone();
    fake.expect(&["redeploy", "--recreate", "--yes"], 0, "CREATE_COMPLETE", &["jaeger is DELETE_COMPLETE"]);
    assert_ne!(fake.world().find("jaeger").unwrap().id, old);
}

#[test]
fn a_stack_that_cannot_be_deleted_is_not_made_anew() {
    let fake = Fake::deployed();
    fake.fails("Network/VPC", Phase::Delete, 9, "The vpc has dependencies and cannot be deleted.");
    let says = ["stuck: Network/VPC", "once it is deleted, this makes it again:", "jqs deploy --name jaeger -P"];
    fake.expect(&["redeploy", "--recreate", "--yes"], 1, "DELETE_FAILED", &says);
}
