//! A request body that pays for its bytes as they arrive.

use std::{
    error::Error as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use http_body::{Body, Frame, SizeHint};

use super::{AdmissionFull, Ticket};

pub(super) struct MeteredBody<B> {
    inner: B,
    ticket: Arc<Ticket>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum MeteredBodyError {
    #[error(transparent)]
    Full(#[from] AdmissionFull),
    #[error("the request body broke off")]
    Read(#[source] axum::Error),
    #[error("nothing of the request body came for too long")]
    Stalled,
}

impl From<axum::Error> for MeteredBodyError {
    fn from(error: axum::Error) -> Self {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let stalled = causes.into_iter().any(|cause| cause.is::<tower_http::timeout::TimeoutError>());
        if stalled { Self::Stalled } else { Self::Read(error) }
    }
}

impl<B> MeteredBody<B> {
    pub(super) fn new(inner: B, ticket: Arc<Ticket>) -> Self {
        Self { inner, ticket }
    }
}

impl<B: Body<Data = Bytes, Error = axum::Error> + Unpin> Body for MeteredBody<B> {
    type Data = Bytes;
    type Error = MeteredBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, MeteredBodyError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(context)) else { return Poll::Ready(None) };
        let frame = frame.map_err(MeteredBodyError::from)?;
        if let Some(data) = frame.data_ref() {
            self.ticket.grow(data.remaining())?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
