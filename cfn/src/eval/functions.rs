//! The functions on values. Each says in words why it cannot be evaluated.

use super::value::{Piece, Unknown, Value};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// AWS's limit of `Fn::Cidr`.
const CIDR_COUNT_MAX: u32 = 256;

type Outcome = Result<Value, String>;

fn part(of: &Value, function: &'static str, at: impl ToString) -> Value {
    Value::unknown(Unknown::Part { of: of.clone(), function, at: at.to_string().into() })
}

pub(super) fn join(delimiter: &str, list: &Value) -> Outcome {
    let items = match list {
        Value::List(items) => items,
        Value::Unknown(_) | Value::Pattern(_) => return Ok(part(list, "Fn::Join", delimiter)),
        _ => return Err("`Fn::Join` takes a list".to_owned()),
    };
    let mut pieces = Vec::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            pieces.push(Piece::Known(delimiter.into()));
        }
        pieces.extend(item.pieces().ok_or("`Fn::Join` takes a list of texts")?);
    }
    Ok(Value::from_pieces(pieces))
}

pub(super) fn split(delimiter: &str, text: &Value) -> Outcome {
    if delimiter.is_empty() {
        return Err("`Fn::Split` takes a delimiter that is not empty".to_owned());
    }
    let pieces = text.pieces().ok_or("`Fn::Split` takes a text")?;
    let is_open = |piece: &Piece| matches!(piece, Piece::Unknown(unknown) if may_contain(unknown, delimiter));
    if pieces.iter().any(is_open) {
        return Ok(part(text, "Fn::Split", delimiter));
    }
    let mut items: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        let Piece::Known(text) = &piece else {
            items.last_mut().into_iter().for_each(|item| item.push(piece.clone()));
            continue;
        };
        for (at, part) in text.split(delimiter).enumerate() {
            if at > 0 {
                items.push(Vec::new());
            }
            items.last_mut().into_iter().for_each(|item| item.push(Piece::Known(part.into())));
        }
    }
    Ok(Value::List(items.into_iter().map(Value::from_pieces).collect()))
}

/// Whether a delimiter may lie within something unknown: an id holds dashes but no commas, an account nothing but digits.
fn may_contain(unknown: &Unknown, delimiter: &str) -> bool {
    match unknown {
        Unknown::Reference(_) | Unknown::Attribute(..) => delimiter != ",",
        Unknown::Pseudo(name) => &**name != "AWS::AccountId",
        Unknown::StackUuid(_) => delimiter == "-",
        // Capitals and digits.
        Unknown::StackSuffix(_) => delimiter.chars().all(|letter| letter.is_ascii_alphanumeric()),
        _ => true,
    }
}

pub(super) fn select(index: &Value, list: &Value) -> Outcome {
    let Some(at) = index.as_text() else {
        return if index.is_known() {
            Err("`Fn::Select` takes a number first".to_owned())
        } else {
            Ok(part(list, "Fn::Select", index))
        };
    };
    let at: usize = at.trim().parse().map_err(|_| format!("`Fn::Select` takes a number first, not `{at}`"))?;
    match list {
        Value::List(items) => match items.get(at) {
            Some(item) => Ok(item.clone()),
            None => Err(format!("`Fn::Select` takes item {at} of a list of {}", items.len())),
        },
        Value::Unknown(_) | Value::Pattern(_) => Ok(part(list, "Fn::Select", at)),
        _ => Err("`Fn::Select` takes a list".to_owned()),
    }
}

pub(super) fn length(list: &Value) -> Outcome {
    match list {
        Value::List(items) => Ok(Value::Number(items.len().to_string().into())),
        Value::Map(entries) => Ok(Value::Number(entries.len().to_string().into())),
        Value::Unknown(_) | Value::Pattern(_) => Ok(part(list, "Fn::Length", "")),
        _ => Err("`Fn::Length` takes a list or a mapping".to_owned()),
    }
}

pub(super) fn base64(text: &Value) -> Outcome {
    use base64::Engine;
    match text.as_text() {
        Some(text) => Ok(Value::text(base64::engine::general_purpose::STANDARD.encode(text))),
        None if text.is_known() => Err("`Fn::Base64` takes a text".to_owned()),
        None => Ok(part(text, "Fn::Base64", "")),
    }
}

pub(super) fn to_json_string(value: &Value) -> Outcome {
    // Unknown parts stay visible as references inside of the text.
    Ok(if value.is_known() { Value::text(value.to_json().to_string()) } else { part(value, "Fn::ToJsonString", "") })
}

/// Whether two values are the same text, number, boolean, list or mapping; nothing where that is open.
pub(super) fn equal(one: &Value, other: &Value) -> Option<bool> {
    if one == other {
        return Some(true);
    }
    if let (Some(one), Some(other)) = (one.as_text(), other.as_text()) {
        return Some(one == other);
    }
    if one.is_known() && other.is_known() {
        return Some(false);
    }
    let (Some(one), Some(other)) = (one.pieces(), other.pieces()) else { return Some(false) };
    if differs(&one, &other) || differs(&other, &one) { Some(false) } else { None }
}

/// Whether `text`, if it is known, cannot be what `pattern` becomes.
fn differs(text: &[Piece], pattern: &[Piece]) -> bool {
    let text = match text {
        [] => "",
        [Piece::Known(text)] => text,
        _ => return false,
    };
    let starts = !matches!(pattern.first(), Some(Piece::Known(first)) if !text.starts_with(&**first));
    let ends = !matches!(pattern.last(), Some(Piece::Known(last)) if !text.ends_with(&**last));
    // What a resource gives is never empty.
    let is_filled = |piece: &Piece| match piece {
        Piece::Known(text) => !text.is_empty(),
        Piece::Unknown(unknown) => !matches!(
            **unknown,
            Unknown::Parameter(_)
                | Unknown::Import(_)
                | Unknown::Dynamic(_)
                | Unknown::Part { .. }
                | Unknown::NotEvaluated(_)
        ),
    };
    !starts || !ends || (text.is_empty() && pattern.iter().any(is_filled))
}

pub(super) fn cidr(block: &Value, count: &Value, bits: Option<&Value>) -> Outcome {
    let number = |value: &Value, what: &str| {
        value
            .as_text()
            .and_then(|text| text.trim().parse::<u32>().ok())
            .ok_or(format!("`Fn::Cidr` takes a number as {what}"))
    };
    if !count.is_known() || bits.is_some_and(|bits| !bits.is_known()) {
        return Ok(part(block, "Fn::Cidr", count));
    }
    let count = number(count, "count")?;
    if !(1..=CIDR_COUNT_MAX).contains(&count) {
        return Err(format!("`Fn::Cidr` makes 1 to {CIDR_COUNT_MAX} subnets, not {count}"));
    }
    let Some(text) = block.as_text() else {
        return Ok(Value::List((0..count).map(|at| part(block, "Fn::Cidr", at)).collect()));
    };
    let is_v6 = text.contains(':');
    let bits = match bits {
        Some(bits) => number(bits, "bits")?,
        None => {
            if is_v6 {
                64
            } else {
                8
            }
        }
    };
    let items = if is_v6 { cidr_v6(text, count, bits)? } else { cidr_v4(text, count, bits)? };
    Ok(Value::List(items.into_iter().map(Value::text).collect()))
}

fn cidr_v4(block: &str, count: u32, bits: u32) -> Result<Vec<String>, String> {
    let (address, prefix) = range::<Ipv4Addr>(block, 32)?;
    let length = subnet_length(block, prefix, 32, bits, count)?;
    let mask = if prefix == 0 { 0 } else { u32::MAX << (32 - prefix) };
    let start = u64::from(u32::from(address) & mask);
    let address = |at: u32| u32::try_from(start + (u64::from(at) << bits)).unwrap_or(u32::MAX);
    Ok((0..count).map(|at| format!("{}/{length}", Ipv4Addr::from(address(at)))).collect())
}

fn cidr_v6(block: &str, count: u32, bits: u32) -> Result<Vec<String>, String> {
    let (address, prefix) = range::<Ipv6Addr>(block, 128)?;
    let length = subnet_length(block, prefix, 128, bits, count)?;
    let mask = if prefix == 0 { 0 } else { u128::MAX << (128 - prefix) };
    let start = u128::from(address) & mask;
    Ok((0..count).map(|at| format!("{}/{length}", Ipv6Addr::from(start + (u128::from(at) << bits)))).collect())
}

fn range<A: std::str::FromStr>(block: &str, most: u32) -> Result<(A, u32), String> {
    let invalid = || format!("`Fn::Cidr` takes an address range, not `{block}`");
    let (address, prefix) = block.split_once('/').ok_or_else(invalid)?;
    let prefix: u32 = prefix.parse().map_err(|_| invalid())?;
    let address = address.parse().map_err(|_| invalid())?;
    if prefix <= most { Ok((address, prefix)) } else { Err(invalid()) }
}

fn subnet_length(block: &str, prefix: u32, most: u32, bits: u32, count: u32) -> Result<u32, String> {
    let length = most.checked_sub(bits).filter(|length| bits >= 1 && *length >= prefix);
    let length = length.ok_or(format!("`Fn::Cidr` cannot make subnets of {bits} bits in `{block}`"))?;
    let room = length - prefix;
    if room < 32 && count > 1 << room {
        return Err(format!("`Fn::Cidr` cannot make {count} subnets of {bits} bits in `{block}`"));
    }
    Ok(length)
}

/// The functions of rules; nothing where the answer is open.
pub(super) fn contains(list: &Value, value: &Value) -> Option<bool> {
    let answers: Vec<Option<bool>> = list.items().iter().map(|item| equal(item, value)).collect();
    if answers.contains(&Some(true)) {
        return Some(true);
    }
    (matches!(list, Value::List(_)) && !answers.contains(&None)).then_some(false)
}

pub(super) fn each_member_in(values: &Value, list: &Value) -> Option<bool> {
    matches!(values, Value::List(_)).then_some(())?;
    values.items().iter().try_fold(true, |all, value| Some(contains(list, value)? && all))
}

pub(super) fn each_member_equals(values: &Value, wanted: &Value) -> Option<bool> {
    matches!(values, Value::List(_)).then_some(())?;
    values.items().iter().try_fold(true, |all, value| Some(equal(value, wanted)? && all))
}

/// A list from the text of a parameter, as CloudFormation takes it apart.
pub(super) fn listed(text: &Value) -> Value {
    match text {
        Value::List(_) => text.clone(),
        _ => match split(",", text) {
            Ok(Value::List(items)) => Value::List(items.iter().map(trimmed).collect()),
            Ok(other) => other,
            Err(_) => text.clone(),
        },
    }
}

fn trimmed(value: &Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(Arc::from(text.trim())),
        _ => value.clone(),
    }
}
