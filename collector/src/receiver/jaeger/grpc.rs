//! `jaeger.api_v2.CollectorService/PostSpans` (14250).

use axum::{Router, extract::State, response::Response, routing::post};

use crate::receiver::{Format, Intake, Transport, grpc};

const VIA: Transport = Transport { receiver: "jaeger", transport: "grpc" };

/// `message PostSpansResponse {}`
#[derive(Clone, PartialEq, prost::Message)]
struct PostSpansResponse {}

pub fn router(intake: Intake) -> Router {
    Router::new().route("/jaeger.api_v2.CollectorService/PostSpans", post(post_spans)).with_state(intake)
}

async fn post_spans(State(intake): State<Intake>, request: axum::extract::Request) -> Response {
    let store = intake.clone();
    grpc::unary(&intake, VIA, request, async move |body| {
        let batch = Format::JaegerProto.read(&body, false)?;
        drop(body);
        store.submit_written(batch, VIA).await?;
        Ok(PostSpansResponse {})
    })
    .await
}
