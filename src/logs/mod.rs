//! Logs of a stack: where they are, and reading them from CloudWatch Logs.

mod source;
mod tail;

use aws_sdk_cloudwatchlogs::config::{Builder, Region};
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatchlogs::operation::filter_log_events::FilterLogEventsError;
use jiff::Timestamp;
use jqs_cfn::{Error, Result};
use jqs_stacks::{Session, aws_error};
use serde::Serialize;
pub(crate) use source::{Source, of_domain, of_services};
use std::collections::VecDeque;
pub(crate) use tail::Tail;

/// One event of a log.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    #[serde(serialize_with = "time_as_text")]
    pub(crate) time: Timestamp,
    pub(crate) service: String,
    /// The task that wrote it, or the log of a domain that it stands in.
    pub(crate) task: String,
    pub(crate) group: String,
    pub(crate) stream: String,
    pub(crate) message: String,
    /// Service and task, short enough for the eye.
    #[serde(skip)]
    pub(crate) origin: String,
    #[serde(skip)]
    pub(crate) id: String,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) since: Timestamp,
    pub(crate) until: Option<Timestamp>,
    /// A pattern of CloudWatch Logs.
    pub(crate) pattern: Option<String>,
    /// Beginnings of the ids of tasks; none for all.
    pub(crate) tasks: Vec<String>,
}

impl Wanted {
    fn is_of_wanted_task(&self, task: &str) -> bool {
        self.tasks.is_empty() || self.tasks.iter().any(|wanted| task.starts_with(wanted.as_str()))
    }
}

pub(crate) struct Logs<'a> {
    session: &'a Session,
}

impl<'a> Logs<'a> {
    pub(crate) fn new(session: &'a Session) -> Self {
        Self { session }
    }

    fn client(&self, region: Option<&str>) -> aws_sdk_cloudwatchlogs::Client {
        let config = Builder::from(&self.session.config);
        let config = match region {
            Some(region) => config.region(Region::new(region.to_owned())),
            None => config,
        };
        aws_sdk_cloudwatchlogs::Client::from_conf(config.build())
    }

    /// Every wanted line of a source, oldest first.
    pub(crate) async fn read(&self, source: &Source, wanted: &Wanted, mut take: impl FnMut(Line)) -> Result<()> {
        let call = self.client(source.region.as_deref()).filter_log_events().log_group_name(&source.group);
        let call = call.set_log_stream_name_prefix(source.streams.clone()).start_time(wanted.since.as_millisecond());
        let call = call.set_end_time(wanted.until.map(Timestamp::as_millisecond));
        let mut pages = call.set_filter_pattern(wanted.pattern.clone()).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|failure| unreadable(source, failure))?;
            let lines = page.events().iter().filter_map(|event| {
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                let time = Timestamp::from_millisecond(event.timestamp()?).ok()?;
                Some(source.line(time, event.log_stream_name()?, text(event.message()), text(event.event_id())))
            });
            lines.filter(|line| wanted.is_of_wanted_task(&line.task)).for_each(&mut take);
        }
        Ok(())
    }

    /// The newest `most` lines of several sources in the order of time, and how many older ones were left out.
    pub(crate) async fn newest(&self, sources: &[Source], wanted: &Wanted, most: usize) -> Result<(Vec<Line>, usize)> {
        let (mut all, mut left_out) = (Vec::new(), 0);
        for source in sources {
            let mut own = VecDeque::new();
            let take = |line| {
                own.push_back(line);
                if own.len() > most {
                    own.pop_front();
                    left_out += 1;
                }
            };
            self.read(source, wanted, take).await?;
            all.extend(own);
        }
        in_order(&mut all);
        let surplus = all.len().saturating_sub(most);
        all.drain(..surplus);
        Ok((all, left_out + surplus))
    }

    /// The last lines that one stream has.
    pub(crate) async fn last(&self, group: &str, region: Option<&str>, stream: &str, most: i32) -> Result<Vec<String>> {
        let call = self.client(region).get_log_events().log_group_name(group).log_stream_name(stream);
        let answer = call.start_from_head(false).limit(most).send().await;
        let answer = answer.map_err(|failure| aws_error(format!("read the log stream `{stream}`"), failure))?;
        Ok(answer.events().iter().filter_map(|event| event.message()).map(plain).collect())
    }
}

fn unreadable(source: &Source, failure: SdkError<FilterLogEventsError>) -> Error {
    let code = failure.code().map(str::to_owned);
    let error = aws_error(format!("read the log group `{}`", source.group), failure);
    match code.as_deref() {
        Some("InvalidParameterException") => error.hint(
            "a pattern is words (`timeout`), one of several (`?ERROR ?WARN`), a phrase (`'\"not found\"'`) or a selection of JSON (`'{ $.level = \"ERROR\" }'`)",
        ),
        Some("ResourceNotFoundException") => error.hint("nothing has been logged yet, or the group went with its stack"),
        _ => error,
    }
}

/// By time; lines of the same time stay as they came.
fn in_order(lines: &mut [Line]) {
    lines.sort_by_key(|line| line.time);
}

/// A log may hold anything: what would steer a terminal is taken out.
pub(crate) fn plain(message: &str) -> String {
    let text = console::strip_ansi_codes(message);
    text.trim_end().chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect()
}

/// What our own programs log is JSON, for machines; people get the same in a row: level, message, fields.
pub(crate) fn readable(message: &str) -> String {
    let in_a_row = || {
        let event: serde_json::Value = serde_json::from_str(message).ok()?;
        let level = event.get("level")?.as_str()?;
        let fields = event.get("fields")?.as_object()?;
        let words = fields.get("message")?.as_str()?;
        let others = fields.iter().filter(|(name, _)| *name != "message").map(|(name, value)| match value.as_str() {
            Some(text) => format!(" {name}={text}"),
            None => format!(" {name}={value}"),
        });
        Some(format!("{level:<5} {words}{}", others.collect::<String>()))
    };
    in_a_row().map_or_else(|| message.to_owned(), |text| plain(&text))
}

fn time_as_text<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_events_are_put_in_a_row_and_others_left_alone() {
        let own = r#"{"timestamp":"2026-01-31T08:00:00Z","level":"WARN","fields":{"message":"cannot write","error":"no\u001b[1m","tries":3}}"#;
        assert_eq!(readable(own), "WARN  cannot write error=no tries=3");
        for other in ["plain words", "{\"level\":\"WARN\"}", "{"] {
            assert_eq!(readable(other), other);
        }
    }

    #[test]
    fn nothing_in_a_log_steers_the_terminal() {
        assert_eq!(plain("\u{1b}[31mred\u{1b}[0m\u{7}\tand\nmore\r\n"), "red\tand\nmore");
    }
}
