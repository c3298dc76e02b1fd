//! The text of a file by lines, for whoever gives places without offsets.

use crate::template::{Position, Span};

/// One file to lint.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub text: String,
}

impl Source {
    /// Whether a text means to be a template, however broken it is: other files that lie beside templates do not.
    pub fn looks_like_a_template(text: &str) -> bool {
        text.lines().any(|line| {
            let key = line.trim_start().trim_start_matches(['{', '"', '\'']);
            key.starts_with("AWSTemplateFormatVersion")
                || (key.starts_with("Resources") && !line.starts_with("  - "))
                    && key["Resources".len()..].trim_start_matches(['"', '\'']).trim_start().starts_with(':')
        })
    }
}

pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// A span on one line; columns count characters from 1, and the end lies behind the last.
    pub(super) fn span(&self, line: u32, column: u32, end_column: u32) -> Span {
        let end = end_column.max(column.saturating_add(1));
        Span { start: self.position(line, column), end: self.position(line, end) }
    }

    fn position(&self, line: u32, column: u32) -> Position {
        let start = self.starts.get((line as usize).saturating_sub(1)).copied().unwrap_or(self.text.len());
        let rest = &self.text[start..];
        let before = rest.chars().take((column as usize).saturating_sub(1)).take_while(|letter| *letter != '\n');
        let width: usize = before.map(char::len_utf8).sum();
        Position { line, column, offset: u32::try_from(start + width).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_known_by_what_they_begin_with() {
        for text in
            ["Resources:\n  A: [", "{\"Resources\": {", "AWSTemplateFormatVersion: x", "x: 1\n\"Resources\" : {}"]
        {
            assert!(Source::looks_like_a_template(text), "{text}");
        }
        for text in ["services: {}", "# Resources: none", "Resourceful: yes", "{\"name\": \"jqs\"}", ""] {
            assert!(!Source::looks_like_a_template(text), "{text}");
        }
    }

    #[test]
    fn places_get_their_offsets() {
        let lines = Lines::of("a\nbé c\n");
        let span = lines.span(2, 2, 3);
        assert_eq!((span.start.offset, span.end.offset), (3, 5));
        assert_eq!(lines.span(9, 9, 9).start.offset, 8);
    }
}
