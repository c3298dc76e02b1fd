//! Syntax → JSON, two spaces per level. What only YAML has, such as comments and tags, is not there any more: `events` and
//! `template::print` make no such syntax for JSON.

use super::scalar::double_quoted;
use super::syntax::{Content, Style, Syntax};
use crate::template::{Meaning, Scalar};

pub(crate) fn write(root: &Syntax) -> String {
    let mut out = String::new();
    value(&mut out, root, 0);
    out.push('\n');
    out
}

fn value(out: &mut String, node: &Syntax, level: usize) {
    match &node.content {
        Content::Alias(name) => out.push_str(&double_quoted(name)),
        Content::Scalar(text, style) => out.push_str(&scalar(text, *style == Style::Plain)),
        Content::Sequence(items, _) => {
            collection(out, ['[', ']'], items, level, |out, item| value(out, item, level + 1));
        }
        Content::Mapping(entries, _) => collection(out, ['{', '}'], entries, level, |out, (key, inner)| {
            out.push_str(&double_quoted(key_text(key)));
            out.push_str(": ");
            value(out, inner, level + 1);
        }),
    }
}

fn collection<T>(
    out: &mut String,
    [open, close]: [char; 2],
    children: &[T],
    level: usize,
    write: impl Fn(&mut String, &T),
) {
    out.push(open);
    for (at, child) in children.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(level + 1));
        write(out, child);
    }
    if !children.is_empty() {
        out.push('\n');
        out.push_str(&"  ".repeat(level));
    }
    out.push(close);
}

fn key_text(key: &Syntax) -> &str {
    match &key.content {
        Content::Scalar(text, _) => text,
        _ => "",
    }
}

/// A number keeps its digits where JSON has that notation; `0x1F` and `1_000` are text to JSON, and stay as they are.
fn scalar(text: &str, is_plain: bool) -> String {
    let scalar = if is_plain { Scalar::plain(text) } else { Scalar::quoted(text) };
    match scalar.meaning() {
        Meaning::Null => "null".to_owned(),
        Meaning::Bool(flag) => flag.to_string(),
        _ if is_plain && is_number(text) => text.to_owned(),
        _ => double_quoted(text),
    }
}

/// In JSON's notation, whatever its size.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(one, other)| (one, Some(other)));
    let (whole, part) = mantissa.split_once('.').map_or((mantissa, None), |(one, other)| (one, Some(other)));
    let is_whole = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    is_whole
        && part.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}
