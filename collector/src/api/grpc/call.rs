//! One gRPC call: a message comes, and a stream of messages goes. On the wire a unary answer is a stream of one.

use std::{marker::PhantomData, pin::Pin};

use axum::response::Response;
use bytes::Buf as _;
use prost::Message;
use tonic::{
    Request, Status,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::tokio_stream::{self, Iter},
    server::{Grpc, ServerStreamingService},
};

/// The largest message that asks for something.
pub const DEFAULT_QUESTION_BYTES_MAX: usize = 1 << 20;

/// Answers with what `handler` makes of the message. What is left of it is dropped when the client goes.
pub(super) async fn answer<Q, A, I, F>(
    request: axum::extract::Request,
    handler: impl FnOnce(Q) -> F + Send + 'static,
) -> Response
where
    Q: Message + Default + 'static,
    A: Message + 'static,
    I: IntoIterator<Item = A, IntoIter: Send + 'static> + Send + 'static,
    F: Future<Output = Result<I, Status>> + Send + 'static,
{
    let mut grpc = Grpc::new(Messages::<Q, A>(PhantomData))
        .max_decoding_message_size(DEFAULT_QUESTION_BYTES_MAX)
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip);
    grpc.server_streaming(Call(Some(handler)), request).await.map(axum::body::Body::new)
}

/// There is one message in a call.
struct Call<H>(Option<H>);

impl<Q, A, I, F, H> ServerStreamingService<Q> for Call<H>
where
    Q: Message + 'static,
    A: Message + 'static,
    I: IntoIterator<Item = A, IntoIter: Send + 'static> + Send + 'static,
    F: Future<Output = Result<I, Status>> + Send + 'static,
    H: FnOnce(Q) -> F + Send + 'static,
{
    type Response = A;
    type ResponseStream = Iter<std::iter::Map<I::IntoIter, fn(A) -> Result<A, Status>>>;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Self::ResponseStream>, Status>> + Send>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let handler = self.0.take();
        Box::pin(async move {
            let handler = handler.ok_or_else(|| Status::internal("a call has one message"))?;
            let answers = handler(request.into_inner()).await?;
            Ok(tonic::Response::new(tokio_stream::iter(answers.into_iter().map(Ok as fn(A) -> _))))
        })
    }
}

struct Messages<Q, A>(PhantomData<(Q, A)>);

struct Half<M>(PhantomData<M>);

impl<Q: Message + Default + 'static, A: Message + 'static> Codec for Messages<Q, A> {
    type Encode = A;
    type Decode = Q;
    type Encoder = Half<A>;
    type Decoder = Half<Q>;

    fn encoder(&mut self) -> Half<A> {
        Half(PhantomData)
    }

    fn decoder(&mut self) -> Half<Q> {
        Half(PhantomData)
    }
}

impl<A: Message> Encoder for Half<A> {
    type Item = A;
    type Error = Status;

    fn encode(&mut self, item: A, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(target).map_err(|error| Status::internal(error.to_string()))
    }
}

impl<Q: Message + Default> Decoder for Half<Q> {
    type Item = Q;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Q>, Status> {
        let encoded = source.copy_to_bytes(source.remaining());
        Q::decode(encoded).map(Some).map_err(|error| Status::invalid_argument(format!("not a message: {error}")))
    }
}
