//! Whatever the bytes are: no panic, and what they are translated to is OTLP that is not much longer. The first byte chooses
//! the format.
#![no_main]

use jqs_collector::{
    model::SpanBatch,
    receiver::{Format, jaeger::udp::Encoding, zipkin::Version},
};
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 8] = [
    Format::JaegerBatch,
    Format::JaegerCall(Encoding::Compact),
    Format::JaegerCall(Encoding::Binary),
    Format::JaegerProto,
    Format::ZipkinJson(Version::V1),
    Format::ZipkinJson(Version::V2),
    Format::ZipkinThrift,
    Format::ZipkinProto,
];
/// What a byte may become at most, and a request with one span beside that.
const GROWTH_MAX: usize = 16;
const SPAN_BYTES: usize = 256;

fuzz_target!(|bytes: &[u8]| {
    let Some((format, body)) = bytes.split_first() else { return };
    let format = FORMATS[usize::from(*format) % FORMATS.len()];
    let Ok(translated) = format.translate(body) else { return };
    assert!(translated.len() <= GROWTH_MAX * body.len() + SPAN_BYTES, "{} became {}", body.len(), translated.len());
    let batch = SpanBatch::parse(translated).expect("what is translated is OTLP");
    assert_eq!(batch.rejected(), 0, "spans without ids are left out before");
    batch.decode().expect("what is translated can be decoded");
});
