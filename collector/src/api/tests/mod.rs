//! Both APIs as clients see them, over the storage in memory.

mod faults;
mod jaeger;
mod legacy;
mod page;
mod speed;
mod v3;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt as _;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value as Any},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Link},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{ApiState, router};
use crate::{
    model::SpanBatch,
    query::{QueryOptions, QueryService},
    storage::{TraceReader, TraceWriter as _, memory::MemoryStorage},
};

/// 2026-09-21T14:13:20Z, when all test traces start.
const START_NS: u64 = 1_790_000_000_000_000_000;
const TRACE: &str = "5b8efff798038103d269b633813fc60c";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header in ASCII"))
    }
}

struct Client(Router);

impl Client {
    fn over(reader: Arc<dyn TraceReader>, base_path: &str) -> Self {
        let state = ApiState::new(QueryService::new(reader, QueryOptions::default()), base_path);
        Self(router(state.expect("a base path")))
    }

    async fn with(requests: &[ExportTraceServiceRequest]) -> Self {
        let storage = MemoryStorage::new(64 << 20);
        for request in requests {
            storage.write(SpanBatch::from_request(request).expect("a batch")).await.expect("written");
        }
        Self::over(Arc::new(storage), "/")
    }

    /// What `data/spans.otlp.json` holds.
    async fn with_sample() -> Self {
        Self::with(&[sample()]).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.0.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    async fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.send(Request::post(path).body(Body::from(body.to_vec())).expect("a request")).await
    }

    async fn call(&self, method: &str, path: &str) -> Answer {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).expect("a request")).await
    }
}

fn sample() -> ExportTraceServiceRequest {
    crate::receiver::otlp_json::decode(include_bytes!("data/spans.otlp.json")).expect("OTLP")
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Any::StringValue(value.into()))
}

/// One span in a trace of its own.
fn request(trace: u8, service: &str, span: Span) -> ExportTraceServiceRequest {
    let resource = Resource { attributes: vec![text("service.name", service)], ..Default::default() };
    let span = Span { trace_id: [[0; 15].as_slice(), &[trace]].concat(), span_id: vec![trace; 8], ..span };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..Default::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: Some(resource), scope_spans, ..Default::default() }],
    }
}

/// A span that starts and ends so many milliseconds after [`START_NS`].
fn span(name: &str, start_ms: u64, end_ms: u64) -> Span {
    let at = |ms: u64| START_NS + ms * 1_000_000;
    Span { name: name.into(), start_time_unix_nano: at(start_ms), end_time_unix_nano: at(end_ms), ..Default::default() }
}

/// The end of a message that no table of answers repeats.
fn shown(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
