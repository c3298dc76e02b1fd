//! Attributes as their encoded form: equal ones are equal bytes, if whoever wrote them wrote no more than there is to say.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use prost::Message as _;

/// The encoded `KeyValue`s that Jaeger would print as this key and value: the text, and the number or truth value it may be.
pub fn encoded_attributes(key: &str, value: &str) -> impl Iterator<Item = Vec<u8>> {
    let mut values = vec![Value::StringValue(value.into())];
    if let Ok(number) = value.parse() {
        values.push(Value::IntValue(number));
    }
    if let Ok(number) = value.parse::<f64>() {
        values.push(Value::DoubleValue(number));
        if number == 0.0 {
            values.push(Value::DoubleValue(-number));
        }
    }
    match value {
        "true" => values.push(Value::BoolValue(true)),
        "false" => values.push(Value::BoolValue(false)),
        _ => {}
    }
    values.into_iter().map(move |value| {
        let value = Some(AnyValue { value: Some(value) });
        KeyValue { key: key.into(), value, ..Default::default() }.encode_to_vec()
    })
}

/// Whether a valid encoded `KeyValue` is what [`encoded_attributes`] gives for its key and value. Lists, maps and bytes, which are
/// not searched, are regular, and so is having no value.
pub fn is_regular_attribute(encoded: &[u8]) -> bool {
    match split(encoded) {
        None => matches!(delimited(encoded, 0x0a), Some((_, []))),
        Some((_, value @ ([] | [0x2a | 0x32 | 0x3a, ..]))) => {
            value.is_empty() || matches!(delimited(value, value[0]), Some((_, [])))
        }
        Some((_, value)) => is_regular_scalar(value, |_| true),
    }
}

/// Whether the bytes are a valid `KeyValue`, regular, and with a value that holds no other: what most attributes are.
pub(super) fn is_plain_attribute(encoded: &[u8]) -> bool {
    let is_text = |bytes: &[u8]| bytes.is_ascii() || std::str::from_utf8(bytes).is_ok();
    split(encoded).is_some_and(|(key, value)| is_text(key) && is_regular_scalar(value, is_text))
}

#[inline]
fn is_regular_scalar(value: &[u8], is_text: impl Fn(&[u8]) -> bool) -> bool {
    match value {
        [0x0a, ..] => matches!(delimited(value, 0x0a), Some((text, [])) if is_text(text)),
        [0x10, number] => *number <= 1,
        [0x18, number @ ..] => is_varint(number),
        [0x21, number @ ..] => number.len() == 8,
        _ => false,
    }
}

/// Key and value of a `KeyValue` in which each stands once, in this order.
#[inline]
fn split(encoded: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, rest) = delimited(encoded, 0x0a)?;
    let (value, rest) = delimited(rest, 0x12)?;
    (!key.is_empty() && rest.is_empty()).then_some((key, value))
}

/// The content of a length-delimited field that stands at the beginning, and what follows it.
#[inline]
fn delimited(bytes: &[u8], key: u8) -> Option<(&[u8], &[u8])> {
    match bytes {
        [found, len @ 0..0x80, rest @ ..] if *found == key => rest.split_at_checked(usize::from(*len)),
        [found, low, high @ 1..0x80, rest @ ..] if *found == key => {
            rest.split_at_checked(usize::from(*low & 0x7f) | usize::from(*high) << 7)
        }
        _ => delimited_long(bytes, key),
    }
}

#[cold]
fn delimited_long(bytes: &[u8], key: u8) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(&[key])?;
    let end = rest.iter().position(|byte| *byte < 0x80)? + 1;
    let (mut number, rest) = rest.split_at(end);
    if !is_varint(number) {
        return None;
    }
    let len = prost::encoding::decode_varint(&mut number).ok()?;
    rest.split_at_checked(usize::try_from(len).ok()?)
}

/// Whether this is one variable-length integer in as few bytes as it takes.
fn is_varint(bytes: &[u8]) -> bool {
    match bytes {
        [byte] => *byte < 0x80,
        // The tenth byte holds the 64th bit alone.
        [body @ .., last] => {
            let last_max = if body.len() == 9 { 1 } else { 0x7f };
            body.len() < 10 && (1..=last_max).contains(last) && body.iter().all(|byte| *byte >= 0x80)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_alike_is_found_in_every_form() {
        let forms = |value| encoded_attributes("key", value).count();
        assert_eq!([forms("text"), forms("12"), forms("1.5"), forms("true"), forms("0")], [1, 3, 2, 2, 4]);
        for value in ["", "text", "12", "-1", "1.5", "true", "false", &"x".repeat(300)] {
            assert!(encoded_attributes("key", value).all(|encoded| is_regular_attribute(&encoded)), "{value}");
        }
    }

    #[test]
    fn other_ways_to_write_the_same_are_told() {
        let regular = encoded_attributes("key", "7").nth(1).expect("a number");
        assert_eq!(regular, [0x0a, 3, b'k', b'e', b'y', 0x12, 2, 0x18, 7]);
        let others: [&[u8]; 5] = [
            &[0x12, 2, 0x18, 7, 0x0a, 3, b'k', b'e', b'y'],
            &[0x0a, 3, b'k', b'e', b'y', 0x12, 3, 0x18, 0x87, 0],
            &[0x0a, 0x83, 0, b'k', b'e', b'y', 0x12, 2, 0x18, 7],
            &[0x0a, 3, b'k', b'e', b'y', 0x12, 4, 0x18, 1, 0x18, 7],
            &[0x12, 2, 0x18, 7],
        ];
        assert!(others.iter().all(|other| !is_regular_attribute(other)));
        // There is nothing to find in these.
        assert!(is_regular_attribute(&regular[..5]) && is_regular_attribute(&[&regular[..5], &[0x12, 0]].concat()));
    }
}
