//! Scalars as text: which ones can stand without quotes, and how the others are quoted.

use crate::template::{Meaning, Scalar};
use std::fmt::Write;

/// Whether a text means the same without quotes, also to readers of other versions of YAML.
pub(crate) fn is_safe_plain(text: &str, in_flow: bool) -> bool {
    if Scalar::plain(text).meaning() != Meaning::Text || looks_typed(text) {
        return false;
    }
    let indicators = "-?:,[]{}#&*!|>'\"%@`";
    let starts_well = !text.starts_with(|first: char| indicators.contains(first) || first.is_whitespace());
    let ends_well = !text.ends_with(|last: char| last == ':' || last.is_whitespace());
    let is_printable = text.chars().all(|character| character == ' ' || is_printable(character));
    let has_flow = in_flow && text.contains([',', '[', ']', '{', '}']);
    let is_separated = text.contains(": ") || text.contains(" #");
    starts_well && ends_well && is_printable && !has_flow && !is_separated && !text.starts_with("...")
}

/// Numbers, dates and booleans of other readers: what starts like a number and has only characters of one, `y`, `<<`, `=`.
fn looks_typed(text: &str) -> bool {
    if matches!(text, "y" | "Y" | "n" | "N" | "<<" | "=") {
        return true;
    }
    let starts = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '.' | '+'));
    starts && text.chars().all(|character| character.is_ascii_hexdigit() || "xo_.:+-TZ ".contains(character))
}

fn is_printable(character: char) -> bool {
    !character.is_control() && !character.is_whitespace() && !matches!(character, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

pub(crate) fn quoted(text: &str) -> String {
    if text.chars().all(|character| character == ' ' || is_printable(character)) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    double_quoted(text)
}

/// As JSON has it, which YAML reads the same way.
pub(crate) fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' => out.push(' '),
            _ if is_printable(character) => out.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    // Writing into a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

/// The lines of a block that keeps them, and its indicators; nothing for a text that no block can hold.
pub(crate) fn literal_block(text: &str) -> Option<(String, Vec<&str>)> {
    let holds = |character: char| matches!(character, '\n' | ' ' | '\t') || is_printable(character);
    if text.trim_matches([' ', '\n', '\t']).is_empty() || !text.chars().all(holds) {
        return None;
    }
    let (chomping, body) = chomping(text);
    let lines: Vec<&str> = body.split('\n').collect();
    let first = lines.iter().find(|line| !line.trim_matches([' ', '\t']).is_empty()).copied().unwrap_or_default();
    let starts_indented = first.starts_with([' ', '\t']) || lines[0].starts_with([' ', '\t']);
    let leads = lines.iter().take_while(|line| line.trim_matches([' ', '\t']).is_empty()).any(|line| !line.is_empty());
    let indent = if starts_indented || leads { "2" } else { "" };
    Some((format!("|{indent}{chomping}"), lines))
}

/// What becomes of the line breaks at the end of a block, and the text without the one that the block itself ends with.
pub(crate) fn chomping(text: &str) -> (&'static str, &str) {
    match text.strip_suffix('\n') {
        None => ("-", text),
        Some(body) if body.ends_with('\n') => ("+", body),
        Some(body) => ("", body),
    }
}
