//! Pieces of JSON that both HTTP APIs write: values that borrow and go straight to bytes.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, display::Base64Display, prelude::BASE64_STANDARD};
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
use serde::{Serialize, Serializer};

/// Bytes as lowercase hexadecimal.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = [0; 64];
        let digits = &mut digits[..(2 * self.0.len()).min(64)];
        match hex::encode_to_slice(self.0, digits) {
            Ok(()) => serializer.serialize_str(std::str::from_utf8(digits).unwrap_or_default()),
            Err(_) => serializer.serialize_str(&hex::encode(self.0)),
        }
    }
}

/// A 64-bit number as a decimal string, which JavaScript can read without loss.
pub(super) struct Decimal<T>(pub(super) T);

impl<T: fmt::Display> Serialize for Decimal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Bytes in base64.
pub(super) struct Base64<'a>(pub(super) &'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &BASE64_STANDARD))
    }
}

/// A double. JSON has no number for infinity, nor for what is no number: protobuf's JSON names them.
pub(super) struct Double(pub(super) f64);

/// Whole numbers below it are written without a point, as Jaeger writes them.
const WHOLE_MAX: f64 = 1e15;

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            number if number.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("Infinity"),
            f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
            number if number.fract() == 0.0 && number.abs() < WHOLE_MAX && !is_negative_zero(number) => {
                serializer.serialize_i64(number as i64)
            }
            number => serializer.serialize_f64(number),
        }
    }
}

fn is_negative_zero(number: f64) -> bool {
    number == 0.0 && number.is_sign_negative()
}

/// A list or a map in plain JSON, keys sorted, for places that hold text only.
pub(super) struct Plain<'a>(pub(super) &'a AnyValue);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.value {
            None => serializer.serialize_unit(),
            Some(Value::StringValue(text)) => serializer.serialize_str(text),
            Some(Value::BoolValue(truth)) => serializer.serialize_bool(*truth),
            Some(Value::IntValue(number)) => serializer.serialize_i64(*number),
            Some(Value::DoubleValue(number)) => Double(*number).serialize(serializer),
            Some(Value::BytesValue(bytes)) => serializer.serialize_str(&BASE64_STANDARD.encode(bytes)),
            Some(Value::ArrayValue(array)) => serializer.collect_seq(array.values.iter().map(Plain)),
            Some(Value::KvlistValue(list)) => {
                let none = AnyValue { value: None };
                let sorted: BTreeMap<&str, &AnyValue> = list
                    .values
                    .iter()
                    .map(|entry| (entry.key.as_str(), entry.value.as_ref().unwrap_or(&none)))
                    .collect();
                serializer.collect_map(sorted.into_iter().map(|(key, value)| (key, Plain(value))))
            }
            Some(Value::StringValueStrindex(index)) => serializer.serialize_i32(*index),
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValue, KeyValueList};

    use super::*;

    fn json(value: impl Serialize) -> String {
        serde_json::to_string(&value).expect("JSON")
    }

    #[test]
    fn numbers_keep_their_value() {
        let cases = [
            (3.0, "3"),
            (-3.0, "-3"),
            (0.25, "0.25"),
            (-0.0, "-0.0"),
            (1e21, "1e+21"),
            (f64::NAN, "\"NaN\""),
            (f64::INFINITY, "\"Infinity\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
        ];
        for (number, text) in cases {
            assert_eq!(json(Double(number)), text);
        }
        assert_eq!(json(Decimal(u64::MAX)), "\"18446744073709551615\"");
        assert_eq!(json(Hex(&[0, 255])), "\"00ff\"");
        assert_eq!(json(Hex(&[1; 40])), format!("\"{}\"", "01".repeat(40)));
        assert_eq!(json(Base64(&[0, 1, 2, 3])), "\"AAECAw==\"");
    }

    #[test]
    fn lists_and_maps_are_plain_json_with_sorted_keys() {
        let value = |value| AnyValue { value: Some(value) };
        let entry = |key: &str, value| KeyValue { key: key.into(), value, ..Default::default() };
        let list = value(Value::KvlistValue(KeyValueList {
            values: vec![
                entry("z", Some(value(Value::StringValue("<&>".into())))),
                entry("n", None),
                entry(
                    "a",
                    Some(value(Value::ArrayValue(ArrayValue {
                        values: vec![
                            value(Value::IntValue(7)),
                            value(Value::BoolValue(true)),
                            value(Value::DoubleValue(f64::NAN)),
                            value(Value::BytesValue(vec![0, 1, 2])),
                        ],
                    }))),
                ),
            ],
        }));
        assert_eq!(json(Plain(&list)), r#"{"a":[7,true,"NaN","AAEC"],"n":null,"z":"<&>"}"#);
    }
}
