//! OTLP over gRPC: `opentelemetry.proto.collector.trace.v1.TraceService/Export` (OTLP 1.x), plain or with gzip, zstd or deflate.
//!
//! | Outcome | gRPC status |
//! |---|---|
//! | stored | OK; `partial_success` counts spans without a valid id |
//! | not a valid message | `INVALID_ARGUMENT` |
//! | larger than the limit | `OUT_OF_RANGE` (tonic's word for it) |
//! | collector or storage full | `RESOURCE_EXHAUSTED` with `RetryInfo`, which OTLP clients take as "retry" |
//! | storage cannot be reached | `UNAVAILABLE` |
//! | storage will never take it | `INVALID_ARGUMENT` |

use axum::{Router, extract::State, response::Response, routing::post};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};

use super::{Intake, Transport, grpc};

const VIA: Transport = Transport { receiver: "otlp", transport: "grpc" };

pub fn router(intake: Intake) -> Router {
    Router::new().route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(export)).with_state(intake)
}

async fn export(State(intake): State<Intake>, request: axum::extract::Request) -> Response {
    // The walk in `SpanBatch::parse` is all the decoding there is.
    let store = intake.clone();
    grpc::unary(&intake, VIA, request, async move |body| {
        Ok(response(store.submit_encoded(body, VIA).await?.rejected_spans))
    })
    .await
}

/// The reply to a request that was taken, whole or in part. OTLP wants no `partial_success` where nothing was left out.
pub(super) fn response(rejected_spans: usize) -> ExportTraceServiceResponse {
    let partial_success = (rejected_spans > 0).then(|| ExportTracePartialSuccess {
        rejected_spans: rejected_spans as i64,
        error_message: "spans with an empty or all-zero trace or span id were left out".into(),
    });
    ExportTraceServiceResponse { partial_success }
}
