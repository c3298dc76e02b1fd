//! The one type of the module of this name that the validator's data crate uses.

use crate::{NEEDED, part};
use std::io::{self, Cursor, Read};
use zstd::bulk::Decompressor;

#[derive(Debug)]
pub struct StreamingDecoder<'a> {
    packed: &'a [u8],
    /// For whoever reads in pieces.
    unpacked: Option<Cursor<Vec<u8>>>,
}

impl<'a> StreamingDecoder<'a> {
    /// What is broken shows when it is read.
    pub fn new(packed: &'a [u8]) -> io::Result<Self> {
        Ok(Self { packed, unpacked: None })
    }

    fn unpack(&self, buffer: &mut Vec<u8>) -> io::Result<()> {
        if Decompressor::new()?.decompress_to_buffer(self.packed, buffer).is_err() {
            // There is less room than it needs, or it is broken.
            *buffer = zstd::stream::decode_all(self.packed)?;
        }
        if let Some(part) = NEEDED.get().and_then(|needed| part::of(buffer, needed)) {
            *buffer = part;
        }
        Ok(())
    }
}

impl Read for StreamingDecoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unpacked.is_none() {
            let mut unpacked = Vec::new();
            self.unpack(&mut unpacked)?;
            self.unpacked = Some(Cursor::new(unpacked));
        }
        self.unpacked.as_mut().map_or(Ok(0), |unpacked| unpacked.read(buffer))
    }

    /// The data crate knows how long a document is and has made room for it: unpacked in one step, nothing is copied.
    fn read_to_end(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let before = buffer.len();
        match &mut self.unpacked {
            None if before == 0 => {
                self.unpack(buffer)?;
                self.unpacked = Some(Cursor::default());
            }
            Some(unpacked) => return unpacked.read_to_end(buffer),
            None => {
                let mut unpacked = Vec::new();
                self.unpack(&mut unpacked)?;
                self.unpacked = Some(Cursor::default());
                buffer.append(&mut unpacked);
            }
        }
        Ok(buffer.len() - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_comes_out_whole_or_in_pieces() {
        let text = "a document ".repeat(5_000);
        let packed = zstd::stream::encode_all(text.as_bytes(), 9).expect("packed");
        let decoder = || StreamingDecoder::new(&packed).expect("a decoder");
        for room in [0, 10, text.len()] {
            let mut whole = Vec::with_capacity(room);
            assert_eq!(decoder().read_to_end(&mut whole).expect("read"), text.len());
            assert!(whole == text.as_bytes(), "{room}");
        }
        let mut pieces = decoder();
        let mut unpacked = vec![0; 10];
        pieces.read_exact(&mut unpacked).expect("a piece");
        assert_eq!(pieces.read_to_end(&mut unpacked).expect("the rest"), text.len() - 10);
        assert!(unpacked == text.as_bytes());
        let mut behind = b"before ".to_vec();
        assert_eq!(decoder().read_to_end(&mut behind).expect("read"), text.len());
        assert!(behind.starts_with(b"before a document"));
    }

    #[test]
    fn what_is_broken_is_an_error() {
        let packed = zstd::stream::encode_all(&b"a document"[..], 9).expect("packed");
        for broken in [&b"not packed"[..], &packed[..packed.len() - 1]] {
            let read = StreamingDecoder::new(broken).and_then(|mut decoder| decoder.read_to_end(&mut Vec::new()));
            assert!(read.is_err(), "{read:?}");
        }
    }
}
