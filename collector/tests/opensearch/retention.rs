//! Old days go, and nothing else.

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use jqs_collector::storage::opensearch::{OpenSearchSettings, OpenSearchStorage};
use serde_json::json;

use crate::server;

#[tokio::test]
async fn indices_of_days_beyond_the_retention_are_deleted() {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let day = |ago: i64| today.checked_sub(ago.days()).expect("a date").to_string();
    let kept = [format!("old-jaeger-span-{}", day(3)), format!("old-jaeger-service-{}", day(0))];
    let others = ["old-jaeger-span-000001".to_string(), format!("older-jaeger-span-{}", day(9))];
    let expired = [format!("old-jaeger-span-{}", day(4)), format!("old-jaeger-service-{}", day(400))];
    for index in kept.iter().chain(&others).chain(&expired) {
        server::request("PUT", index, Some(&json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0}})))
            .await;
    }
    let settings = OpenSearchSettings { retention_days: Some(3), ..server::settings("old") };
    let storage = OpenSearchStorage::connect(settings).await.expect("a connection");
    let mut left = Vec::new();
    for _ in 0..100 {
        let listed = server::request("GET", "_cat/indices/old*-jaeger-*?format=json&h=index", None).await;
        let listed = listed.as_array().expect("a list").iter();
        left = listed.map(|index| index["index"].as_str().expect("a name").to_string()).collect();
        if !expired.iter().any(|index| left.contains(index)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(storage);
    left.sort();
    let mut wanted = [kept, others].concat();
    wanted.sort();
    assert_eq!(left, wanted);
}

/// `jqs-collector jobs clean` with these arguments: whether it succeeded, and what it logged.
async fn clean(arguments: &[&str]) -> (bool, String) {
    let job = tokio::process::Command::new(env!("CARGO_BIN_EXE_jqs-collector"))
        .args(["jobs", "clean", "--days", "3"])
        .args(arguments)
        .output()
        .await
        .expect("the program starts");
    (job.status.success(), String::from_utf8(job.stderr).expect("text"))
}

#[tokio::test]
async fn the_job_deletes_old_days_once_and_says_which() {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let day = |ago: i64| today.checked_sub(ago.days()).expect("a date").to_string();
    let (old, young) = (format!("job-jaeger-span-{}", day(4)), format!("job-jaeger-span-{}", day(3)));
    for index in [&old, &young] {
        server::request("PUT", index, Some(&json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0}})))
            .await;
    }
    let left = async || {
        let listed = server::request("GET", "_cat/indices/job-jaeger-*?format=json&h=index&s=index", None).await;
        listed.as_array().expect("a list").iter().map(|index| index["index"].clone()).collect::<Vec<_>>()
    };
    let arguments = ["--opensearch-urls", server::url(), "--opensearch-index-prefix", "job"];

    let (succeeded, log) = clean(&[&arguments[..], &["--dry-run"]].concat()).await;
    assert!(succeeded && log.contains(&old) && log.contains("would be deleted"), "{log}");
    assert_eq!(left().await, [&*old, &*young]);

    let (succeeded, log) = clean(&arguments).await;
    assert!(succeeded && log.contains(&old) && !log.contains(&young), "{log}");
    assert_eq!(left().await, [&*young]);
}

#[tokio::test]
async fn the_job_fails_where_nobody_answers() {
    let nobody = format!("http://127.0.0.1:{}", server::free_port());
    let (succeeded, log) = clean(&["--opensearch-urls", &nobody]).await;
    assert!(!succeeded && log.contains("cannot be reached"), "{log}");
}

#[tokio::test]
async fn a_read_only_storage_puts_no_template() {
    let settings = OpenSearchSettings { read_only: true, ..server::settings("reader") };
    OpenSearchStorage::connect(settings).await.expect("a connection");
    let templates = server::request("GET", "_template", None).await;
    let names: Vec<_> =
        templates.as_object().expect("templates").keys().filter(|name| name.starts_with("reader")).collect();
    assert!(names.is_empty(), "{names:?}");
}
