//! OTLP's JSON → the request.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use serde::de;
use serde_json::{Error, Number, Value};

/// How serde tells of a number that it took for something else (see `decode`).
const NUMBER_TAKEN_FOR_A_MAP: &str = "invalid type: map";

/// Reads a request. Where another crate of the same program switches on serde_json's `arbitrary_precision`, as the linter of
/// `jqs` does, numbers inside of flattened fields reach serde as maps and are refused
/// (<https://github.com/serde-rs/json/issues/505>); then the same body is read with numbers that have one form only.
pub(crate) fn decode(body: &[u8]) -> Result<ExportTraceServiceRequest, Error> {
    // serde would take a list of the fields' values too.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(de::Error::custom("it must be an object"));
    }
    let refused = match serde_json::from_slice(body) {
        Ok(request) => return Ok(request),
        Err(error) => error,
    };
    let Ok(mut document) = serde_json::from_slice::<Value>(body) else { return Err(refused) };
    simplify_numbers(&mut document);
    serde_json::from_value(document).map_err(|error| {
        // The first error knows the place; it is of no use where it complains of a number that is right.
        if refused.to_string().starts_with(NUMBER_TAKEN_FOR_A_MAP) { error } else { refused }
    })
}

/// Numbers that are no integers, as the shortest text of their value: such a number serde takes for what it is. The document
/// is no deeper than serde_json reads, so that neither is this.
pub(crate) fn simplify_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.as_i64().is_none() && number.as_u64().is_none() => {
            if let Some(simple) = number.as_f64().and_then(Number::from_f64) {
                *number = simple;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(simplify_numbers),
        Value::Object(fields) => fields.values_mut().for_each(simplify_numbers),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;

    fn body(value: &str) -> String {
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"name":"s","kind":2,"attributes":[{{"key":"k","value":{value}}}]}}]}}]}}]}}"#
        )
    }

    fn value(text: &str) -> Option<Any> {
        let request = decode(body(text).as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        let span = &request.resource_spans[0].scope_spans[0].spans[0];
        assert_eq!(span.kind, 2);
        span.attributes[0].value.clone()?.value
    }

    #[test]
    fn numbers_are_read_in_every_form_that_json_has() {
        for (text, expected) in [
            (r#"{"doubleValue":1.5}"#, Any::DoubleValue(1.5)),
            (r#"{"doubleValue":1.50}"#, Any::DoubleValue(1.5)),
            (r#"{"doubleValue":-2.5e3}"#, Any::DoubleValue(-2500.0)),
            (r#"{"doubleValue":1E2}"#, Any::DoubleValue(100.0)),
            (r#"{"doubleValue":7}"#, Any::DoubleValue(7.0)),
            (r#"{"intValue":"9007199254740993"}"#, Any::IntValue(9_007_199_254_740_993)),
            (r#"{"boolValue":true}"#, Any::BoolValue(true)),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for text in
            ["{", "[]", r#"{"resourceSpans":5}"#, &body(r#"{"doubleValue":"many"}"#), &body(r#"{"boolValue":1.5}"#)]
        {
            assert!(decode(text.as_bytes()).is_err(), "{text}");
        }
    }
}
