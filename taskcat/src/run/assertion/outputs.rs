//! Outputs: their values, and whether a URL among them answers.

use super::{Subject, missed, of_result, told};
use crate::config::{Answer, OutputAssertion};
use crate::run::AssertionResult;
use jqs_cfn::{Error, ErrorKind, Result};
use regex_lite::Regex;
use std::time::Duration;
use tokio::time::Instant;

/// One attempt of many.
const DEFAULT_ATTEMPT_SECONDS_MAX: u64 = 10;
const DEFAULT_BODY_BYTES_MAX: usize = 4 << 20;

pub(super) async fn check(subject: &Subject<'_>, outputs: &[OutputAssertion]) -> Vec<AssertionResult> {
    let mut results = Vec::new();
    for output in outputs {
        let key = &output.key;
        let Some(value) = subject.stack.outputs.get(key) else {
            let names: Vec<&str> = subject.stack.outputs.keys().map(String::as_str).collect();
            results.push(missed(
                format!("output `{key}`"),
                format!("the stack has no such output; it has {}", list(&names)),
            ));
            continue;
        };
        let seen = if subject.secrets.contains(key) { "another value".to_owned() } else { format!("`{value}`") };
        if let Some(expected) = &output.equals {
            let result =
                if value == expected { Ok(format!("it is {seen}")) } else { Err(told(format!("it is {seen}"))) };
            results.push(of_result(format!("output `{key}` is `{expected}`"), result));
        }
        if let Some(pattern) = &output.matches {
            let matches = Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(value));
            let result = if matches { Ok(format!("it is {seen}")) } else { Err(told(format!("it is {seen}"))) };
            results.push(of_result(format!("output `{key}` matches `{pattern}`"), result));
        }
        if let Some(answer) = &output.answers {
            let name = format!("output `{key}`{} answers with {}", with_path(&answer.path), answer.status);
            results.push(of_result(name, answers(value, answer, subject.site.session.pace.max).await));
        }
        if output.equals.is_none() && output.matches.is_none() && output.answers.is_none() {
            results.push(of_result(format!("output `{key}`"), Ok(format!("it is {seen}"))));
        }
    }
    results
}

fn with_path(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at `{path}`") }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Asks until the answer is the right one, or time is over.
async fn answers(url: &str, answer: &Answer, pause_max: Duration) -> Result<String> {
    let failed = |error: reqwest::Error| Error::new(ErrorKind::Service, "cannot make a client for HTTP").because(error);
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(DEFAULT_ATTEMPT_SECONDS_MAX))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(failed)?;
    let url = format!("{}{}", url.trim_end_matches('/'), answer.path);
    let began = Instant::now();
    let mut pause = Duration::from_millis(200).min(pause_max);
    loop {
        let seen = match attempt(&client, &url, answer).await {
            Ok(()) => return Ok(format!("`{url}` answers with {}", answer.status)),
            Err(seen) => seen,
        };
        if began.elapsed() + pause >= answer.within {
            return Err(told(format!("`{url}` {seen}, for {} seconds", answer.within.as_secs())));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(pause_max);
    }
}

/// What is wrong with the answer: the end of a sentence.
async fn attempt(client: &reqwest::Client, url: &str, expected: &Answer) -> Result<(), String> {
    let mut answer =
        client.get(url).send().await.map_err(|error| format!("does not answer ({})", innermost(&error)))?;
    let status = answer.status().as_u16();
    if status != expected.status {
        return Err(format!("answers with {status}"));
    }
    let Some(text) = &expected.contains else { return Ok(()) };
    let mut body = Vec::new();
    while let Ok(Some(part)) = answer.chunk().await {
        body.extend_from_slice(&part);
        if body.len() > DEFAULT_BODY_BYTES_MAX {
            break;
        }
    }
    if String::from_utf8_lossy(&body).contains(text.as_str()) {
        return Ok(());
    }
    Err(format!("answers without `{text}` in it"))
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
