//! A layer on its way, and who wants to know how far it is.

use crate::image::Blob;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Small enough for a bar that moves, large enough to cost nothing.
const DEFAULT_PART_BYTES: usize = 64 * 1024;

/// What happens to a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It was there.
    Present {
        digest: String,
        size: u64,
    },
    /// So much of it is on its way; it begins anew where sending failed.
    Sending {
        digest: String,
        sent: u64,
        size: u64,
    },
    Sent {
        digest: String,
        size: u64,
    },
}

pub type Report = Arc<dyn Fn(Progress) + Send + Sync>;

/// The body of a request. Its length is known, so that it is not sent in chunks, which some registries do not take.
pub(super) struct Upload {
    digest: String,
    size: u64,
    rest: Bytes,
    report: Report,
}

impl Upload {
    pub(super) fn new(blob: &Blob, report: Report) -> Self {
        let descriptor = &blob.descriptor;
        Self { digest: descriptor.digest.clone(), size: descriptor.size, rest: blob.content.clone(), report }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(DEFAULT_PART_BYTES);
        let part = self.rest.split_to(length);
        let sent = self.size - self.rest.len() as u64;
        (self.report)(Progress::Sending { digest: self.digest.clone(), sent, size: self.size });
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
