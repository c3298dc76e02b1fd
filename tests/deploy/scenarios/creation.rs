//! Stacks that are made, or not.

use super::{DEPLOY, TEARDOWN, UPDATE};
use crate::fake::{Fake, LogEvent, Phase, Refused, deployment, nested, resource, stopped_task};
use crate::snapshot;
use serde_json::json;

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    DEPLOY.iter().chain(more).copied().collect()
}

#[test]
fn a_deployment_ends_well_and_again_changes_nothing() {
    let fake = Fake::start();
    let run = fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["+     Traces", "jaeger is CREATE_COMPLETE"]);
    assert_eq!(run.stdout, "JaegerURL  http://traces.example.com\n");
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["jaeger is up to date: nothing to change"]);
    assert_eq!(fake.count("ExecuteChangeSet"), 1);
    assert!(fake.world().change_sets.iter().all(|set| !set.is_open()), "no plan is left behind");
    let world = fake.world();
    let storage = world.live().find(|stack| stack.path == ["Jaeger", "Storage"]).unwrap();
    let parent = world.live().find(|stack| stack.path == ["Jaeger"]).unwrap();
    assert_eq!((storage.parent.as_ref(), storage.root.as_ref()), (Some(&parent.id), parent.root.as_ref()));
}

#[test]
fn the_cause_is_found_two_stacks_down_among_cancelled_siblings() {
    let fake = Fake::start();
    fake.fails("Jaeger/Storage/Role", Phase::Create, 1, "Policy document is malformed (Service: Iam)");
    let cause = "cause: Jaeger/Storage/Role (AWS::IAM::Role) CREATE_FAILED";
    let says = [cause, "         Policy document is malformed", "Resource creation cancelled", "`jqs teardown"];
    fake.expect(DEPLOY, 1, "ROLLBACK_COMPLETE", &says);
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["`jaeger` is in ROLLBACK_COMPLETE: it can only be deleted"]);
}

#[test]
fn a_name_that_is_taken_is_told() {
    let fake = Fake::start();
    let reason = "Resource of type 'AWS::Logs::LogGroup' with identifier '/jqs/jaeger' already exists.";
    fake.fails("Jaeger/LogGroup", Phase::Create, 1, reason);
    let says = ["cause: Jaeger/LogGroup (AWS::Logs::LogGroup) CREATE_FAILED", reason, "mend the cause"];
    fake.expect(DEPLOY, 1, "ROLLBACK_COMPLETE", &says);
}

#[test]
fn a_service_that_does_not_start_tells_why_its_tasks_stopped_and_what_they_said_last() {
    let fake = Fake::start();
    fake.fails("Jaeger/Service", Phase::Create, 1, "ECS Deployment Circuit Breaker was triggered.");
    {
        let services = &mut fake.world().services;
        let exited =
            || stopped_task("EssentialContainerExited", "Essential container in task exited", json!({"exitCode": 1}));
        services.stopped = vec![exited(), exited()];
        let scaled = "Scaling activity initiated by (deployment ecs-svc/1)";
        services.stopped.push(stopped_task("ServiceSchedulerInitiated", scaled, json!({"exitCode": 0})));
        let message = r#"{"level":"ERROR","fields":{"message":"cannot bind","address":"0.0.0.0:4317"}}"#.to_owned();
        services.logs = vec![LogEvent { time: 0, shown_at: 0, message }];
    }
    let says = [
        "cause: Jaeger/Service (AWS::ECS::Service)",
        "task stopped: 2 × Essential container in task exited",
        "task stopped: 2 × container `jqs`: exit code 1",
        "the log of `jqs` in the task 01234567 ends with:",
        "ERROR cannot bind address=0.0.0.0:4317",
        "hint: the tasks did not become steady: `jqs logs --name jaeger`",
        "hint: mend the cause",
    ];
    let run = fake.expect(DEPLOY, 1, "ROLLBACK_COMPLETE", &says);
    assert!(!run.stderr.contains("Scaling activity"), "{}", run.stderr);
    let (_, verdict) = run.stderr.split_once("✗ ").unwrap();
    snapshot!("failed_service", verdict);
}

#[test]
fn an_image_for_another_architecture_is_known_by_what_the_task_said() {
    let fake = Fake::start();
    fake.fails("Jaeger/Service", Phase::Create, 1, "ECS Deployment Circuit Breaker was triggered.");
    {
        let services = &mut fake.world().services;
        let reason = "Essential container in task exited";
        services.stopped = vec![stopped_task("EssentialContainerExited", reason, json!({"exitCode": 255}))];
        let message = "exec /jqs-collector: exec format error".to_owned();
        services.logs = vec![LogEvent { time: 0, shown_at: 0, message }];
    }
    let run = fake.expect(&with(&["--json"]), 1, "ROLLBACK_COMPLETE", &["hint: the image is for another architecture"]);
    let failure = &run.records("failure")[0];
    assert!(failure["remedy"].as_str().unwrap().contains("CpuArchitecture"), "{failure}");
    assert_eq!(failure["log"]["lines"], json!(["exec /jqs-collector: exec format error"]));
    assert_eq!(failure["stopped_tasks"].as_array().map(Vec::len), Some(2), "{failure}");
}

#[test]
fn a_service_that_never_gets_healthy_tells_of_its_targets() {
    let fake = Fake::start();
    fake.fails("Jaeger/Service", Phase::Create, 1, "ECS Deployment Circuit Breaker was triggered.");
    {
        let services = &mut fake.world().services;
        services.messages = vec![
            "(service query) (port 16686) is unhealthy in (target-group query) due to (reason Health checks failed)",
            "(service query) registered 1 targets in (target-group query)",
        ];
        services.unhealthy = Some("Health checks failed with these codes: [502]");
    }
    let says = [
        "ECS: (service query) (port 16686) is unhealthy in (target-group query) due to",
        "targets of query: 0/1 healthy (1 × Health checks failed with these codes: [502])",
        "hint: the task runs and does not answer its health check",
    ];
    let run = fake.expect(DEPLOY, 1, "ROLLBACK_COMPLETE", &says);
    assert!(!run.stderr.contains("registered 1 targets"), "{}", run.stderr);
}

#[test]
fn a_domain_that_is_not_made_tells_how_far_it_came() {
    let fake = Fake::start();
    let storage = nested("Storage", vec![resource("Domain", "AWS::OpenSearchService::Domain", 900)]);
    fake.world().shape = nested("", vec![storage]);
    fake.fails("Storage/Domain", Phase::Create, 1, "Domain creation failed (HandlerErrorCode: NotStabilized)");
    fake.world().services.domain_progress = Some(json!({
        "ConfigChangeStatus": "ValidationFailed",
        "ChangeProgressStages": [{"Name": "Validation", "Status": "FAILED", "Description": "no free addresses"}],
    }));
    let says =
        ["cause: Storage/Domain", "change of the domain: ValidationFailed", "Validation FAILED: no free addresses"];
    fake.expect(DEPLOY, 1, "ROLLBACK_COMPLETE", &says);
}

#[test]
fn nothing_is_advised_where_nothing_is_known() {
    let fake = Fake::start();
    fake.fails("Jaeger/Storage/Role", Phase::Create, 1, "Policy document is malformed (Service: Iam)");
    let run = fake.expect(DEPLOY, 1, "ROLLBACK_COMPLETE", &[]);
    assert_eq!(run.stderr.matches("hint: ").count(), 1, "{}", run.stderr);
}

#[test]
fn what_failed_is_kept_and_then_replaced() {
    let fake = Fake::start();
    fake.fails("Network/VPC", Phase::Create, 1, "The maximum number of VPCs has been reached.");
    let says = ["cause: Network/VPC (AWS::EC2::VPC) CREATE_FAILED", "maximum number of VPCs"];
    fake.expect(&with(&["--on-failure", "keep"]), 1, "CREATE_FAILED", &says);
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["`jaeger` is in CREATE_FAILED"]);
}

#[test]
fn what_failed_is_deleted_if_that_was_asked() {
    let fake = Fake::start();
    fake.fails("Network/VPC", Phase::Create, 1, "The maximum number of VPCs has been reached.");
    let says = ["cause: Network/VPC", "nothing is left of it"];
    fake.expect(&with(&["--on-failure", "delete"]), 1, "DELETE_COMPLETE", &says);
    assert!(fake.world().live().next().is_none());
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &[]);
}

#[test]
fn a_rollback_that_fails_names_what_is_stuck() {
    let fake = Fake::start();
    fake.fails("Jaeger/LogGroup", Phase::Create, 1, "already exists");
    fake.fails("Network/VPC", Phase::Delete, 1, "The vpc has dependencies and cannot be deleted.");
    let says =
        ["cause: Jaeger/LogGroup", "stuck: Network/VPC (AWS::EC2::VPC)", "The vpc has dependencies", "hint: mend"];
    fake.expect(DEPLOY, 1, "ROLLBACK_FAILED", &says);
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["`jaeger` is in ROLLBACK_FAILED"]);
}

#[test]
fn an_hour_is_waited_for() {
    let fake = Fake::start();
    fake.world().shape = deployment().slow("Network/NatGateway", 3_600);
    let says = ["CONFIGURATION_COMPLETE", "jaeger is CREATE_COMPLETE after 1h 00m"];
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &says);
}

#[test]
fn events_in_small_pages_late_and_out_of_order_are_all_seen() {
    let fake = Fake::start();
    {
        let mut world = fake.world();
        (world.page, world.delay, world.is_disordered) = (3, 40, true);
    }
    fake.fails("Jaeger/Storage/Traces", Phase::Create, 1, "jaeger-traces already exists");
    let says = ["cause: Jaeger/Storage/Traces (AWS::S3::Bucket) CREATE_FAILED", "jaeger-traces already exists"];
    let run = fake.expect(DEPLOY, 1, "ROLLBACK_COMPLETE", &says);
    assert_eq!(run.stderr.matches("ROLLBACK_COMPLETE ").count(), 2, "told once as an event, once at the end");
    let run = fake.expect(&with(&["--json"]), 0, "CREATE_COMPLETE", &[]);
    let created = fake.world().find("jaeger").unwrap().events.iter().filter(|event| event.time > 0).count();
    let id = fake.world().find("jaeger").unwrap().id.clone();
    let told = run.records("event").iter().filter(|event| event["stack_id"] == *id).count();
    assert!(told + 1 >= created && told <= created, "{told} of {created}: all but that of the plan");
}

#[test]
fn an_end_that_no_event_tells_of_is_believed_after_a_while() {
    let fake = Fake::start();
    fake.world().is_mute = true;
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["jaeger is CREATE_COMPLETE"]);
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["Nothing is left."]);
}

#[test]
fn pauses_that_make_no_sense_are_refused() {
    let fake = Fake::start();
    for pauses in ["", "5", "0:5", "9:5"] {
        let jqs = fake.jqs().with("JQS_POLL_MILLISECONDS", pauses);
        fake.expect_of(&jqs, DEPLOY, 2, "ABSENT", &["write it as `MIN:MAX`"]);
    }
}

#[test]
fn changes_that_aws_refuses_leave_nothing_behind() {
    let fake = Fake::start();
    fake.world().refusal = Some(("", "Template error: Fn::GetAtt references undefined resource"));
    let says = ["AWS refuses the changes: Template error: Fn::GetAtt references undefined resource"];
    fake.expect(DEPLOY, 1, "DELETE_COMPLETE", &says);
    assert!(fake.world().live().next().is_none() && fake.world().change_sets.is_empty());
}

/// What validations and hooks say against a bucket, and what is only a warning.
fn refused() -> Vec<Refused> {
    let refused =
        |by, place, mode, reason| Refused { logical_id: "Traces", kind: "AWS::S3::Bucket", place, by, mode, reason };
    let place = Some("/Resources/Traces/Properties/BucketName");
    vec![
        refused("AWS::EarlyValidation::ServiceQuota", place, "WARN", "the quota is nearly used up"),
        refused("AWS::EarlyValidation::PropertyValidation", place, "FAIL", "the name has upper case letters"),
        refused("Acme::Rules::Hook", None, "FAIL", "buckets need a tag"),
    ]
}

#[test]
fn what_validations_refuse_is_told_with_its_place() {
    let words = "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation].";
    let fake = Fake::start();
    fake.world().refusal = Some(("Jaeger/Storage", words));
    fake.world().refused = refused();
    let place = "Traces (AWS::S3::Bucket) at /Resources/Traces/Properties/BucketName: the name has upper case letters";
    let run = fake.expect(DEPLOY, 1, "DELETE_COMPLETE", &["AWS refuses the changes", place, "[Acme::Rules::Hook]"]);
    assert!(!run.stderr.contains("nearly used up") && !run.stderr.contains(words), "{}", run.stderr);
    fake.world().knows_events = false;
    fake.expect(DEPLOY, 1, "DELETE_COMPLETE", &[words]);
}

#[test]
fn a_hook_that_stops_a_resource_is_told_with_its_reason() {
    let fake = Fake::start();
    fake.fails("Jaeger/Storage/Traces", Phase::Create, 1, "The following hook(s) failed: [Acme::Rules::Hook]");
    fake.world().refused = refused();
    let says = ["The following hook(s) failed", "Traces (AWS::S3::Bucket): buckets need a tag [Acme::Rules::Hook]"];
    fake.expect(DEPLOY, 1, "ROLLBACK_COMPLETE", &says);
}

#[test]
fn a_refusal_two_stacks_down_is_told_in_its_own_words() {
    let fake = Fake::start();
    fake.world().refusal = Some(("Jaeger/Storage", "Parameters: [BucketName] must have values"));
    let says = ["AWS refuses the changes: Parameters: [BucketName] must have values"];
    fake.expect(DEPLOY, 1, "DELETE_COMPLETE", &says);
    assert!(fake.world().live().next().is_none());
}

#[test]
fn a_nested_stack_without_changes_is_no_failure() {
    let fake = Fake::deployed();
    fake.world().refusal = Some(("Network", "No updates are to be performed."));
    fake.expect(UPDATE, 0, "CREATE_COMPLETE", &["nothing to change"]);
}

#[test]
fn changes_come_in_pages() {
    let fake = Fake::start();
    fake.world().page = 1;
    fake.expect(DEPLOY, 0, "CREATE_COMPLETE", &["11 to add"]);
}

#[test]
fn without_yes_nothing_is_made() {
    let fake = Fake::start();
    let says = ["nobody can be asked", "the change set is removed"];
    fake.expect(&["deploy", "--skip-image-check"], 2, "DELETE_COMPLETE", &says);
    assert!(fake.world().change_sets.is_empty());
}

#[test]
fn what_was_planned_once_is_made_or_removed_unless_somebody_else_did() {
    for (planner, code) in [("jqs-1-1", 0), ("console", 2)] {
        let fake = Fake::start();
        fake.world().plan(planner, "jaeger");
        let says = if code == 0 { "planned once and never made" } else { "was not made by `jqs`" };
        let state = if code == 0 { "CREATE_COMPLETE" } else { "REVIEW_IN_PROGRESS" };
        fake.expect(DEPLOY, code, state, &[says]);
        let fake = Fake::start();
        fake.world().plan(planner, "jaeger");
        let state = if code == 0 { "DELETE_COMPLETE" } else { "REVIEW_IN_PROGRESS" };
        fake.expect(TEARDOWN, code, state, &[]);
    }
}

#[test]
fn what_goes_on_is_joined() {
    let fake = Fake::start();
    fake.until("ExecuteChangeSet", DEPLOY);
    let says = ["`jaeger` is in CREATE_IN_PROGRESS: joining.", "What you asked for now was not applied"];
    fake.expect(UPDATE, 0, "CREATE_COMPLETE", &says);
}

#[test]
fn another_plan_for_the_same_stack_takes_nothing_away_from_a_saved_one() {
    let fake = Fake::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    let file = file.to_str().unwrap();
    fake.expect(&[DEPLOY, &["--plan-out", file]].concat(), 0, "REVIEW_IN_PROGRESS", &["the plan is in"]);
    fake.expect(&["diff", "--skip-image-check"], 2, "REVIEW_IN_PROGRESS", &["to add"]);
    fake.expect(&["deploy", "--plan", file, "--yes"], 0, "CREATE_COMPLETE", &["jaeger is CREATE_COMPLETE"]);
}
