//! What watching costs in calls, and that it misses nothing for it.

use crate::fake::{Fake, Node, nested, resource};
use std::collections::BTreeMap;

/// So many virtual seconds go by in one, and the pauses between looks are as much shorter.
const RATE: u32 = 60;
const PAUSES: &str = "12:133";
/// For a tree of twelve stacks that are all in progress.
const CALLS_PER_MINUTE_MAX: usize = 100;
const WATCHING: [&str; 2] = ["DescribeStackEvents", "DescribeStacks"];

/// A root, two stacks that only hold others, and nine with resources: some quick, and some that take minutes.
fn twelve_stacks() -> Node {
    let part = |name, seconds| {
        let role = resource("Role", "AWS::IAM::Role", 20);
        let log = resource("LogGroup", "AWS::Logs::LogGroup", 4);
        nested(name, vec![role, log, resource("Service", "AWS::ECS::Service", seconds)])
    };
    let first = nested("First", vec![part("One", 150), part("Two", 200), part("Three", 250), part("Four", 300)]);
    let more = vec![part("Five", 220), part("Six", 280), part("Seven", 340), part("Eight", 400), part("Nine", 420)];
    nested("", vec![first, nested("Second", more), resource("Bucket", "AWS::S3::Bucket", 20)])
}

/// What happened in all stacks since something was planned, or what was told of it.
fn tally(events: impl Iterator<Item = (String, String, String)>) -> BTreeMap<(String, String, String), usize> {
    let mut found = BTreeMap::new();
    for event in events.filter(|(_, _, status)| status != "REVIEW_IN_PROGRESS") {
        *found.entry(event).or_default() += 1;
    }
    found
}

/// Watches the creation to its end, checks that every event was told, and returns the calls that it took and the virtual
/// seconds that it lasted.
fn watched(options: &[&str]) -> (usize, usize) {
    let fake = Fake::start();
    fake.world().shape = twelve_stacks();
    fake.before("ExecuteChangeSet", 0, |world| {
        world.calls.clear();
        world.run_by_itself(RATE);
    });
    let jqs = fake.jqs().with("JQS_POLL_MILLISECONDS", PAUSES);
    let run = jqs.run(&[&["deploy", "--yes", "--skip-image-check", "--json"], options].concat()).expect(0);
    let world = fake.world();
    let all: Vec<_> = world.stacks.iter().flat_map(|stack| &stack.events).collect();
    let happened = all.iter().map(|event| (event.stack_id.clone(), event.logical_id.clone(), event.status.clone()));
    let told = run.records("event");
    let text = |event: &serde_json::Value, name: &str| event[name].as_str().unwrap().to_owned();
    let told = told.iter().map(|event| (text(event, "stack_id"), text(event, "logical_id"), text(event, "status")));
    assert_eq!(tally(told), tally(happened));

    let times = || all.iter().filter(|event| event.status != "REVIEW_IN_PROGRESS").map(|event| event.time);
    let seconds = (times().max().unwrap() - times().min().unwrap()) as usize;
    assert!(world.live().count() == 12 && seconds > 400, "{seconds}");
    (world.calls.iter().filter(|call| WATCHING.contains(&call.as_str())).count(), seconds)
}

#[test]
fn twelve_stacks_are_watched_with_few_calls_and_no_event_is_missed() {
    let (calls, seconds) = watched(&[]);
    let per_minute = calls * 60 / seconds;
    assert!(per_minute <= CALLS_PER_MINUTE_MAX, "{per_minute} calls a minute: {calls} in {seconds} seconds");
}

#[test]
fn sparingly_watched_they_take_a_call_each_and_a_few_looks() {
    let (calls, seconds) = watched(&["--sparing"]);
    let looks = calls.saturating_sub(12);
    assert!((3..=8).contains(&looks), "{calls} calls in {seconds} seconds");
}
