//! Jaeger's index names and index templates.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{OpenSearchSettings, client::Client, jitter};
use crate::storage::{StorageError, TimeRange};

pub(super) const NANOS_PER_DAY: u64 = 86_400 * 1_000_000_000;
/// Jaeger's limit for what is indexed of a keyword. Longer values are stored, but not found.
const KEYWORD_CHARS_MAX: usize = 256;
/// Searches over more days name all indices at once.
const DEFAULT_SEARCH_DAYS_MAX: u64 = 62;
/// How long to wait before a cluster that is coming up is asked again.
const DEFAULT_START_PAUSE: Duration = Duration::from_millis(500);

/// `[prefix-]jaeger-span-YYYY-MM-DD` and its like, one index a day in UTC.
#[derive(Clone, Debug)]
pub(super) struct IndexNames {
    span: String,
    service: String,
    dependencies: String,
}

impl IndexNames {
    pub(super) fn new(prefix: &str) -> Self {
        let prefix = prefix.trim_end_matches('-');
        let joined = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}-{name}") };
        Self {
            span: joined("jaeger-span"),
            service: joined("jaeger-service"),
            dependencies: joined("jaeger-dependencies"),
        }
    }

    pub(super) fn span_of_day(&self, day: u64) -> String {
        format!("{}-{}", self.span, date(day))
    }

    pub(super) fn service_of_day(&self, day: u64) -> String {
        format!("{}-{}", self.service, date(day))
    }

    /// The daily indices of all time, rollover's left out.
    pub(super) fn daily(&self) -> [String; 2] {
        [&self.span, &self.service].map(|name| format!("{name}-*-*-*"))
    }

    pub(super) fn all_services(&self) -> Vec<String> {
        vec![format!("{}-*", self.service)]
    }

    pub(super) fn all_dependencies(&self) -> Vec<String> {
        vec![format!("{}-*", self.dependencies)]
    }

    /// The indices that may hold spans of the range; of all time without one.
    pub(super) fn spans(&self, range: Option<TimeRange>) -> Vec<String> {
        match range.map(|range| (range.from_ns / NANOS_PER_DAY, range.to_ns / NANOS_PER_DAY)) {
            Some((first, last)) if last.saturating_sub(first) < DEFAULT_SEARCH_DAYS_MAX => {
                (first..=last).map(|day| self.span_of_day(day)).collect()
            }
            // Jaeger 1 keeps copies of traces in an archive of this name.
            _ => vec![format!("{}-*", self.span), format!("-{}-archive*", self.span)],
        }
    }
}

fn date(day: u64) -> String {
    let midnight = Timestamp::from_second((day * 86_400) as i64).unwrap_or(Timestamp::UNIX_EPOCH);
    midnight.strftime("%Y-%m-%d").to_string()
}

/// Puts the templates, while the cluster comes up, until `start_timeout` has passed.
pub(super) async fn put_templates(client: &Client, settings: &OpenSearchSettings) -> Result<(), StorageError> {
    let names = IndexNames::new(&settings.index_prefix);
    let deadline = Instant::now() + settings.start_timeout;
    for (name, mappings) in [(&names.span, span_mappings()), (&names.service, service_mappings())] {
        let body = template(name, settings, mappings).to_string();
        loop {
            let path = format!("_template/{name}");
            let put = client.send::<Value>(Method::PUT, &path, "application/json", body.clone().into());
            match put.await {
                Ok(_) => break,
                Err(error) if error.is_transient() && Instant::now() < deadline => {
                    tracing::warn!(%error, "OpenSearch is not ready; the index template `{name}` is put again");
                    tokio::time::sleep(jitter(DEFAULT_START_PAUSE)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// A template of the older kind and of Jaeger's own name, so that the two replace each other instead of competing.
fn template(name: &str, settings: &OpenSearchSettings, mappings: Value) -> Value {
    json!({
        "index_patterns": [format!("{name}-*")],
        "settings": {
            "index.number_of_shards": settings.shards,
            "index.number_of_replicas": settings.replicas,
            "index.mapping.nested_fields.limit": 50,
            "index.requests.cache.enable": true,
        },
        "mappings": mappings,
    })
}

fn keyword() -> Value {
    json!({"type": "keyword", "ignore_above": KEYWORD_CHARS_MAX})
}

/// A list of objects of which only the named fields are indexed.
fn nested(properties: Value) -> Value {
    json!({"type": "nested", "dynamic": false, "properties": properties})
}

fn tags() -> Value {
    nested(json!({"key": keyword(), "value": keyword(), "type": keyword()}))
}

/// Tags that are stored as fields become keywords.
fn tag_fields(names: &[(&str, &str)]) -> Value {
    names.iter().map(|(name, path)| json!({*name: {"mapping": keyword(), "path_match": path}})).collect()
}

fn service_mappings() -> Value {
    json!({
        "dynamic_templates": tag_fields(&[("span_tags_map", "tag.*"), ("process_tags_map", "process.tag.*")]),
        "properties": {"serviceName": keyword(), "operationName": keyword()},
    })
}

fn span_mappings() -> Value {
    let ignored = json!({"type": "object", "enabled": false});
    json!({
        "dynamic_templates": tag_fields(&[
            ("span_tags_map", "tag.*"),
            ("process_tags_map", "process.tag.*"),
            ("scope_tags_map", "scopeTag.*"),
        ]),
        "properties": {
            "traceID": keyword(),
            "parentSpanID": keyword(),
            "spanID": keyword(),
            "operationName": keyword(),
            "startTime": {"type": "long"},
            "startTimeMillis": {"type": "date", "format": "epoch_millis"},
            "duration": {"type": "long"},
            "flags": {"type": "integer"},
            "logs": nested(json!({"timestamp": {"type": "long"}, "fields": tags()})),
            "process": {
                "properties": {"serviceName": keyword(), "tag": {"type": "object"}, "tags": tags(), "otlp": ignored},
            },
            "references": nested(json!({
                "refType": keyword(),
                "traceID": keyword(),
                "spanID": keyword(),
                "traceState": keyword(),
                "flags": {"type": "integer"},
                "tags": tags(),
            })),
            "tag": {"type": "object"},
            "tags": tags(),
            "scopeTag": {"type": "object"},
            "scopeTags": tags(),
            "otlp": ignored,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> u64 {
        text.parse::<Timestamp>().expect("a time").as_nanosecond() as u64
    }

    #[test]
    fn a_range_names_the_days_it_touches() {
        let names = IndexNames::new("team");
        let range = TimeRange { from_ns: day("2024-02-28T23:59:59.999999999Z"), to_ns: day("2024-03-01T00:00:00Z") };
        let days = ["2024-02-28", "2024-02-29", "2024-03-01"];
        assert_eq!(names.spans(Some(range)), days.map(|day| format!("team-jaeger-span-{day}")));
    }

    #[test]
    fn long_and_missing_ranges_name_all_but_the_archive() {
        let names = IndexNames::new("");
        let all = ["jaeger-span-*", "-jaeger-span-archive*"];
        assert_eq!(names.spans(None), all);
        assert_eq!(names.spans(Some(TimeRange { from_ns: 0, to_ns: u64::MAX })), all);
    }

    #[test]
    fn a_prefix_is_joined_as_jaeger_joins_it() {
        assert_eq!(IndexNames::new("team-").service_of_day(0), "team-jaeger-service-1970-01-01");
        assert_eq!(IndexNames::new("").all_services(), ["jaeger-service-*"]);
    }
}
