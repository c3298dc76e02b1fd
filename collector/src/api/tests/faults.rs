//! What a storage that fails looks like to clients, which the storage in memory cannot be made to show.

use async_trait::async_trait;

use super::*;
use crate::{
    model::{Trace, TraceId},
    storage::{Dependency, Operation, SpanKind, StorageError, TimeRange, TraceQuery},
};

type Fault = fn() -> StorageError;

struct Failing(Fault);

#[async_trait]
impl TraceReader for Failing {
    async fn trace(&self, _: TraceId, _: Option<TimeRange>) -> Result<Option<Trace>, StorageError> {
        Err(self.0())
    }

    async fn find_traces(&self, _: &TraceQuery) -> Result<Vec<Trace>, StorageError> {
        Err(self.0())
    }

    async fn services(&self) -> Result<Vec<String>, StorageError> {
        Err(self.0())
    }

    async fn operations(&self, _: &str, _: Option<SpanKind>) -> Result<Vec<Operation>, StorageError> {
        Err(self.0())
    }

    async fn dependencies(&self, _: TimeRange) -> Result<Vec<Dependency>, StorageError> {
        Err(self.0())
    }
}

const TIMES: &str = "query.startTimeMin=2026-09-21T00:00:00Z&query.startTimeMax=2026-09-22T00:00:00Z";

#[tokio::test]
async fn every_route_passes_on_what_the_storage_says() {
    let search = format!("/api/v3/traces?query.serviceName=shop&{TIMES}");
    let summaries = format!("/api/v3/trace-summaries?query.serviceName=shop&{TIMES}");
    let paths = [
        "/api/services",
        "/api/operations?service=shop",
        "/api/services/shop/operations",
        "/api/dependencies",
        "/api/traces?service=shop",
        "/api/traces?traceID=1",
        "/api/traces/1",
        "/api/v3/services",
        "/api/v3/operations?service=shop",
        "/api/v3/traces/1",
        &search,
        &summaries,
    ];
    let cases: [(Fault, u16, &str); 3] = [
        (|| StorageError::Busy("queue full".into()), 503, "1"),
        (|| StorageError::Unavailable("no answer".into(), None), 503, "1"),
        (|| StorageError::InvalidQuery("too wide".into()), 400, ""),
    ];
    for (error, status, retry_after) in cases {
        let client = Client::over(Arc::new(Failing(error)), "/");
        for path in paths {
            let answer = client.get(path).await;
            assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
            assert_eq!(answer.header("retry-after"), retry_after, "{path}");
            let json = answer.json();
            let (code, message) = match json.get("error") {
                Some(error) => (&error["httpCode"], &error["message"]),
                None => (&json["errors"][0]["code"], &json["errors"][0]["msg"]),
            };
            assert_eq!((code, shown(message)), (&Value::from(status), error().to_string()), "{path}");
        }
    }
}

#[tokio::test]
async fn a_storage_that_needs_a_service_is_not_asked_without() {
    let client = Client::over(Arc::new(Failing(|| StorageError::Busy("asked".into()))), "/");
    let answer = client.get(&format!("/api/v3/trace-summaries?{TIMES}")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let message = "bad query: this storage needs the name of a service to search";
    assert_eq!(answer.json()["error"]["message"], message);
}
