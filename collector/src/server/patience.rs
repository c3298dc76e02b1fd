//! A connection that loses patience: with a client that does not say what it wants, and with one that does not read what it is sent.
//!
//! HTTP/1's own timeout of the head begins only when it is certain that the client does not speak HTTP/2.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// What an HTTP/2 client begins with (RFC 9113, section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) struct Patient<S> {
    stream: S,
    stall_max: Duration,
    opening: Option<Opening>,
    /// When the client must have read something, where it is waited for.
    writing: Option<Pin<Box<Sleep>>>,
}

/// Until it is known what the client speaks.
struct Opening {
    read: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Opening {
    /// Whether it is still open what follows.
    fn goes_on(&mut self, bytes: &[u8]) -> bool {
        let rest = &HTTP2_PREFACE[self.read..];
        self.read += bytes.len();
        !bytes.is_empty() && rest.starts_with(bytes) && self.read < HTTP2_PREFACE.len()
    }
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, stall_max: Duration) -> Self {
        let opening = Some(Opening { read: 0, deadline: Box::pin(sleep(stall_max)) });
        Self { stream, stall_max, opening, writing: None }
    }

    fn wrote<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing = None;
            return written;
        }
        let stall_max = self.stall_max;
        let deadline = self.writing.get_or_insert_with(|| Box::pin(sleep(stall_max)));
        deadline.as_mut().poll(context).map(|()| Err(stalled("read what it was sent")))
    }
}

fn stalled(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the client did not {what} in time"))
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        let Some(opening) = &mut self.opening else { return read };
        if read.is_pending() {
            return opening.deadline.as_mut().poll(context).map(|()| Err(stalled("begin a request")));
        }
        if !opening.goes_on(&into.filled()[before..]) {
            self.opening = None;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.wrote(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.wrote(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(context);
        self.wrote(context, ended)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const STALL_MAX: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn a_client_that_does_not_say_what_it_speaks_is_left() {
        for beginning in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r"] {
            let (mut client, server) = tokio::io::duplex(64);
            client.write_all(beginning).await.expect("room");
            let mut read = Vec::new();
            let error = Patient::new(server, STALL_MAX).read_to_end(&mut read).await.expect_err("no patience");
            assert_eq!((error.kind(), &read[..]), (io::ErrorKind::TimedOut, beginning));
        }
    }

    #[tokio::test]
    async fn what_comes_after_the_beginning_may_take_its_time() {
        for beginning in [&b"PUT /"[..], b"\x16\x03", HTTP2_PREFACE] {
            let (mut client, server) = tokio::io::duplex(64);
            let mut server = Patient::new(server, STALL_MAX);
            let slow = async {
                client.write_all(beginning).await.expect("room");
                sleep(STALL_MAX * 3).await;
                client.write_all(b".").await.expect("room");
                drop(client);
            };
            let mut read = Vec::new();
            let (_, all) = tokio::join!(slow, server.read_to_end(&mut read));
            assert_eq!(all.expect("it is there still"), beginning.len() + 1);
        }
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_left_and_one_that_reads_slowly_is_not() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut server = Patient::new(server, STALL_MAX);
        let slow = async {
            let mut read = [0; 8];
            for _ in 0..24 {
                sleep(STALL_MAX / 10).await;
                client.read_exact(&mut read).await.expect("what was sent");
            }
        };
        let (_, written) = tokio::join!(slow, server.write_all(&[0; 192]));
        written.expect("it is read in time");
        let error = server.write_all(&[0; 192]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
