//! A reader of Apache Thrift's two encodings (<https://github.com/apache/thrift/tree/master/doc/specs>: binary protocol, strict and
//! not, and compact protocol). It hands out what it finds where it lies and makes nothing, so that no length that a message
//! claims costs anything.

/// How deep structs and containers that nobody asked for may nest.
pub const DEFAULT_THRIFT_DEPTH_MAX: u32 = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Binary,
    Compact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThriftError {
    #[error("the message ends in the middle of a value")]
    Truncated,
    #[error("a length is negative or larger than the message")]
    Length,
    #[error("a type has the unknown number {0}")]
    Kind(u8),
    #[error("a variable-length integer has more than 10 bytes")]
    Varint,
    #[error("values are nested deeper than {DEFAULT_THRIFT_DEPTH_MAX} levels")]
    Depth,
    #[error("the message is not of the version that this reads")]
    Version,
    #[error("a list holds values of another type than its definition says")]
    Element,
    #[error("`{0}` is missing")]
    Missing(&'static str),
}

type Result<T> = std::result::Result<T, ThriftError>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Byte,
    I16,
    I32,
    I64,
    Double,
    Binary,
    Struct,
    Map,
    Set,
    List,
}

const BINARY_VERSION: u32 = 0x8001_0000;
const BINARY_VERSION_MASK: u32 = 0xffff_0000;
const COMPACT_ID: u8 = 0x82;
const COMPACT_VERSION: u8 = 1;
const COMPACT_VERSION_MASK: u8 = 0x1f;

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    protocol: Protocol,
    /// A boolean field of the compact protocol is in the field's own header.
    flag: Option<bool>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(protocol: Protocol, bytes: &'a [u8]) -> Self {
        Self { bytes, protocol, flag: None }
    }

    /// The header of a call; returns the name of the method. Its arguments follow, as a struct.
    pub(super) fn message(&mut self) -> Result<&'a [u8]> {
        match self.protocol {
            Protocol::Binary => {
                let head = self.word()?;
                if head & BINARY_VERSION_MASK == BINARY_VERSION {
                    let name = self.binary()?;
                    self.word()?;
                    return Ok(name);
                }
                // The older form begins with the name.
                let name = self.take(usize::try_from(head as i32).map_err(|_| ThriftError::Version)?)?;
                self.take(5)?;
                Ok(name)
            }
            Protocol::Compact => {
                let [id, version] = self.array()?;
                if id != COMPACT_ID || version & COMPACT_VERSION_MASK != COMPACT_VERSION {
                    return Err(ThriftError::Version);
                }
                self.varint()?;
                self.binary()
            }
        }
    }

    /// Reads a struct: `each` gets the number and the kind of every field, and has to read or to skip its value.
    pub(super) fn fields(&mut self, mut each: impl FnMut(&mut Self, i16, Kind) -> Result<()>) -> Result<()> {
        let mut last = 0;
        while let Some((id, kind)) = self.field(last)? {
            last = id;
            each(self, id, kind)?;
        }
        Ok(())
    }

    fn field(&mut self, last: i16) -> Result<Option<(i16, Kind)>> {
        let [head] = self.array()?;
        if head == 0 {
            return Ok(None);
        }
        if self.protocol == Protocol::Binary {
            let id = i16::from_be_bytes(self.array()?);
            return Ok(Some((id, binary_kind(head)?)));
        }
        let id = match i16::from(head >> 4) {
            0 => self.zigzag()? as i16,
            delta => last.wrapping_add(delta),
        };
        let kind = compact_kind(head & 0x0f)?;
        if kind == Kind::Bool {
            self.flag = Some(head & 0x0f == 1);
        }
        Ok(Some((id, kind)))
    }

    /// Reads a list or set: `each` has to read one element of the kind.
    pub(super) fn list(&mut self, kind: Kind, mut each: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let (found, len) = self.list_head()?;
        if len > 0 && found != kind {
            return Err(ThriftError::Element);
        }
        (0..len).try_for_each(|_| each(self))
    }

    fn list_head(&mut self) -> Result<(Kind, usize)> {
        let [head] = self.array()?;
        let (kind, len) = match self.protocol {
            Protocol::Binary => (head, u64::from(self.word()?)),
            Protocol::Compact if head >> 4 == 15 => (head & 0x0f, self.varint()?),
            Protocol::Compact => (head & 0x0f, u64::from(head >> 4)),
        };
        let len = self.count(len)?;
        if len == 0 {
            return Ok((Kind::Bool, 0));
        }
        let kind = if self.protocol == Protocol::Binary { binary_kind(kind)? } else { compact_kind(kind)? };
        Ok((kind, len))
    }

    /// How many elements there are: each takes a byte at least.
    fn count(&self, len: u64) -> Result<usize> {
        usize::try_from(len).ok().filter(|len| *len <= self.bytes.len()).ok_or(ThriftError::Length)
    }

    pub(super) fn skip(&mut self, kind: Kind) -> Result<()> {
        self.skip_at(kind, 0)
    }

    fn skip_at(&mut self, kind: Kind, depth: u32) -> Result<()> {
        if depth == DEFAULT_THRIFT_DEPTH_MAX {
            return Err(ThriftError::Depth);
        }
        match kind {
            Kind::Bool => self.bool().map(drop),
            Kind::Byte => self.take(1).map(drop),
            Kind::I16 => self.i16().map(drop),
            Kind::I32 => self.i32().map(drop),
            Kind::I64 => self.i64().map(drop),
            Kind::Double => self.take(8).map(drop),
            Kind::Binary => self.binary().map(drop),
            Kind::Struct => self.fields(|reader, _, kind| reader.skip_at(kind, depth + 1)),
            Kind::Set | Kind::List => {
                let (kind, len) = self.list_head()?;
                (0..len).try_for_each(|_| self.skip_at(kind, depth + 1))
            }
            Kind::Map => {
                let (keys, values, len) = self.map_head()?;
                (0..len).try_for_each(|_| {
                    self.skip_at(keys, depth + 1)?;
                    self.skip_at(values, depth + 1)
                })
            }
        }
    }

    fn map_head(&mut self) -> Result<(Kind, Kind, usize)> {
        if self.protocol == Protocol::Binary {
            let [keys, values] = self.array()?;
            let len = u64::from(self.word()?);
            let len = self.count(len)?;
            return match len {
                0 => Ok((Kind::Bool, Kind::Bool, 0)),
                _ => Ok((binary_kind(keys)?, binary_kind(values)?, len)),
            };
        }
        let len = self.varint()?;
        let len = self.count(len)?;
        if len == 0 {
            return Ok((Kind::Bool, Kind::Bool, 0));
        }
        let [kinds] = self.array()?;
        Ok((compact_kind(kinds >> 4)?, compact_kind(kinds & 0x0f)?, len))
    }

    pub(super) fn bool(&mut self) -> Result<bool> {
        match self.flag.take() {
            Some(flag) => Ok(flag),
            None => self.array().map(|[byte]| byte == 1),
        }
    }

    pub(super) fn i16(&mut self) -> Result<i16> {
        match self.protocol {
            Protocol::Binary => self.array().map(i16::from_be_bytes),
            Protocol::Compact => self.zigzag().map(|value| value as i16),
        }
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        match self.protocol {
            Protocol::Binary => self.array().map(i32::from_be_bytes),
            Protocol::Compact => self.zigzag().map(|value| value as i32),
        }
    }

    pub(super) fn i64(&mut self) -> Result<i64> {
        match self.protocol {
            Protocol::Binary => self.array().map(i64::from_be_bytes),
            Protocol::Compact => self.zigzag(),
        }
    }

    /// The compact protocol has the bytes in the other order, as all of its implementations do, whatever its first text said.
    pub(super) fn double(&mut self) -> Result<f64> {
        match self.protocol {
            Protocol::Binary => self.array().map(f64::from_be_bytes),
            Protocol::Compact => self.array().map(f64::from_le_bytes),
        }
    }

    pub(super) fn binary(&mut self) -> Result<&'a [u8]> {
        let len = match self.protocol {
            Protocol::Binary => u64::from(self.word()?),
            Protocol::Compact => self.varint()?,
        };
        let len = self.count(len)?;
        self.take(len)
    }

    /// Text; what is no UTF-8 in it is replaced.
    pub(super) fn text(&mut self) -> Result<std::borrow::Cow<'a, str>> {
        self.binary().map(String::from_utf8_lossy)
    }

    fn zigzag(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ThriftError::Varint)
    }

    fn word(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(ThriftError::Truncated)?;
        self.bytes = rest;
        Ok(*array)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or(ThriftError::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }
}

fn binary_kind(number: u8) -> Result<Kind> {
    Ok(match number {
        2 => Kind::Bool,
        3 => Kind::Byte,
        4 => Kind::Double,
        6 => Kind::I16,
        8 => Kind::I32,
        10 => Kind::I64,
        11 => Kind::Binary,
        12 => Kind::Struct,
        13 => Kind::Map,
        14 => Kind::Set,
        15 => Kind::List,
        other => return Err(ThriftError::Kind(other)),
    })
}

fn compact_kind(number: u8) -> Result<Kind> {
    Ok(match number {
        1 | 2 => Kind::Bool,
        3 => Kind::Byte,
        4 => Kind::I16,
        5 => Kind::I32,
        6 => Kind::I64,
        7 => Kind::Double,
        8 => Kind::Binary,
        9 => Kind::List,
        10 => Kind::Set,
        11 => Kind::Map,
        12 => Kind::Struct,
        other => return Err(ThriftError::Kind(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOLS: [Protocol; 2] = [Protocol::Binary, Protocol::Compact];

    #[test]
    fn a_length_that_the_message_does_not_have_costs_nothing() {
        let list = [
            (Protocol::Binary, &[12, 0x7f, 0xff, 0xff, 0xff][..]),
            (Protocol::Compact, &[0xfc, 0xff, 0xff, 0xff, 0x0f]),
        ];
        for (protocol, bytes) in list {
            let mut reader = Reader::new(protocol, bytes);
            assert_eq!(reader.list(Kind::Struct, |_| unreachable!("nothing is there")), Err(ThriftError::Length));
        }
        for bytes in [&[0xff, 0xff, 0xff, 0xff, 1][..], &[0xff; 12]] {
            for protocol in PROTOCOLS {
                assert!(Reader::new(protocol, bytes).binary().is_err(), "{protocol:?}");
            }
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let binary = [12, 0, 1].repeat(100_000);
        let compact = [0x1c].repeat(100_000);
        for (protocol, bytes) in PROTOCOLS.into_iter().zip([binary, compact]) {
            assert_eq!(Reader::new(protocol, &bytes).skip(Kind::Struct), Err(ThriftError::Depth), "{protocol:?}");
        }
    }

    #[test]
    fn every_number_that_a_compact_integer_can_be() {
        for (bytes, value) in [
            (&[0][..], 0),
            (&[1], -1),
            (&[2], 1),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], i64::MIN),
            (&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], i64::MAX),
        ] {
            assert_eq!(Reader::new(Protocol::Compact, bytes).i64(), Ok(value));
        }
        assert_eq!(Reader::new(Protocol::Compact, &[0xff; 11]).i64(), Err(ThriftError::Varint));
    }
}
