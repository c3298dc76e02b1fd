//! Logs that are followed: each line once, whatever comes between.

use crate::fake::{Fake, Fault, LogEvent, Trouble};
use crate::run::{Run, finish, signal};
use std::time::{Duration, Instant};

/// Longer than any of these takes on a busy machine.
const FOLLOWING_MAX: Duration = Duration::from_secs(60);

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Lines that were written so many seconds ago, and the look from which on each can be seen.
fn logged(fake: &Fake, lines: &[(&str, i64, usize)]) {
    let (mut world, now) = (fake.world(), now());
    world.services.logs.extend(lines.iter().map(|(message, ago, shown_at)| LogEvent {
        time: now - ago * 1_000,
        shown_at: *shown_at,
        message: (*message).to_owned(),
    }));
}

/// Follows for so many looks, and presses Ctrl-C.
fn follow(fake: &Fake, looks: usize, more: &[&str]) -> Run {
    let jqs = fake.jqs();
    let child = jqs.start(&[&["logs", "--follow", "--json"], more].concat());
    let began = Instant::now();
    while fake.world().services.log_looks < looks && began.elapsed() < FOLLOWING_MAX {
        std::thread::sleep(Duration::from_millis(10));
    }
    signal(child.id(), "INT");
    finish(child)
}

fn messages(run: &Run) -> Vec<String> {
    run.records("log").iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn late_lines_are_told_once_and_no_other_twice() {
    let fake = Fake::deployed();
    fake.world().page = 2;
    logged(
        &fake,
        &[("old", 1_200, 0), ("one", 90, 0), ("two", 60, 0), ("three", 30, 0), ("late", 80, 4), ("last", 1, 6)],
    );
    let run = follow(&fake, 12, &[]).expect(0);
    assert_eq!(messages(&run), ["one", "two", "three", "late", "last"], "{}", run.stderr);
    let line = &run.records("log")[0];
    assert_eq!((line["task"].as_str(), line["group"].as_str()), (Some("0123456789abcdef"), Some("/jqs/traces")));
    assert!(line["service"].as_str().unwrap().starts_with("Service-"), "{line}");
}

#[test]
fn what_passes_is_waited_out_and_loses_nothing() {
    for trouble in [Trouble::Throttled, Trouble::BadGateway, Trouble::Disconnected, Trouble::ExpiredToken] {
        let fake = Fake::deployed();
        fake.world().page = 1;
        logged(&fake, &[("one", 90, 0), ("two", 60, 0), ("three", 30, 3), ("four", 1, 3)]);
        // In the midst of a look, and more often than the SDK tries by itself.
        fake.meets(Fault::new("FilterLogEvents", trouble, 14).after(4));
        let run = follow(&fake, 12, &[]).expect(0).says("waiting: ").says("AWS answers again");
        let mut told = messages(&run);
        told.sort();
        assert_eq!(told, ["four", "one", "three", "two"], "{trouble:?}: {}", run.stderr);
        assert!(fake.world().faults.iter().all(Fault::is_spent), "{trouble:?}");
    }
}

#[test]
fn what_does_not_pass_ends_it() {
    let fake = Fake::deployed();
    fake.meets(Fault::new("FilterLogEvents", Trouble::Denied, 1));
    let run = fake.jqs().run(&["logs", "--follow"]).expect(1).says("cannot read the log group `/jqs/traces`");
    run.says("not authorized").says("the permissions that `jqs` needs are listed in docs/deploy.md");
}

#[test]
fn only_the_newest_of_what_there_is_are_told_if_that_was_asked() {
    let fake = Fake::deployed();
    logged(&fake, &[("one", 90, 0), ("two", 60, 0), ("three", 30, 0), ("new", 1, 4)]);
    let run = fake.jqs().run(&["logs", "--limit", "2", "--json"]).expect(0);
    assert_eq!(messages(&run), ["two", "three"]);
    run.says("1 older lines are left out: `--limit` is 2");
    fake.world().services.log_looks = 0;
    let run = follow(&fake, 8, &["--limit", "2"]).expect(0);
    assert_eq!(messages(&run), ["two", "three", "new"], "what comes is told in any case");
}

#[test]
fn whoever_reads_no_longer_ends_it() {
    let fake = Fake::deployed();
    logged(&fake, &[("one", 90, 0), ("two", 60, 4)]);
    let mut child = fake.jqs().start(&["logs", "--follow"]);
    drop(child.stdout.take());
    finish(child).expect(0);
}

#[test]
fn lines_are_plain_off_a_terminal_and_coloured_on_one() {
    let fake = Fake::deployed();
    logged(&fake, &[("one\n  two\u{1b}[2J", 90, 0)]);
    let run = fake.jqs().run(&["logs"]).expect(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].ends_with("/01234567 one") && lines[1].ends_with("/01234567   two"),
        "{lines:?}"
    );
    assert!(
        jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.fZ%z", format!("{}+0000", lines[0].split(' ').next().unwrap()))
            .is_ok()
    );
    fake.world().services.logs[0].message = r#"{"level":"WARN","fields":{"message":"full","spans":3}}"#.to_owned();
    let run = fake.jqs().run_on_terminal(&["logs", "--color", "always"], "");
    assert!(run.stdout.contains("\u{1b}[36mService-") && run.stdout.contains("WARN  full spans=3"), "{:?}", run.stdout);
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let fake = Fake::deployed();
    fake.jqs()
        .run(&["logs", "collector"])
        .expect(1)
        .says("nothing logs as `collector`")
        .says("there are the logs of `Service-");
    fake.jqs().run(&["logs", "--domain"]).expect(1).says("no domain that publishes logs");
    fake.jqs().run(&["logs"]).expect(0).says("Nothing was logged in that time.");
    fake.jqs().run(&["logs", "--filter", "{"]).expect(1).says("Invalid filter pattern").says("a pattern is words");
    fake.jqs().run(&["logs", "--since", "yesterday"]).expect(2).says("write it as `90s`");
    fake.jqs().run(&["logs", "--since", "1h", "--until", "2h"]).expect(2).says("`--until` is not after `--since`");
    fake.jqs().run(&["logs", "--name", "other"]).expect(1).says("there is no stack `other`");
}
