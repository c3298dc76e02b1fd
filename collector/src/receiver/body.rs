//! The body of an HTTP request, read under the limits and unpacked.
//!
//! `Content-Encoding`: none, `gzip`, `zstd` (RFC 8878), `deflate` and `zlib` (both RFC 1950), `snappy` (blocks or the framing format)
//! and `x-snappy-framed`.

use std::{
    io::{self, Read},
    sync::Arc,
};

use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use tonic::Code;

use super::{
    AdmissionFull, Intake, Ticket,
    metered_body::{MeteredBody, MeteredBodyError},
};

/// Unpacked bytes are paid for in steps of this size.
const UNPACK_STEP_BYTES: usize = 64 << 10;
/// Memory that a zstd frame may ask for, as a power of two: what RFC 8878 recommends to support.
pub const DEFAULT_ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// What the framing format of snappy begins with.
const SNAPPY_STREAM: &[u8] = b"\xff\x06\x00\x00sNaPpY";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Plain,
    Gzip,
    Zlib,
    Zstd,
    Snappy,
}

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error(
        "`Content-Encoding: {0}` is not supported; send the body plain or with `gzip`, `zstd`, `deflate`, `zlib` or `snappy`"
    )]
    ContentEncoding(String),
    #[error("the body has more than {0} bytes after decompression; send smaller batches")]
    TooLarge(usize),
    #[error("the body is not valid {0}: {1}")]
    Packed(&'static str, io::Error),
    #[error("the body broke off")]
    Read,
    #[error("nothing of the body came for too long")]
    Stalled,
    #[error(transparent)]
    Full(#[from] AdmissionFull),
}

impl BodyError {
    pub(super) fn http_status(&self) -> StatusCode {
        match self {
            Self::ContentEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Packed(..) | Self::Read => StatusCode::BAD_REQUEST,
            Self::Stalled => StatusCode::REQUEST_TIMEOUT,
            Self::Full(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn grpc_code(&self) -> Code {
        match self {
            Self::Full(_) => Code::ResourceExhausted,
            Self::Stalled => Code::DeadlineExceeded,
            _ => Code::InvalidArgument,
        }
    }
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, BodyError> {
        Ok(match headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
            None | Some(b"" | b"identity") => Self::Plain,
            Some(b"gzip") => Self::Gzip,
            Some(b"deflate" | b"zlib") => Self::Zlib,
            Some(b"zstd") => Self::Zstd,
            Some(b"snappy" | b"x-snappy-framed") => Self::Snappy,
            Some(other) => return Err(BodyError::ContentEncoding(String::from_utf8_lossy(other).into_owned())),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "identity",
            Self::Gzip => "gzip",
            Self::Zlib => "deflate",
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
        }
    }
}

/// The whole body, unpacked, and the ticket that has paid for it.
pub(super) async fn read(intake: &Intake, request: Request) -> Result<(Bytes, Arc<Ticket>), BodyError> {
    let ticket = Arc::new(intake.admission.ticket());
    let encoding = Encoding::of(request.headers())?;
    let max = intake.request_bytes_max;
    let body = read_packed(MeteredBody::new(request.into_body(), ticket.clone()), max).await?;
    let body = match encoding {
        Encoding::Plain => body,
        packed => unpack(packed, &body, max, &ticket)?,
    };
    Ok((body, ticket))
}

async fn read_packed(mut body: MeteredBody<axum::body::Body>, max: usize) -> Result<Bytes, BodyError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error {
            MeteredBodyError::Full(full) => full.into(),
            MeteredBodyError::Stalled => BodyError::Stalled,
            MeteredBodyError::Read(_) => BodyError::Read,
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > max {
            return Err(BodyError::TooLarge(max));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn unpack(encoding: Encoding, packed: &[u8], max: usize, ticket: &Ticket) -> Result<Bytes, BodyError> {
    let fail = |error| BodyError::Packed(encoding.name(), error);
    match encoding {
        Encoding::Plain => unpack_from(packed, encoding, max, ticket),
        Encoding::Gzip => unpack_from(MultiGzDecoder::new(packed), encoding, max, ticket),
        Encoding::Zlib => unpack_from(ZlibDecoder::new(packed), encoding, max, ticket),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(fail)?;
            decoder.window_log_max(DEFAULT_ZSTD_WINDOW_LOG_MAX).map_err(fail)?;
            unpack_from(decoder, encoding, max, ticket)
        }
        Encoding::Snappy if packed.starts_with(SNAPPY_STREAM) => {
            unpack_from(snap::read::FrameDecoder::new(packed), encoding, max, ticket)
        }
        Encoding::Snappy => {
            let fail = |error: snap::Error| fail(error.into());
            let len = snap::raw::decompress_len(packed).map_err(fail)?;
            if len > max {
                return Err(BodyError::TooLarge(max));
            }
            ticket.grow(len)?;
            Ok(snap::raw::Decoder::new().decompress_vec(packed).map_err(fail)?.into())
        }
    }
}

fn unpack_from(mut packed: impl Read, encoding: Encoding, max: usize, ticket: &Ticket) -> Result<Bytes, BodyError> {
    let mut whole = Vec::new();
    loop {
        ticket.grow(UNPACK_STEP_BYTES)?;
        let step = (&mut packed).take(UNPACK_STEP_BYTES as u64).read_to_end(&mut whole);
        let step = step.map_err(|error| BodyError::Packed(encoding.name(), error))?;
        if whole.len() > max {
            return Err(BodyError::TooLarge(max));
        }
        if step < UNPACK_STEP_BYTES {
            return Ok(whole.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::receiver::Admission;

    const MAX: usize = 1 << 20;

    fn packed(encoding: Encoding, content: &[u8]) -> Vec<u8> {
        match encoding {
            Encoding::Plain => content.to_vec(),
            Encoding::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(content).expect("packs");
                encoder.finish().expect("packs")
            }
            Encoding::Zlib => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(content).expect("packs");
                encoder.finish().expect("packs")
            }
            Encoding::Zstd => zstd::encode_all(content, 1).expect("packs"),
            Encoding::Snappy => snap::raw::Encoder::new().compress_vec(content).expect("packs"),
        }
    }

    const ALL: [Encoding; 4] = [Encoding::Gzip, Encoding::Zlib, Encoding::Zstd, Encoding::Snappy];

    #[test]
    fn every_encoding_is_unpacked_up_to_the_limit_and_no_further() {
        for encoding in ALL {
            let admission = Admission::new(8 * MAX);
            let content: Vec<u8> = (0..MAX).map(|at| (at / 7) as u8).collect();
            let unpacked = unpack(encoding, &packed(encoding, &content), MAX, &admission.ticket());
            assert_eq!(unpacked.expect("unpacked"), content, "{encoding:?}");
            let bomb = packed(encoding, &vec![0; 64 * MAX]);
            let ticket = admission.ticket();
            let error = unpack(encoding, &bomb, MAX, &ticket).expect_err("a bomb");
            assert!(matches!(error, BodyError::TooLarge(_)), "{encoding:?}: {error}");
            assert!(admission.used() <= 2 * MAX, "{encoding:?} held {}", admission.used());
            let error = unpack(encoding, &packed(encoding, &content)[..64], MAX, &ticket).expect_err("a broken one");
            assert!(matches!(error, BodyError::Packed(..)), "{encoding:?}: {error}");
        }
    }

    #[test]
    fn unpacking_is_paid_for() {
        for encoding in ALL {
            let admission = Admission::new(MAX / 2);
            let error = unpack(encoding, &packed(encoding, &vec![0; MAX]), MAX, &admission.ticket()).expect_err("full");
            assert!(matches!(error, BodyError::Full(_)), "{encoding:?}: {error}");
        }
    }

    #[test]
    fn both_forms_of_snappy_are_read_under_either_name() {
        let mut encoder = snap::write::FrameEncoder::new(Vec::new());
        encoder.write_all(b"spans").expect("packs");
        let framed = encoder.into_inner().expect("packs");
        let admission = Admission::new(MAX);
        for bytes in [framed, packed(Encoding::Snappy, b"spans")] {
            let unpacked = unpack(Encoding::Snappy, &bytes, MAX, &admission.ticket());
            assert_eq!(unpacked.expect("unpacked"), &b"spans"[..]);
        }
    }

    #[test]
    fn a_frame_may_not_ask_for_much_memory() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
        encoder.window_log(DEFAULT_ZSTD_WINDOW_LOG_MAX + 1).expect("a window");
        encoder.write_all(b"spans").expect("packs");
        let bytes = encoder.finish().expect("packs");
        let error = unpack(Encoding::Zstd, &bytes, MAX, &Admission::new(MAX).ticket()).expect_err("too large a window");
        assert!(matches!(error, BodyError::Packed("zstd", _)), "{error}");
    }
}
