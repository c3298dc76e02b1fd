//! What every receiver does once it has a body: check it, store it, count it.

use std::sync::Arc;

use bytes::Bytes;
use metrics::counter;

use super::{Admission, AdmissionFull, DecodeError};
use crate::{
    model::{BatchError, BatchWriter, SpanBatch},
    storage::{StorageError, TraceWriter},
};

/// The size of one request after decompression.
pub const DEFAULT_REQUEST_BYTES_MAX: usize = 20 << 20;

/// The way from a receiver to the storage.
#[derive(Clone)]
pub struct Intake {
    writer: Arc<dyn TraceWriter>,
    pub admission: Arc<Admission>,
    pub request_bytes_max: usize,
}

/// The labels under which a receiver counts.
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    pub receiver: &'static str,
    pub transport: &'static str,
}

/// What became of a batch that was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Spans without a valid trace or span id, which are not stored.
    pub rejected_spans: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error(transparent)]
    Full(#[from] AdmissionFull),
    #[error(transparent)]
    Malformed(#[from] BatchError),
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Intake {
    pub fn new(writer: Arc<dyn TraceWriter>, admission: Arc<Admission>, request_bytes_max: usize) -> Self {
        Self { writer, admission, request_bytes_max }
    }

    /// Stores an encoded OTLP request. `Ok` means that the storage has every span that is not counted as rejected.
    pub async fn submit_encoded(&self, body: Bytes, via: Transport) -> Result<Accepted, IntakeError> {
        self.submit(SpanBatch::parse(body)?, via).await
    }

    /// Stores spans that came by another protocol.
    pub(super) async fn submit_written(&self, batch: BatchWriter, via: Transport) -> Result<Accepted, IntakeError> {
        let rejected = batch.rejected();
        self.store(SpanBatch::parse(batch.finish())?, rejected, via).await
    }

    pub async fn submit(&self, batch: SpanBatch, via: Transport) -> Result<Accepted, IntakeError> {
        let rejected = batch.rejected();
        self.store(batch, rejected, via).await
    }

    async fn store(&self, batch: SpanBatch, rejected_spans: usize, via: Transport) -> Result<Accepted, IntakeError> {
        let Transport { receiver, transport } = via;
        let spans = batch.spans().len();
        let mut outcome = Ok(());
        if spans > 0 {
            outcome = self.writer.write(batch).await;
        }
        let (accepted, refused) = if outcome.is_ok() { (spans, rejected_spans) } else { (0, spans + rejected_spans) };
        counter!("otelcol_receiver_accepted_spans", "receiver" => receiver, "transport" => transport)
            .increment(accepted as u64);
        counter!("otelcol_receiver_refused_spans", "receiver" => receiver, "transport" => transport)
            .increment(refused as u64);
        if let Err(error) = &outcome {
            tracing::warn!(error = error as &dyn std::error::Error, spans, "spans refused");
        }
        outcome?;
        Ok(Accepted { rejected_spans })
    }
}

impl Transport {
    /// Counts a request that was turned away before anyone knew how many spans it had.
    pub(super) fn count_refused_request(self) {
        let Self { receiver, transport } = self;
        counter!("jqs_receiver_refused_requests", "receiver" => receiver, "transport" => transport).increment(1);
    }
}
