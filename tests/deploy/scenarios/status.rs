//! What is told of a deployment that does not get on well, and of AWS that does not answer meanwhile.

use crate::fake::{Fake, Fault, Trouble, stopped_task};
use crate::run::finish;
use serde_json::json;
use std::io::Write;
use std::time::{Duration, Instant};

/// Longer than any of these takes on a busy machine.
const WATCHING_MAX: Duration = Duration::from_secs(60);

#[test]
fn tasks_are_told_with_their_health_and_those_that_failed_with_their_reasons() {
    let fake = Fake::deployed();
    let exited = stopped_task("EssentialContainerExited", "Essential container in task exited", json!({"exitCode": 1}));
    let replaced = "Scaling activity initiated by (deployment ecs-svc/1)";
    let replaced = stopped_task("ServiceSchedulerInitiated", replaced, json!({"exitCode": 0}));
    fake.world().services.stopped = vec![exited, replaced];
    let run = fake.jqs().run(&["status"]).expect(0);
    for part in [
        "  01234567  RUNNING    HEALTHY ",
        " ago: Essential container in task exited; container `jqs`: exit code 1",
        "Image      jqs:1\n             sha256:0123456789ab\n",
        "Nested     CREATE_COMPLETE: Jaeger, Storage, Network\n",
        "Bucket     jaeger-jaeger-",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert!(!run.stdout.contains("Scaling activity"), "{}", run.stdout);
    let status: serde_json::Value =
        serde_json::from_str(&fake.jqs().run(&["status", "--json"]).expect(0).stdout).unwrap();
    assert_eq!(status["services"][0]["failed_tasks"].as_array().map(Vec::len), Some(1));
    assert_eq!(status["cost"]["currency"], "USD");
}

#[test]
fn targets_that_are_not_healthy_say_why() {
    let fake = Fake::deployed();
    fake.world().services.unhealthy = Some("Request timed out");
    let run = fake.jqs().run(&["status"]).expect(1);
    assert!(run.stdout.contains("Targets    Targets  0/1 healthy (1 × Request timed out)"), "{}", run.stdout);
    assert!(run.stdout.contains("Healthy    no"), "{}", run.stdout);
}

#[test]
fn the_screen_is_drawn_over_until_ctrl_c_and_outlives_a_loss() {
    let fake = Fake::deployed();
    // More often than the SDK tries by itself.
    fake.meets(Fault::new("DescribeStacks", Trouble::BadGateway, 14).after(2));
    let jqs = fake.jqs();
    let mut child = jqs.start_on_terminal_in(jqs.home.path(), &["status", "--watch"]);
    let mut keyboard = child.stdin.take().unwrap();
    let began = Instant::now();
    let seen = fake.count("DescribeStacks");
    while fake.count("DescribeStacks") < seen + 20 && began.elapsed() < WATCHING_MAX {
        std::thread::sleep(Duration::from_millis(10));
    }
    keyboard.write_all(b"\x03").unwrap();
    let run = finish(child).expect(0);
    for part in ["waiting: AWS does not answer", "AWS answers again", "Ctrl-C ends it.", "\u{1b}[2K"] {
        assert!(run.stdout.contains(part), "{part:?}: {:?}", run.stdout);
    }
}

#[test]
fn the_project_names_the_stack_of_every_verb_that_looks_at_one() {
    let fake = Fake::start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jqs.toml"), "[environments.prod]\n").unwrap();
    for verb in
        [&["status"][..], &["status", "--watch"], &["logs"], &["logs", "--follow"], &["open"], &["scale", "query=2"]]
    {
        let run = fake.jqs().run_in(folder.path(), &[verb, &["-e", "prod"]].concat()).expect(1);
        run.says("there is no stack `jaeger-prod`");
    }
}
