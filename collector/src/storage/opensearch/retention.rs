//! Deletes the daily indices whose whole day is older than the retention.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Method;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde::Deserialize;
use serde_json::Value;

use super::{
    client::{Client, ClientError},
    jitter,
    schema::IndexNames,
};

/// How often indices are looked through. Several collectors take turns by chance; who comes second finds nothing.
pub(super) const DEFAULT_RETENTION_INTERVAL: Duration = Duration::from_secs(3_600);

/// Deletes for as long as it lives.
pub(super) struct Retention(tokio::task::JoinHandle<()>);

impl Retention {
    pub(super) fn start(client: Arc<Client>, names: IndexNames, days: u32) -> Self {
        Self(tokio::spawn(async move {
            loop {
                match delete_expired(&client, &names, days).await {
                    Ok(deleted) if deleted.is_empty() => {}
                    Ok(deleted) => tracing::info!(?deleted, "deleted the indices older than {days} days"),
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "old indices are not deleted")
                    }
                }
                tokio::time::sleep(jitter(DEFAULT_RETENTION_INTERVAL)).await;
            }
        }))
    }
}

impl Drop for Retention {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Deserialize)]
struct ListedIndex {
    index: String,
}

/// Names the indices that the retention has left behind.
pub(super) async fn expired(client: &Client, names: &IndexNames, days: u32) -> Result<Vec<String>, ClientError> {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let path = format!("_cat/indices/{}?format=json&h=index", names.daily().join(","));
    let listed: Vec<ListedIndex> = client.send(Method::GET, &path, "application/json", Bytes::new()).await?;
    Ok(listed.into_iter().map(|listed| listed.index).filter(|index| is_expired(index, days, today)).collect())
}

/// Deletes them, and names what it has deleted.
pub(super) async fn delete_expired(client: &Client, names: &IndexNames, days: u32) -> Result<Vec<String>, ClientError> {
    let expired = expired(client, names, days).await?;
    for index in &expired {
        let path = format!("{index}?ignore_unavailable=true");
        client.send::<Value>(Method::DELETE, &path, "application/json", Bytes::new()).await?;
    }
    Ok(expired)
}

/// Whether the index is of a day that ended more than `days` days ago. An index whose name ends in no date is never touched.
fn is_expired(index: &str, days: u32, today: Date) -> bool {
    let date = index.len().checked_sub("2006-01-02".len()).and_then(|at| index.get(at..)?.parse::<Date>().ok());
    let oldest = today.checked_sub(i64::from(days).days());
    matches!((date, oldest), (Some(date), Ok(oldest)) if date < oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_days_beyond_the_retention_expire() {
        let today: Date = "2026-03-02".parse().expect("a date");
        assert!(is_expired("jaeger-span-2026-02-22", 7, today));
        assert!(!is_expired("jaeger-span-2026-02-23", 7, today), "part of it is not seven days old");
        assert!(!is_expired("jaeger-span-2026-03-02", 7, today));
        assert!(is_expired("team-jaeger-service-2025-12-31", 7, today));
        for other in ["jaeger-span-000001", "jaeger-span-read", "jaeger", "日本日本日本日本"] {
            assert!(!is_expired(other, 0, today), "{other}");
        }
    }
}
