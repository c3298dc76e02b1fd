//! Every encoding of spans beside OTLP's own, and its translation.

use bytes::Bytes;

use super::{
    DecodeError,
    jaeger::{self, udp::Encoding},
    thrift::{Protocol, Reader},
    zipkin::{self, Version},
};
use crate::model::BatchWriter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `Batch` of `jaeger.thrift`, in the binary protocol.
    JaegerBatch,
    /// A call of `agent.thrift`.
    JaegerCall(Encoding),
    /// `PostSpansRequest` of Jaeger's `collector.proto`.
    JaegerProto,
    ZipkinJson(Version),
    /// `list<Span>` of `zipkincore.thrift`, in the binary protocol.
    ZipkinThrift,
    /// `ListOfSpans` of `zipkin.proto`.
    ZipkinProto,
}

impl Format {
    /// An encoded `ExportTraceServiceRequest` of OTLP, with the same spans.
    pub fn translate(self, body: &[u8]) -> Result<Bytes, DecodeError> {
        self.read(body, false).map(BatchWriter::finish)
    }

    /// With `is_debug` all spans are such as somebody wants whatever sampling says, which Zipkin's clients say by a header.
    pub(super) fn read(self, body: &[u8], is_debug: bool) -> Result<BatchWriter, DecodeError> {
        let mut batch = BatchWriter::default();
        match self {
            Self::JaegerBatch => jaeger::read_batch(&mut Reader::new(Protocol::Binary, body), &mut batch)?,
            Self::JaegerCall(encoding) => {
                jaeger::read_call(&mut Reader::new(encoding.protocol(), body), &mut batch)?;
            }
            Self::JaegerProto => jaeger::read_request(body, &mut batch)?,
            Self::ZipkinJson(version) => zipkin::read_json(body, version, is_debug, &mut batch)?,
            Self::ZipkinThrift => zipkin::read_thrift(&mut Reader::new(Protocol::Binary, body), is_debug, &mut batch)?,
            Self::ZipkinProto => zipkin::read_proto(body, is_debug, &mut batch)?,
        }
        Ok(batch)
    }
}
