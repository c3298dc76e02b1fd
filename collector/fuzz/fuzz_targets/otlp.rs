//! Whatever the bytes are: no panic, and what is taken can be decoded.
#![no_main]

use jqs_collector::model::SpanBatch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(batch) = SpanBatch::parse(bytes.to_vec().into()) else { return };
    batch.decode().expect("what is taken can be decoded");
});
