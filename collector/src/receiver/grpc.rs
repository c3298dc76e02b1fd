//! One unary gRPC call, metered: the message is handed over as it came.

use std::{marker::PhantomData, pin::Pin, sync::Arc};

use axum::response::Response;
use bytes::{Buf as _, Bytes};
use prost::Message;
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

/// Reads the message under the limits of the intake, and answers with what `handler` makes of it.
pub(crate) async fn unary<R, F, A>(
    limits: &Intake,
    via: Transport,
    request: axum::extract::Request,
    handler: F,
) -> Response
where
    R: Message + 'static,
    F: FnOnce(Bytes) -> A + Send + 'static,
    A: Future<Output = Result<R, IntakeError>> + Send + 'static,
{
    let ticket = Arc::new(limits.admission.ticket());
    let mut grpc = Grpc::new(EncodedCodec(PhantomData))
        .max_decoding_message_size(limits.request_bytes_max)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .accept_compressed(CompressionEncoding::Deflate)
        .send_compressed(CompressionEncoding::Gzip);
    let mut request = request.map(|body| StatusBody { inner: MeteredBody::new(body, ticket.clone()), via });
    request.extensions_mut().insert(ticket);
    grpc.unary(Call { via, handler: Some(handler) }, request).await.map(axum::body::Body::new)
}

struct Call<F> {
    via: Transport,
    /// There is one message in a call.
    handler: Option<F>,
}

impl<R, F, A> UnaryService<Bytes> for Call<F>
where
    R: Message + 'static,
    F: FnOnce(Bytes) -> A + Send + 'static,
    A: Future<Output = Result<R, IntakeError>> + Send + 'static,
{
    type Response = R;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<R>, Status>> + Send>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let (via, handler) = (self.via, self.handler.take());
        Box::pin(async move {
            let (_, extensions, body) = request.into_parts();
            // Compressed bytes were paid for as they came; what they unpack to is paid for here.
            if let Some(ticket) = extensions.get::<Arc<Ticket>>() {
                ticket.grow(body.len()).map_err(|full| refuse(via, full.into()))?;
            }
            let handler = handler.ok_or_else(|| Status::internal("a call has one message"))?;
            let answer = handler(body).await.map_err(|error| refuse(via, error))?;
            Ok(tonic::Response::new(answer))
        })
    }
}

/// The status of a refusal, which is counted where the intake has not counted its spans.
fn refuse(via: Transport, error: IntakeError) -> Status {
    if !matches!(error, IntakeError::Storage(_)) {
        via.count_refused_request();
    }
    status(error)
}

pub(super) fn status(error: IntakeError) -> Status {
    match error {
        IntakeError::Full(full) => error::retry_later(Code::ResourceExhausted, full.to_string()),
        IntakeError::Malformed(malformed) => Status::invalid_argument(malformed.to_string()),
        IntakeError::Undecodable(error) => Status::invalid_argument(error.to_string()),
        IntakeError::Storage(storage) => error::grpc_status(&storage),
    }
}

struct EncodedCodec<R>(PhantomData<R>);

struct Half<R>(PhantomData<R>);

impl<R: Message + 'static> Codec for EncodedCodec<R> {
    type Encode = R;
    type Decode = Bytes;
    type Encoder = Half<R>;
    type Decoder = Half<R>;

    fn encoder(&mut self) -> Half<R> {
        Half(PhantomData)
    }

    fn decoder(&mut self) -> Half<R> {
        Half(PhantomData)
    }
}

impl<R: Message> Encoder for Half<R> {
    type Item = R;
    type Error = Status;

    fn encode(&mut self, item: R, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(target).map_err(|error| Status::internal(error.to_string()))
    }
}

impl<R> Decoder for Half<R> {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}

/// A body whose errors are gRPC statuses.
struct StatusBody<B> {
    inner: MeteredBody<B>,
    via: Transport,
}

impl<B> http_body::Body for StatusBody<B>
where
    MeteredBody<B>: http_body::Body<Data = Bytes, Error = MeteredBodyError> + Unpin,
    B: Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        let via = self.via;
        Pin::new(&mut self.inner).poll_frame(context).map_err(|error| match error {
            MeteredBodyError::Full(full) => refuse(via, full.into()),
            MeteredBodyError::Read(_) => Status::cancelled(error.to_string()),
            MeteredBodyError::Stalled => Status::deadline_exceeded(error.to_string()),
        })
    }
}
