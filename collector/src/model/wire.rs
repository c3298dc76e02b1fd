//! A cursor over the protobuf wire format (<https://protobuf.dev/programming-guides/encoding/>).
//!
//! The receivers must know that a body is well formed and where its spans lie, and nothing else; building every attribute
//! as an object only to encode it again is most of what a collector spends. So the body is walked, not decoded.

use std::ops::Range;

use super::attribute::is_plain_attribute;

/// How deep attribute values may nest (`AnyValue` in `ArrayValue` or `KeyValueList`). Each level is up to three messages deep, and
/// prost, which decodes on the way out, follows 100.
pub(super) const DEFAULT_VALUE_DEPTH_MAX: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("the message ends in the middle of a field")]
    Truncated,
    #[error("a variable-length integer has more than 10 bytes")]
    Varint,
    #[error("field {0} has wire type {1}, which its definition does not allow")]
    WireType(u32, u8),
    #[error("a field has the number 0 or one above the maximum")]
    FieldNumber,
    #[error("a string is not UTF-8")]
    Utf8,
    #[error("values are nested deeper than {DEFAULT_VALUE_DEPTH_MAX} levels")]
    Depth,
}

/// One field of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32,
    Bytes(Slice<'a>),
}

/// Part of a buffer, with where it starts in the whole body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offset: usize,
}

impl<'a> Slice<'a> {
    pub(super) fn range(&self) -> Range<u32> {
        self.offset as u32..(self.offset + self.bytes.len()) as u32
    }

    pub(crate) fn text(&self) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.bytes).map_err(|_| WireError::Utf8)
    }
}

/// Reads the fields of one message in turn.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    base: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(slice: Slice<'a>) -> Self {
        Self { bytes: slice.bytes, at: 0, base: slice.offset }
    }

    /// Where the next field begins, from the start of the message.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The next field's number and value; `None` at the end.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Field<'a>)>, WireError> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = (tag >> 3) as u32;
        if number == 0 || tag > u64::from(u32::MAX) {
            return Err(WireError::FieldNumber);
        }
        let field = match (tag & 7) as u8 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| WireError::Truncated)?;
                let start = self.at;
                let end = start.checked_add(len).filter(|end| *end <= self.bytes.len()).ok_or(WireError::Truncated)?;
                self.at = end;
                Field::Bytes(Slice { bytes: &self.bytes[start..end], offset: self.base + start })
            }
            5 => self.array::<4>().map(|_| Field::Fixed32)?,
            wire_type => return Err(WireError::WireType(number, wire_type)),
        };
        Ok(Some((number, field)))
    }

    #[inline(always)]
    fn varint(&mut self) -> Result<u64, WireError> {
        // Most are small.
        if let Some(byte @ 0..0x80) = self.bytes.get(self.at) {
            self.at += 1;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    #[cold]
    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(WireError::Truncated)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                // The tenth byte holds the 64th bit alone.
                return if shift == 63 && byte > 1 { Err(WireError::Varint) } else { Ok(value) };
            }
        }
        Err(WireError::Varint)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let bytes = self.bytes.get(self.at..self.at + N).ok_or(WireError::Truncated)?;
        self.at += N;
        bytes.try_into().map_err(|_| WireError::Truncated)
    }
}

/// What a field may hold, for checking messages of which nothing is kept.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Varint,
    Fixed64,
    Fixed32,
    Text,
    Blob,
    Message(&'static [(u32, Shape)]),
    /// `AnyValue`, which may hold itself.
    AnyValue,
}

pub(super) const KEY_VALUE: &[(u32, Shape)] = &[(1, Shape::Text), (2, Shape::AnyValue)];
const ARRAY_VALUE: &[(u32, Shape)] = &[(1, Shape::AnyValue)];
const KEY_VALUE_LIST: &[(u32, Shape)] = &[(1, Shape::Message(KEY_VALUE))];
const ANY_VALUE: &[(u32, Shape)] = &[
    (1, Shape::Text),
    (2, Shape::Varint),
    (3, Shape::Varint),
    (4, Shape::Fixed64),
    (5, Shape::Message(ARRAY_VALUE)),
    (6, Shape::Message(KEY_VALUE_LIST)),
    (7, Shape::Blob),
];

/// Checks one field against what its number may hold; a number that is not listed is from a newer version and passes.
pub(super) fn check_field(
    shapes: &[(u32, Shape)],
    number: u32,
    field: Field<'_>,
    depth: usize,
) -> Result<(), WireError> {
    let Some((_, shape)) = shapes.iter().find(|(listed, _)| *listed == number) else { return Ok(()) };
    match (shape, field) {
        (Shape::Varint, Field::Varint(_)) | (Shape::Fixed64, Field::Fixed64(_)) | (Shape::Fixed32, Field::Fixed32) => {
            Ok(())
        }
        (Shape::Blob, Field::Bytes(_)) => Ok(()),
        (Shape::Text, Field::Bytes(slice)) => slice.text().map(|_| ()),
        (Shape::Message(inner), Field::Bytes(slice)) => check_message(inner, slice, depth),
        (Shape::AnyValue, Field::Bytes(slice)) => check_message(ANY_VALUE, slice, depth + 1),
        (_, field) => Err(WireError::WireType(number, field.wire_type())),
    }
}

/// Checks a `KeyValue`.
pub(super) fn check_attribute(slice: Slice<'_>) -> Result<(), WireError> {
    if is_plain_attribute(slice.bytes) { Ok(()) } else { check_message(KEY_VALUE, slice, 0) }
}

pub(super) fn check_message(shapes: &[(u32, Shape)], slice: Slice<'_>, depth: usize) -> Result<(), WireError> {
    if depth > DEFAULT_VALUE_DEPTH_MAX {
        return Err(WireError::Depth);
    }
    let mut cursor = Cursor::new(slice);
    while let Some((number, field)) = cursor.next()? {
        check_field(shapes, number, field, depth)?;
    }
    Ok(())
}

impl Field<'_> {
    pub(super) fn wire_type(&self) -> u8 {
        match self {
            Self::Varint(_) => 0,
            Self::Fixed64(_) => 1,
            Self::Bytes(_) => 2,
            Self::Fixed32 => 5,
        }
    }
}
