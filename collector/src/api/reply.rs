//! Answers that both HTTP APIs give.

use std::{
    collections::VecDeque,
    fmt::Display,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse as _, Response},
};
use http_body::Frame;
use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{
    compact::{self, Compact, Sink},
    params::DEFAULT_QUERY_STRING_MAX_BYTES,
};

/// A body is written into a buffer that starts at this size.
const DEFAULT_BODY_CAPACITY_BYTES: usize = 4 << 10;
/// A long body is sent in pieces of this size, and of what the last value goes beyond it.
const DEFAULT_PIECE_BYTES: usize = 64 << 10;
/// What Jaeger's `prettyPrint` indents by.
const INDENT: &[u8] = b"    ";

/// An answer in JSON that is short.
pub(super) fn json(value: &impl Serialize, pretty: bool) -> Response {
    let mut body = Vec::with_capacity(DEFAULT_BODY_CAPACITY_BYTES);
    match write_json(&mut body, value, pretty) {
        Ok(()) => json_body(Body::from(body)),
        Err(error) => not_written(error),
    }
}

pub(super) fn write_json(into: &mut impl Sink, value: &impl Serialize, pretty: bool) -> Result<(), compact::Error> {
    if pretty {
        let formatter = PrettyFormatter::with_indent(INDENT);
        value.serialize(&mut serde_json::Serializer::with_formatter(into.buffer(), formatter))?;
    } else {
        value.serialize(Compact(into))?;
    }
    Ok(())
}

fn json_body(body: Body) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

fn not_written(error: impl Display) -> Response {
    plain(StatusCode::INTERNAL_SERVER_ERROR, format!("the answer could not be written: {error}"))
}

/// A failure in JSON, which Jaeger declares as plain text.
pub(super) fn json_failure(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(body) => plain(status, body),
        Err(error) => not_written(error),
    }
}

pub(super) fn not_found() -> Response {
    plain(StatusCode::NOT_FOUND, "404 page not found".into())
}

pub(super) fn query_too_long() -> Response {
    let text = format!("the query string is longer than {DEFAULT_QUERY_STRING_MAX_BYTES} bytes");
    plain(StatusCode::URI_TOO_LONG, text)
}

pub(super) fn plain(status: StatusCode, mut text: String) -> Response {
    text.push('\n');
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, Body::from(text)).into_response()
}

/// An answer in JSON that may be long: written away from the threads that serve connections, and sent while it is written.
pub(super) async fn json_in_background<T: Send + 'static>(
    source: T,
    write: impl FnOnce(&T, &mut Pieces) -> Result<(), compact::Error> + Send + 'static,
) -> Response {
    let (sender, mut pieces) = unbounded_channel();
    tokio::task::spawn_blocking(move || {
        let mut body = Pieces { piece: Vec::with_capacity(DEFAULT_BODY_CAPACITY_BYTES), sender };
        let written = write(&source, &mut body).map_err(io::Error::from);
        // Before the source is dropped, which takes its time for a long trace.
        body.end(written);
    });
    match (pieces.recv().await, pieces.recv().await) {
        (Some(Ok(whole)), None) => json_body(Body::from(whole)),
        (Some(Ok(first)), Some(second)) => {
            json_body(Body::new(BodyOfPieces { first: [Ok(first), second].into(), pieces }))
        }
        (Some(Err(error)), _) => not_written(error),
        (None, _) => not_written("it broke off"),
    }
}

/// A body that is being written. It goes on at its own pace and not the client's, who so holds up no thread; it ends early once the
/// client has gone.
pub(super) struct Pieces {
    piece: Vec<u8>,
    sender: UnboundedSender<io::Result<Bytes>>,
}

impl Pieces {
    fn send(&mut self) -> io::Result<()> {
        let piece =
            std::mem::replace(&mut self.piece, Vec::with_capacity(DEFAULT_PIECE_BYTES + DEFAULT_BODY_CAPACITY_BYTES));
        self.sender.send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn end(mut self, written: io::Result<()>) {
        // Nobody is there to be told when the client has gone.
        let _ = match written {
            Ok(()) => self.send(),
            Err(error) => self.sender.send(Err(error)).map_err(|_| io::ErrorKind::BrokenPipe.into()),
        };
    }
}

impl Sink for Pieces {
    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.piece
    }

    fn pass_on(&mut self) -> io::Result<()> {
        if self.piece.len() < DEFAULT_PIECE_BYTES { Ok(()) } else { self.send() }
    }
}

struct BodyOfPieces {
    first: VecDeque<io::Result<Bytes>>,
    pieces: UnboundedReceiver<io::Result<Bytes>>,
}

impl http_body::Body for BodyOfPieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = match self.first.pop_front() {
            Some(piece) => Some(piece),
            None => ready!(self.pieces.poll_recv(context)),
        };
        Poll::Ready(next.map(|piece| piece.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde::ser::{Error as _, SerializeSeq as _};

    use super::*;

    /// Numbers, and then nothing that can be written.
    struct Broken(usize);

    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut list = serializer.serialize_seq(None)?;
            for number in 0..self.0 {
                list.serialize_element(&number)?;
            }
            Err(S::Error::custom("no more of it"))
        }
    }

    async fn answer(value: impl Serialize + Send + 'static) -> Response {
        json_in_background(value, |value, body| write_json(body, value, false)).await
    }

    #[tokio::test]
    async fn a_short_answer_has_a_length_and_a_long_one_comes_in_pieces() {
        for count in [0, 3, 100_000] {
            let numbers: Vec<usize> = (0..count).collect();
            let expected = serde_json::to_vec(&numbers).expect("JSON");
            let body = answer(numbers).await.into_body();
            let exact = http_body::Body::size_hint(&body).exact();
            assert_eq!(exact, (expected.len() < DEFAULT_PIECE_BYTES).then_some(expected.len() as u64), "{count}");
            assert!(body.collect().await.expect("a body").to_bytes() == expected, "{count}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_a_failure_or_breaks_off_but_never_looks_whole() {
        let early = answer(Broken(3)).await;
        assert_eq!(early.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let late = answer(Broken(100_000)).await;
        assert_eq!(late.status(), StatusCode::OK);
        let error = late.into_body().collect().await.expect_err("the body broke off").to_string();
        assert!(error.contains("no more of it"), "{error}");
    }

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        let answer = json_in_background((), |(), _| panic!("on purpose")).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[tokio::test]
    async fn writing_ends_when_the_client_has_gone() {
        let (sender, receiver) = unbounded_channel();
        drop(receiver);
        let mut body = Pieces { piece: Vec::new(), sender };
        let numbers: Vec<usize> = (0..100_000).collect();
        let error = write_json(&mut body, &numbers, false).expect_err("nobody reads it");
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::BrokenPipe);
    }
}
