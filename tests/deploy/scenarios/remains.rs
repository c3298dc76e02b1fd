//! What the tagging API tells of after a teardown.

use super::TEARDOWN;
use crate::fake::{Fake, Said};
use serde_json::json;

const VOLUME: &str = "arn:aws:ec2:eu-west-1:123456789012:volume/vol-1";
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/jqs/1";

fn tagged(fake: &Fake, looks: &[&[&str]]) {
    let looks = looks.iter().map(|look| look.iter().map(|arn| (*arn).to_owned()).collect());
    fake.world().account.tagged = looks.collect();
}

#[test]
fn what_aws_forgets_late_is_waited_for() {
    let fake = Fake::deployed();
    tagged(&fake, &[&[VOLUME, BALANCER], &[BALANCER], &[]]);
    let run = fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["Nothing is left."]);
    assert!(!run.stderr.contains("still carr"), "{}", run.stderr);
    assert_eq!(fake.count("GetResources"), 3);
}

#[test]
fn what_is_left_is_listed_and_makes_the_exit_code() {
    let fake = Fake::deployed();
    tagged(&fake, &[&[BALANCER, VOLUME]]);
    let says = ["jaeger is DELETE_COMPLETE", "resources still carry the tag jqs:name=jaeger:", VOLUME, BALANCER];
    let run = fake.expect(TEARDOWN, 1, "DELETE_COMPLETE", &says);
    assert!(!run.stderr.contains("Nothing is left."), "{}", run.stderr);
    let again = fake.jqs().run(&["teardown", "--yes", "--json"]).expect(1);
    assert_eq!(again.records("result")[0]["verified"], json!({"remains": [VOLUME, BALANCER]}));
    tagged(&fake, &[&[]]);
    let clean = fake.jqs().run(&["teardown", "--yes", "--json"]).expect(0);
    assert_eq!(clean.records("result")[0]["verified"], "clean");
}

#[test]
fn what_a_service_keeps_in_mind_is_not_taken_for_something() {
    let fake = Fake::deployed();
    let id = fake.world().find("jaeger").unwrap().id.clone();
    // ECS tells of task definitions for ever, and CloudFormation of stacks for months.
    let definition = "arn:aws:ecs:eu-west-1:123456789012:task-definition/all-in-one:1";
    tagged(&fake, &[&[definition, &id]]);
    fake.world().account.is_forgotten = true;
    fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &["Nothing is left."]);
}

#[test]
fn who_may_not_ask_is_told_so_and_no_more() {
    let fake = Fake::deployed();
    fake.says(
        "GetResources",
        Said::Refusal(400, "AccessDeniedException", "not authorized to perform tag:GetResources"),
    );
    let words = "whether anything is left could not be checked: cannot ask for `tag:GetResources`";
    let run = fake.expect(TEARDOWN, 0, "DELETE_COMPLETE", &[words]);
    assert!(!run.stderr.contains("Nothing is left."), "{}", run.stderr);
}
