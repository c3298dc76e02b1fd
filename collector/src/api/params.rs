//! Query parameters, as both HTTP APIs read them.

use std::{collections::BTreeMap, fmt, num::IntErrorKind, str::FromStr};

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
    response::{IntoResponse as _, Response},
};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::reply;
use crate::model::{ParseIdError, TraceId};

/// A longer query string is refused.
pub const DEFAULT_QUERY_STRING_MAX_BYTES: usize = 32 << 10;

/// A request's query parameters in the order they came.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// The first value of a parameter; an empty one counts as missing.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next().filter(|value| !value.is_empty())
    }

    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        if parts.uri.query().is_some_and(|query| query.len() > DEFAULT_QUERY_STRING_MAX_BYTES) {
            return Err(reply::query_too_long());
        }
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(pairs)| Self(pairs)).map_err(|rejection| rejection.into_response())
    }
}

/// A whole number; the error says what is wrong with it.
pub(super) fn integer<T: FromStr<Err = std::num::ParseIntError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: std::num::ParseIntError| {
        let text = shortened(text);
        match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => format!("`{text}` is out of range"),
            _ => format!("`{text}` is not a whole number"),
        }
    })
}

/// The spellings of truth that Jaeger takes.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("`{}` is neither `true` nor `false`", shortened(text))),
    }
}

/// A JSON object of strings.
pub(super) fn string_map(text: &str) -> Result<BTreeMap<String, String>, serde_json::Error> {
    serde_json::from_str::<Option<_>>(text).map(Option::unwrap_or_default)
}

/// A trace id in hexadecimal of up to 32 digits, or in base64, as JSON made from protobuf shows it.
///
/// The all-zero id, which names no trace, is taken: nothing is found by it.
pub(super) fn trace_id(text: &str) -> Result<TraceId, ParseIdError> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(ParseIdError::ZeroTrace(_)) => Ok(TraceId::default()),
        Err(error) => base64_id(text).ok_or(error),
    }
}

/// Either alphabet, with padding or without, of 16 bytes or of the lower 8.
fn base64_id(text: &str) -> Option<TraceId> {
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(alphabet, config).decode(text).ok()?;
    let mut id = [0; 16];
    if !matches!(bytes.len(), 8 | 16) {
        return None;
    }
    id[16 - bytes.len()..].copy_from_slice(&bytes);
    Some(TraceId(id))
}

/// The start of a text that a client sent, for an error message.
pub(super) fn shortened(text: &str) -> impl fmt::Display {
    text.chars().take(64).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_every_form() {
        let id = TraceId(*b"\x5b\x8e\xff\xf7\x98\x03\x81\x03\xd2\x69\xb6\x33\x81\x3f\xc6\x0c");
        for text in [
            "5b8efff798038103d269b633813fc60c",
            "5B8EFFF798038103D269B633813FC60C",
            "W47/95gDgQPSabYzgT/GDA==",
            "W47/95gDgQPSabYzgT/GDA",
            "W47_95gDgQPSabYzgT_GDA",
        ] {
            assert_eq!(trace_id(text), Ok(id), "{text}");
        }
        let low = TraceId([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!((trace_id("1"), trace_id("AAAAAAAAAAE=")), (Ok(low), Ok(low)));
        assert_eq!(trace_id("0"), Ok(TraceId::default()));
        for text in ["", "xyz", "zz__", "5b8efff798038103d269b633813fc60c0", "-1"] {
            assert_eq!(trace_id(text), Err(ParseIdError::Trace(text.into())), "{text}");
        }
    }
}
