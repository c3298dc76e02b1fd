//! Places as the parser tells them → places as editors count them, each node from its first character to behind its last.

use super::{Node, Position, Span, Value};
use granit_parser::{Marker, ScalarStyle, Span as ParserSpan};

pub(super) fn position(marker: Marker) -> Position {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let offset = marker.byte_offset().unwrap_or_else(|| marker.index());
    Position { line: small(marker.line()), column: small(marker.col() + 1), offset: small(offset) }
}

pub(crate) fn span(span: &ParserSpan) -> Span {
    Span { start: position(span.start), end: position(span.end) }
}

/// One place, as the parser's errors have it.
pub(super) fn at(marker: &Marker) -> Span {
    let position = position(*marker);
    Span { start: position, end: position }
}

/// The parser's block scalars begin behind their indicator, and end where the next token begins.
pub(super) fn scalar(text: &str, span: Span, style: ScalarStyle) -> Span {
    if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        return span;
    }
    let body = text.get(span.start.offset as usize..span.end.offset as usize).unwrap_or_default();
    let end = walk(span.start, body.trim_end());
    Span {
        start: indicator(text, span.start).unwrap_or(span.start),
        end: if body.trim().is_empty() { span.start } else { end },
    }
}

fn walk(start: Position, text: &str) -> Position {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let lines = small(text.matches('\n').count());
    let last = small(text.rsplit('\n').next().unwrap_or_default().chars().count());
    let column = if lines == 0 { start.column + last } else { last + 1 };
    Position { line: start.line + lines, column, offset: start.offset + small(text.len()) }
}

/// Where `|` or `>` stands before a block's first line.
fn indicator(text: &str, body: Position) -> Option<Position> {
    let before = text.get(..body.offset as usize)?.trim_end_matches([' ', '\t', '\n', '\r']);
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    let line = &before[begin..];
    let is_header = |at: usize, character: char| {
        let rest = line[at + character.len_utf8()..]
            .trim_start_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        let is_apart = at == 0 || line[..at].ends_with([' ', '\t']);
        is_apart && (rest.is_empty() || rest.trim_start().starts_with('#'))
    };
    let (at, _) =
        line.char_indices().find(|(at, character)| matches!(character, '|' | '>') && is_header(*at, *character))?;
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let lines_between = small(text[begin + at..body.offset as usize].matches('\n').count());
    Some(Position {
        line: body.line - lines_between.min(body.line),
        column: small(line[..at].chars().count()) + 1,
        offset: small(begin + at),
    })
}

/// A collection ends with its bracket or with its last child: the parser ends one without brackets where the next token
/// begins.
pub(super) fn end(node: &Node, closing: Span) -> Position {
    if closing.start != closing.end {
        return closing.end;
    }
    let last = match &node.value {
        Value::Sequence(items) => items.last(),
        Value::Mapping(entries) => entries.last().map(|(_, value)| value),
        Value::Scalar(_) => None,
    };
    // An alias stands elsewhere in the text.
    last.map(|last| last.span.end).filter(|end| *end >= node.span.start).unwrap_or(closing.end)
}
