//! Trace and span identifiers: fixed-size bytes, written as lowercase hexadecimal.

use std::{fmt, str::FromStr};

/// A 128-bit trace id. Ids of 64 bits (Zipkin, old Jaeger clients) sit in the lower half.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TraceId(pub [u8; 16]);

/// A 64-bit span id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SpanId(pub [u8; 8]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    #[error("trace id `{0}` must be 1 to 32 hexadecimal digits")]
    Trace(String),
    #[error("trace id `{0}` is all zero, which OpenTelemetry reserves for `no trace`")]
    ZeroTrace(String),
}

impl TraceId {
    pub fn is_zero(self) -> bool {
        self.0 == [0; 16]
    }
}

impl SpanId {
    pub fn is_zero(self) -> bool {
        self.0 == [0; 8]
    }
}

impl FromStr for TraceId {
    type Err = ParseIdError;

    /// Shorter ids are padded with zeros on the left, as Jaeger does.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || ParseIdError::Trace(text.chars().take(64).collect());
        if text.is_empty() || text.len() > 32 || !text.is_ascii() {
            return Err(bad());
        }
        let mut bytes = [0; 16];
        hex::decode_to_slice(format!("{text:0>32}"), &mut bytes).map_err(|_| bad())?;
        if bytes == [0; 16] {
            return Err(ParseIdError::ZeroTrace(text.into()));
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_are_padded_and_bad_ones_are_named() {
        let id: TraceId = "00ff".parse().expect("a short id");
        assert_eq!(id.to_string(), "000000000000000000000000000000ff");
        for bad in ["", "xyz", "0123456789abcdef0123456789abcdef0", "é"] {
            assert_eq!(bad.parse::<TraceId>(), Err(ParseIdError::Trace(bad.into())));
        }
        assert_eq!("0".parse::<TraceId>(), Err(ParseIdError::ZeroTrace("0".into())));
    }
}
