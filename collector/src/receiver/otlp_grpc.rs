//! OTLP over gRPC: `opentelemetry.proto.collector.trace.v1.TraceService/Export` (OTLP 1.x).
//!
//! | Outcome | gRPC status |
//! |---|---|
//! | stored | OK; `partial_success` counts spans without a valid id |
//! | not a valid message | `INVALID_ARGUMENT` |
//! | larger than the limit | `OUT_OF_RANGE` (tonic's word for it) |
//! | collector or storage full | `RESOURCE_EXHAUSTED` with `RetryInfo`, which OTLP clients take as "retry" |
//! | storage cannot be reached | `UNAVAILABLE` |
//! | storage will never take it | `INVALID_ARGUMENT` |

use std::{pin::Pin, sync::Arc};

use axum::{Router, extract::State, response::Response, routing::post};
use bytes::{Buf as _, Bytes};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message as _;
use tonic::{
    Code, Request, Status,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{Grpc, UnaryService},
};

use super::{
    Intake, IntakeError, Ticket, Transport,
    metered_body::{MeteredBody, MeteredBodyError},
};
use crate::api::error;

const VIA: Transport = Transport { receiver: "otlp", transport: "grpc" };

pub fn router(intake: Intake) -> Router {
    Router::new().route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(export)).with_state(intake)
}

async fn export(State(intake): State<Intake>, request: axum::extract::Request) -> Response {
    let ticket = Arc::new(intake.admission.ticket());
    let mut grpc = Grpc::new(EncodedCodec)
        .max_decoding_message_size(intake.request_bytes_max)
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip);
    let mut request = request.map(|body| StatusBody(MeteredBody::new(body, ticket.clone())));
    request.extensions_mut().insert(ticket);
    grpc.unary(Export { intake }, request).await.map(axum::body::Body::new)
}

struct Export {
    intake: Intake,
}

impl UnaryService<Bytes> for Export {
    type Response = ExportTraceServiceResponse;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Self::Response>, Status>> + Send>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let intake = self.intake.clone();
        Box::pin(async move {
            let (_, extensions, body) = request.into_parts();
            // Compressed bytes were paid for as they came; what they unpack to is paid for here.
            if let Some(ticket) = extensions.get::<Arc<Ticket>>() {
                ticket.grow(body.len()).map_err(|full| refuse(full.into()))?;
            }
            let accepted = intake.submit_encoded(body, VIA).await.map_err(refuse)?;
            Ok(tonic::Response::new(response(accepted.rejected_spans)))
        })
    }
}

/// The reply to a request that was taken, whole or in part. OTLP wants no `partial_success` where nothing was left out.
pub(super) fn response(rejected_spans: usize) -> ExportTraceServiceResponse {
    let partial_success = (rejected_spans > 0).then(|| ExportTracePartialSuccess {
        rejected_spans: rejected_spans as i64,
        error_message: "spans with an empty or all-zero trace or span id were left out".into(),
    });
    ExportTraceServiceResponse { partial_success }
}

/// The status of a refusal, which is counted where the intake has not counted its spans.
fn refuse(error: IntakeError) -> Status {
    if !matches!(error, IntakeError::Storage(_)) {
        VIA.count_refused_request();
    }
    status(error)
}

pub(super) fn status(error: IntakeError) -> Status {
    match error {
        IntakeError::Full(full) => error::retry_later(Code::ResourceExhausted, full.to_string()),
        IntakeError::Malformed(malformed) => Status::invalid_argument(malformed.to_string()),
        IntakeError::Storage(storage) => error::grpc_status(&storage),
    }
}

/// Hands the message over as it came: the walk in [`SpanBatch::parse`](crate::model::SpanBatch::parse) is all the decoding there is.
#[derive(Clone, Copy, Default)]
struct EncodedCodec;

impl Codec for EncodedCodec {
    type Encode = ExportTraceServiceResponse;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for EncodedCodec {
    type Item = ExportTraceServiceResponse;
    type Error = Status;

    fn encode(&mut self, item: Self::Item, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(target).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for EncodedCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}

/// A body whose errors are gRPC statuses.
struct StatusBody<B>(MeteredBody<B>);

impl<B> http_body::Body for StatusBody<B>
where
    MeteredBody<B>: http_body::Body<Data = Bytes, Error = MeteredBodyError> + Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        Pin::new(&mut self.0).poll_frame(context).map_err(|error| match error {
            MeteredBodyError::Full(full) => refuse(full.into()),
            MeteredBodyError::Read(_) => Status::cancelled(error.to_string()),
        })
    }
}
