//! A deployment that runs: what it logs, how many tasks it has, commands in them, its page, its status.

use crate::cloud::Cloud;
use crate::lifecycle::deploy;
use crate::run::{ACCOUNT, Jqs, Run, finish, signal};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use jiff::{SignedDuration, Timestamp};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A program that writes what it is given to a file, a line each.
fn recorder(folder: &Path, name: &str) -> PathBuf {
    let (program, record) = (folder.join(name), folder.join(format!("{name}.txt")));
    let text = format!("#!/bin/sh\n[ \"$1\" = --version ] && exit 0\nprintf '%s\\n' \"$@\" > {}\n", record.display());
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    record
}

/// With the programs of a folder before all others.
fn with_programs(jqs: Jqs, folder: &Path) -> Jqs {
    let path = std::env::var("PATH").unwrap();
    jqs.with("PATH", &format!("{}:{path}", folder.display()))
}

fn document(run: &Run) -> serde_json::Value {
    serde_json::from_str(&run.stdout).unwrap()
}

/// Writes to a stream of a log group, lines that are so many seconds old.
async fn log(cloud: &Cloud, now: Timestamp, group: &str, stream: &str, lines: &[(&str, i64)]) {
    let (logs, now) = (cloud.logs().await, now.as_millisecond());
    logs.create_log_stream().log_group_name(group).log_stream_name(stream).send().await.ok();
    let events = lines.iter().map(|(message, seconds_ago)| {
        let event = InputLogEvent::builder().message(*message).timestamp(now - seconds_ago * 1_000);
        event.build().unwrap()
    });
    let call = logs.put_log_events().log_group_name(group).log_stream_name(stream);
    call.set_log_events(Some(events.collect())).send().await.unwrap();
}

fn messages(run: &Run) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    run.records("log").iter().map(|line| (text(&line["service"]), text(&line["message"]))).collect()
}

#[tokio::test]
async fn services_jobs_and_the_domain_are_read_where_their_definitions_say() {
    let cloud = Cloud::start_with(&[("SHIM_LOG_EVENTS_PER_PAGE", "2")]);
    let jqs = cloud.jqs();
    let schedule = "RetentionJobSchedule=cron(0 3 * * ? *)";
    jqs.run(&deploy(&["--storage", "opensearch", "-P", schedule])).expect(0);
    let group = jqs.run(&["outputs", "LogGroupName"]).expect(0).stdout.trim().to_owned();
    let now = Timestamp::now();
    log(&cloud, now, &group, "jqs/collector/aaaaaaaa1111", &[("c1", 50), ("c2 ERROR", 30), ("c3", 10)]).await;
    log(&cloud, now, &group, "jqs/query/bbbbbbbb2222", &[("q1", 40), ("q2", 20), ("ancient", 3_000)]).await;
    log(&cloud, now, &group, "jqs/retention/cccccccc3333", &[("r1", 45)]).await;
    log(&cloud, now, &group, "somebody/else/dddddddd4444", &[("not ours", 5)]).await;

    let pair = |service: &str, message: &str| (service.to_owned(), message.to_owned());
    let all = [
        pair("collector", "c1"),
        pair("retention", "r1"),
        pair("query", "q1"),
        pair("collector", "c2 ERROR"),
        pair("query", "q2"),
        pair("collector", "c3"),
    ];
    let run = jqs.run(&["logs", "--json"]).expect(0);
    assert_eq!(messages(&run), all, "{}", run.stderr);
    assert_eq!(messages(&jqs.run(&["logs", "query", "--json", "--since", "1h"]).expect(0)).len(), 3);
    let errors = jqs.run(&["logs", "--filter", "ERROR"]).expect(0);
    assert!(errors.stdout.ends_with(" collector/aaaaaaaa c2 ERROR\n"), "{}", errors.stdout);
    let one = jqs.run(&["logs", "--tasks", "bbbb", "--json"]).expect(0);
    assert_eq!(messages(&one), [pair("query", "q1"), pair("query", "q2")]);
    let end = (now - SignedDuration::from_secs(35)).to_string();
    let until = jqs.run(&["logs", "--until", &end, "--json"]).expect(0);
    assert_eq!(messages(&until), all[..3]);
    jqs.run(&["logs", "ingester"]).expect(1).says("there are the logs of `collector`, `query`, `retention`");

    jqs.run(&["logs", "--domain"]).expect(0).says("Nothing was logged in that time.");
    let resources = document(&jqs.run(&["status", "--json"]));
    let domain = resources["domains"][0]["name"].as_str().unwrap().to_owned();
    log(&cloud, now, &format!("/aws/opensearch/{domain}/search-slow"), "any", &[("took[2s]", 5)]).await;
    let slow = jqs.run(&["logs", "--domain"]).expect(0);
    assert!(slow.stdout.ends_with(" domain/search-slow took[2s]\n"), "{}", slow.stdout);
}

#[tokio::test]
async fn what_comes_is_followed_until_ctrl_c() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    jqs.run(&deploy(&[])).expect(0);
    let group = jqs.run(&["outputs", "LogGroupName"]).expect(0).stdout.trim().to_owned();
    let now = Timestamp::now();
    log(&cloud, now, &group, "jqs/all-in-one/aaaaaaaa1111", &[("before", 30)]).await;
    let mut child = jqs.start(&["logs", "all-in-one", "--follow"]);
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    assert!(lines.next().unwrap().unwrap().ends_with(" all-in-one/aaaaaaaa before"));
    log(&cloud, now, &group, "jqs/all-in-one/eeeeeeee5555", &[("late, of a new task", 10)]).await;
    assert!(lines.next().unwrap().unwrap().ends_with(" all-in-one/eeeeeeee late, of a new task"));
    signal(child.id(), "INT");
    finish(child).expect(0);
    assert!(lines.next().is_none(), "nothing was told twice");
}

#[test]
fn numbers_of_tasks_are_changed_by_the_parameters_of_the_stack() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    jqs.run(&deploy(&["--storage", "opensearch"])).expect(0);
    let numbers = |jqs: &Jqs| {
        let stack = document(&jqs.run(&["status", "--json"]))["stack"]["parameters"].clone();
        ["MinCollectorCount", "MaxCollectorCount", "MinQueryCount", "MaxQueryCount"]
            .map(|name| stack[name].as_str().unwrap().to_owned())
    };
    jqs.run(&["scale", "collector=3..10"]).expect(2).says("~ Jaeger").says("nobody can be asked");
    assert_eq!(numbers(&jqs), ["2", "8", "2", "4"]);
    let run = jqs.run(&["scale", "collector=3..10", "query=3", "--yes"]).expect(0).says("jaeger is UPDATE_COMPLETE");
    run.says("USD a month");
    assert_eq!(numbers(&jqs), ["3", "10", "3", "3"]);
    jqs.run(&["scale", "query=3", "--yes"]).expect(0).says("nothing to change");
    jqs.run(&["drift"]).expect(0);

    jqs.run(&["scale", "ingester=2"]).expect(2).says("has no service `ingester`").says("it has `collector`, `query`");
    let run =
        jqs.run(&["scale", "collector=4..12", "--yes"]).expect(2).says("`12` is not one of `1`, `2`, `3`, `4`, `6`");
    run.says("MaxCollectorCount");
    jqs.run(&["scale", "collector=5..4"]).expect(2).says("5 is more than 4");
    jqs.run(&["scale", "query=2", "query=3"]).expect(2).says("`query` is given twice");
    jqs.run(&["scale"]).expect(2).says("SERVICE=N");
    assert_eq!(numbers(&jqs), ["3", "10", "3", "3"]);
}

#[test]
fn the_one_task_with_traces_in_memory_is_not_scaled() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    jqs.run(&deploy(&[])).expect(0);
    jqs.run(&["scale", "all-in-one=2"])
        .expect(2)
        .says("the number of tasks of `all-in-one` is fixed")
        .says("in memory");
    jqs.run(&["scale", "collector=2"]).expect(2).says("it has `all-in-one`");
}

#[tokio::test]
async fn a_command_runs_in_a_task_by_way_of_the_plugin() {
    let cloud = Cloud::start();
    let folder = tempfile::tempdir().unwrap();
    let record = recorder(folder.path(), "session-manager-plugin");
    let jqs = with_programs(cloud.jqs(), folder.path());
    jqs.run(&deploy(&["--storage", "opensearch"])).expect(0);
    let command = ["--", "/jqs-collector", "health"];
    let exec = |more: &[&str]| jqs.run(&[&["exec"], more, &command].concat());

    jqs.run(&["exec", "collector"]).expect(2).says("no command is given").says("-- /jqs-collector health");
    exec(&[]).expect(2).says("has several services").says("name one of `collector`, `query`");
    exec(&["ingester"]).expect(1).says("no service `ingester`").says("it has `collector`, `query`");
    exec(&["collector"]).expect(2).says("ECS Exec is off").says("-P EnableExecuteCommand=Yes` turns it on");
    let bare = cloud.jqs().with("PATH", "/nowhere").run(&["exec", "collector", "--", "x"]).expect(1);
    bare.says("cannot run `session-manager-plugin`").says("https://docs.aws.amazon.com/systems-manager/");
    assert!(!record.exists(), "nobody was asked to speak");

    jqs.run(&["teardown", "--yes"]).expect(0);
    jqs.run(&deploy(&["--storage", "opensearch", "-P", "EnableExecuteCommand=Yes"])).expect(0);
    exec(&["collector", "--task", "nothing"]).expect(1).says("has the id `nothing`").says("these run: ");
    exec(&["collector", "--container", "sidecar"]).expect(1).says("has no container `sidecar`").says("collector");
    let task = document(&jqs.run(&["status", "--json"]))["services"][0]["tasks"][0]["id"].as_str().unwrap().to_owned();
    jqs.run(&["exec", "collector", "--task", &task[..6], "--", "/jqs-collector", "two words"])
        .expect(0)
        .says(&format!("collector/{} `collector`: /jqs-collector 'two words'", &task[..8]));

    let given: Vec<String> = std::fs::read_to_string(&record).unwrap().lines().map(str::to_owned).collect();
    let [session, region, action, profile, target, endpoint] = given.as_slice() else { panic!("{given:?}") };
    let session: serde_json::Value = serde_json::from_str(session).unwrap();
    assert!(["sessionId", "streamUrl", "tokenValue"].iter().all(|name| session[name].is_string()), "{session}");
    assert_eq!((region.as_str(), action.as_str(), profile.as_str()), ("eu-west-1", "StartSession", ""));
    let cluster = jqs.run(&["outputs", "ClusterName"]).expect(0).stdout.trim().to_owned();
    let target: serde_json::Value = serde_json::from_str(target).unwrap();
    assert!(target["Target"].as_str().unwrap().starts_with(&format!("ecs:{cluster}_{task}_")), "{target}");
    assert_eq!(*endpoint, cloud.endpoint());

    let arn = format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task/{cluster}/{task}");
    cloud.ecs().await.stop_task().cluster(&cluster).task(arn).send().await.unwrap();
    let left = document(&jqs.run(&["status", "--json"]))["services"][0]["tasks"].as_array().unwrap().len();
    if left == 0 {
        exec(&["collector"]).expect(1).says("no task of `collector` runs").says("`jqs logs collector`");
    }
}

#[test]
fn the_page_is_opened_on_a_terminal_and_printed_elsewhere() {
    let cloud = Cloud::start();
    let folder = tempfile::tempdir().unwrap();
    let record = recorder(folder.path(), "xdg-open");
    let jqs = with_programs(cloud.jqs(), folder.path());
    jqs.run(&["open"]).expect(1).says("there is no stack `jaeger`");
    jqs.run(&deploy(&[])).expect(0);
    let url = jqs.run(&["outputs", "JaegerURL"]).expect(0).stdout;
    let printed = jqs.run(&["open"]).expect(0);
    assert_eq!(printed.stdout, url);
    let host = url.trim().trim_start_matches("http://");
    printed.says("can be reached from inside the VPC alone").says(&format!("host={host},portNumber=80"));
    assert_eq!(document(&jqs.run(&["open", "--json"]).expect(0))["is_internal"], true);
    let printed = jqs.run_on_terminal(&["open", "--print"], "").expect(0);
    assert!(printed.stdout.contains(url.trim()) && !record.exists(), "{}", printed.stdout);
    let opened = jqs.run_on_terminal(&["open"], "").expect(0);
    assert!(opened.stdout.contains("opened http"), "{}", opened.stdout);
    assert_eq!(std::fs::read_to_string(&record).unwrap(), url);
}

#[test]
fn a_load_balancer_that_faces_the_internet_needs_no_way_in() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    let certificate = format!("CertificateArn=arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/1");
    let public = ["LoadBalancerScheme=internet-facing", "AllowedCIDR=203.0.113.0/24", "Certificate=UseExisting"];
    let parameters = public.into_iter().chain([certificate.as_str()]).flat_map(|value| ["-P", value]);
    // Nobody has issued the certificate.
    jqs.run(&deploy(&parameters.chain(["--skip-preflight"]).collect::<Vec<_>>())).expect(0);
    let run = jqs.run(&["open"]).expect(0);
    assert!(run.stdout.starts_with("https://") && run.stderr.is_empty(), "{}", run.shown());
}

#[test]
fn status_fits_on_one_screen() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    jqs.run(&deploy(&["--storage", "opensearch"])).expect(0);
    let before = jqs.run(&["status"]).expect(1);
    assert!(before.stdout.contains("Drift      not looked for yet"), "{}", before.stdout);
    let shown = jqs.run(&["status", "--drift"]).expect(1).stdout;
    let lines: Vec<&str> = shown.lines().collect();
    let is_address = |line: &str| ["JaegerURL", "OTLP"].iter().any(|name| line.starts_with(name));
    assert!(lines.len() <= 24, "{shown}");
    assert!(lines.iter().all(|line| is_address(line) || line.chars().count() <= 80), "{shown}");
    for part in ["Active, Green, OpenSearch", "Drift      none\n", "an estimate, not the bill", "CREATE_COMPLETE: "] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let on_terminal = jqs.run_on_terminal(&["status"], "");
    assert!(on_terminal.stdout.contains("Drift      none, "), "{}", on_terminal.stdout);
}

#[test]
fn status_is_told_again_when_something_has_changed() {
    let cloud = Cloud::start();
    let jqs = cloud.jqs();
    jqs.run(&deploy(&[])).expect(0);
    let mut child = jqs.start(&["status", "--watch", "--json"]);
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let first: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((first["type"].as_str(), first["stack"]["status"].as_str()), (Some("status"), Some("CREATE_COMPLETE")));
    jqs.run(&deploy(&["-P", "LogRetentionDays=7"])).expect(0);
    let began = Instant::now();
    let is_updated = lines.by_ref().map_while(Result::ok).any(|line| {
        assert!(began.elapsed() < WAIT_MAX, "{line}");
        line.contains("UPDATE_COMPLETE")
    });
    assert!(is_updated);
    signal(child.id(), "INT");
    finish(child).expect(0);
    jqs.run(&["status", "--watch", "--name", "other"]).expect(1).says("there is no stack `other`");
}
