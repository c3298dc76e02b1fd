//! Every form of one result that has everything, strange names among it.

use super::*;
use crate::run::{AssertionResult, FailureKind, LoggedEvent, Phase, PhaseTime, Retry};
use jqs_stacks::failure::Cause;
use std::collections::BTreeMap;

fn time(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_790_000_000 + second).expect("a time")
}

fn case(test: &str, region: &str, verdict: Verdict) -> CaseResult {
    let phase = |phase, from, seconds| PhaseTime { phase, started: time(from), seconds };
    CaseResult {
        test: test.to_owned(),
        region: region.to_owned(),
        account: "111122223333".to_owned(),
        stack_name: format!("tCaT-shop-{test}"),
        stack_id: format!("arn:aws:cloudformation:{region}:111122223333:stack/tCaT-shop-{test}/1"),
        is_there: false,
        verdict,
        phases: vec![
            phase(Phase::Creating, 1, 60.0),
            phase(Phase::Asserting, 61, 2.5),
            phase(Phase::Deleting, 64, 30.0),
        ],
        failures: Vec::new(),
        retries: Vec::new(),
        assertions: Vec::new(),
        parameters: BTreeMap::from([("Password".to_owned(), "****".to_owned())]),
        outputs: BTreeMap::from([("Url".to_owned(), "https://a.example/?a=1&b=<script>alert(1)</script>".to_owned())]),
        cost: Some(0.125),
        remains: Vec::new(),
        events: vec![LoggedEvent {
            time: time(3),
            path: "Storage/Domain".to_owned(),
            kind: "AWS::SNS::Topic".to_owned(),
            status: "CREATE_FAILED".to_owned(),
            reason: Some("limit\nexceeded".to_owned()),
        }],
    }
}

fn result() -> RunResult {
    let mut failed = case("two", "us-east-1", Verdict::Failed);
    failed.failures.push(Failure {
        kind: FailureKind::Creation,
        message: "the stack is CREATE_FAILED".to_owned(),
        cause: Some(Cause {
            path: vec!["Storage".to_owned(), "Domain".to_owned()],
            kind: "AWS::SNS::Topic".to_owned(),
            status: "CREATE_FAILED".to_owned(),
            reason: "limit `x` exceeded | <b>*now*</b> \u{1b}[1m".to_owned(),
            physical_id: String::new(),
        }),
        hint: Some("raise it".to_owned()),
    });
    failed.failures.push(Failure {
        kind: FailureKind::Leak,
        message: "the stack is gone and has left arn:aws:s3:::kept".to_owned(),
        cause: None,
        hint: None,
    });
    failed
        .retries
        .push(Retry { phase: Phase::Creating, cause: "a service was asked too often: Rate exceeded".to_owned() });
    failed.assertions.push(AssertionResult { name: "output `Url`".to_owned(), is_met: true, said: "it is".to_owned() });
    failed.remains.push("arn:aws:s3:::kept".to_owned());
    let cases = vec![case("one", "eu-west-1", Verdict::Passed), failed, case("three", "eu-west-1", Verdict::Skipped)];
    RunResult {
        run: "0123456789abcdef0123456789abcdef".to_owned(),
        project: "shop".to_owned(),
        started: time(0),
        ended: time(100),
        cases,
        remains: vec!["the bucket `kept` in us-east-1".to_owned()],
        cut_short: Some("it was stopped".to_owned()),
    }
}

#[test]
fn every_form_has_its_whole_text_in_a_snapshot() {
    insta::assert_snapshot!("junit", junit(&result()));
    insta::assert_snapshot!("markdown", markdown(&result()));
    insta::assert_snapshot!("log", log(&result().cases[1]));
    insta::assert_snapshot!("summary", summary(&result()));
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let page = html(&result());
    assert!(!page.contains("<script"), "an output is text");
    for loaded in ["src=", "@import", "url(", "<link", "<img", "<iframe"] {
        assert!(!page.contains(loaded), "`{loaded}`");
    }
    let links: Vec<&str> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.iter().all(|link| link.starts_with('#') || link.ends_with(".log")), "{links:?}");
    for shown in
        ["https://a.example/", "Storage/Domain", "raise it", "arn:aws:s3:::kept", "Rate exceeded", "two-us-east-1.log"]
    {
        assert!(page.contains(shown), "`{shown}`");
    }
}

#[test]
fn junit_is_xml_that_counts_right() {
    let text = junit(&result());
    let document = roxmltree::Document::parse(&text).expect("well-formed");
    let count = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
    assert_eq!((count("testsuite"), count("testcase"), count("failure"), count("skipped")), (3, 3, 2, 1));
    let suites = document.root_element();
    assert_eq!((suites.attribute("tests"), suites.attribute("failures")), (Some("3"), Some("1")));
}

#[test]
fn a_report_can_be_made_again_from_its_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let written = write_all(&result(), folder.path()).expect("written");
    let again = read(&written.json).expect("read");
    assert_eq!(json(&again), json(&result()));
    assert_eq!(html(&again), std::fs::read_to_string(&written.html).expect("there"));
    let names = std::fs::read_dir(folder.path())
        .expect("listed")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert!(names.into_iter().all(|name| !name.ends_with(".part")));
    std::fs::write(&written.json, "{}").expect("written");
    assert!(read(&written.json).expect_err("no report").full().contains("is no report of a run"));
}
