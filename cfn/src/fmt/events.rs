//! Text → syntax: the parser's events, with each comment put where it belongs.

use super::syntax::{Comment, Content, Shape, Style, Syntax};
use crate::template::{Fault, options, syntax_fault};
use granit_parser::{Event, Parser, ScalarStyle, Span as ParserSpan, StructureStyle};

/// The text must be one that the reader takes: what it refuses is not looked for again.
pub(super) fn read(name: &str, text: &str) -> Result<Syntax, Fault> {
    let mut options = options(text);
    options.set_emit_comments(true);
    options.max_buffered_comment_events = text.len();
    options.emit_anchor_events = true;
    options.disallow_directives = true;
    let mut reader = Reader {
        text,
        lines: text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect(),
        open: Vec::new(),
        root: Syntax::default(),
        has_root: false,
        waiting: Vec::new(),
        last_line: 0,
        has_just_opened: false,
    };
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| syntax_fault(name, &error))?;
        reader.take(event, &span);
    }
    let rest = std::mem::take(&mut reader.waiting);
    reader.root.below.extend(rest.into_iter().map(|waiting| waiting.comment));
    Ok(reader.root)
}

/// A collection that is not closed yet.
struct Open {
    node: Syntax,
    key: Option<Syntax>,
    /// Comments from this column on, before its end, are its own; nothing where brackets say so.
    column: Option<usize>,
    is_mapping: bool,
}

/// A comment that waits for the node which it stands above.
struct Waiting {
    comment: Comment,
    column: usize,
    index: usize,
}

struct Reader<'a> {
    text: &'a str,
    lines: Vec<&'a str>,
    open: Vec<Open>,
    root: Syntax,
    has_root: bool,
    waiting: Vec<Waiting>,
    /// Of the last node that is complete.
    last_line: usize,
    has_just_opened: bool,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, span: &ParserSpan) {
        match event {
            Event::Comment(text, _) => self.comment(&text, span),
            Event::Anchor(_, name) => self.anchor(name.into_owned()),
            Event::Alias(_) => {
                let name = span.slice(self.text).unwrap_or_default().trim_start_matches('*').to_owned();
                let node = self.begun(Syntax::new(Content::Alias(name)), span);
                self.complete(node, span.end.line());
            }
            Event::Scalar(text, style, _, tag) => {
                let is_missing = style == ScalarStyle::Plain && span.is_empty();
                let text = if is_missing { String::new() } else { text.into_owned() };
                let style = self.style(style, &text, span);
                let mut node = Syntax::scalar(text, style);
                node.tag = tag.and_then(|_| self.tag(span));
                let node = if is_missing && node.tag.is_none() && !self.awaits_key() && !self.is_in_list() {
                    node
                } else {
                    self.begun(node, span)
                };
                let last_line = self.last_line_of(&node, span);
                self.complete(node, last_line);
            }
            Event::SequenceStart(style, _, tag) => {
                let shape = shape(style, span);
                let mut node = Syntax::new(Content::Sequence(Vec::new(), shape));
                node.tag = tag.and_then(|_| self.tag(span));
                self.start(node, span, style, false);
            }
            Event::MappingStart(style, _, tag) => {
                let mut node = Syntax::new(Content::Mapping(Vec::new(), shape(style, span)));
                node.tag = tag.and_then(|_| self.tag(span));
                self.start(node, span, style, true);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            _ => {}
        }
    }

    fn comment(&mut self, text: &str, span: &ParserSpan) {
        let line = span.start.line();
        let text = format!("#{}", text.trim_end());
        if line <= self.last_line
            && let Some(last) = self.last().filter(|last| last.beside.is_none())
        {
            last.beside = Some(text);
            return;
        }
        let comment = Comment { text, is_apart: self.is_apart(line) };
        self.waiting.push(Waiting { comment, column: span.start.col(), index: span.start.index() });
    }

    /// The last node that is complete, where it lies directly in the innermost collection.
    fn last(&mut self) -> Option<&mut Syntax> {
        let Some(open) = self.open.last_mut() else { return Some(&mut self.root).filter(|_| self.has_root) };
        if open.key.is_some() {
            return open.key.as_mut();
        }
        match &mut open.node.content {
            Content::Sequence(items, _) => items.last_mut(),
            Content::Mapping(entries, _) => entries.last_mut().map(|(_, value)| value),
            _ => None,
        }
    }

    /// The parser tells a node's anchor right after the node began.
    fn anchor(&mut self, name: String) {
        if self.has_just_opened {
            if let Some(open) = self.open.last_mut() {
                open.node.anchor = Some(name);
            }
        } else if let Some(last) = self.last() {
            last.anchor = Some(name);
        }
    }

    fn tag(&self, span: &ParserSpan) -> Option<String> {
        span.tag_span()?.slice(self.text).map(str::to_owned)
    }

    fn is_apart(&self, line: usize) -> bool {
        let before = line.checked_sub(2).and_then(|at| self.lines.get(at));
        before.is_some_and(|line| line.trim().is_empty())
    }

    fn awaits_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_mapping && open.key.is_none())
    }

    fn is_in_list(&self) -> bool {
        self.open.last().is_some_and(|open| !open.is_mapping)
    }

    /// A node takes the comments before it.
    fn begun(&mut self, mut node: Syntax, span: &ParserSpan) -> Syntax {
        let start = span.tag_start().unwrap_or(span.start);
        let before = self.waiting.iter().take_while(|waiting| waiting.index < start.index()).count();
        node.above = self.waiting.drain(..before).map(|waiting| waiting.comment).collect();
        node.is_apart = self.is_apart(start.line());
        node
    }

    fn start(&mut self, node: Syntax, span: &ParserSpan, style: StructureStyle, is_mapping: bool) {
        let is_block = style == StructureStyle::Block;
        // The comments before a block in a mapping are those of its first child.
        let is_entry_value = is_block && !self.is_in_list();
        let node = if is_entry_value { node } else { self.begun(node, span) };
        let column = span.start.col();
        let is_flush = self.open.last().is_some_and(|parent| parent.is_mapping && parent.column == Some(column));
        let column = is_block.then_some(if is_flush { column + 1 } else { column });
        self.open.push(Open { node, key: None, column, is_mapping });
        self.has_just_opened = true;
    }

    fn end(&mut self, span: &ParserSpan) {
        let Some(mut open) = self.open.pop() else { return };
        let own = match open.column {
            Some(column) => self.waiting.iter().take_while(|waiting| waiting.column >= column).count(),
            None => self.waiting.iter().take_while(|waiting| waiting.index < span.end.index()).count(),
        };
        open.node.below = self.waiting.drain(..own).map(|waiting| waiting.comment).collect();
        let last_line = if open.column.is_some() { self.last_line } else { span.end.line() };
        self.complete(open.node, last_line);
    }

    fn complete(&mut self, node: Syntax, last_line: usize) {
        self.last_line = last_line.max(self.last_line);
        self.has_just_opened = false;
        let Some(open) = self.open.last_mut() else {
            self.root = node;
            self.has_root = true;
            return;
        };
        match (&mut open.node.content, open.key.take()) {
            (Content::Sequence(items, _), _) => items.push(node),
            (Content::Mapping(entries, _), Some(key)) => entries.push((key, node)),
            (Content::Mapping(..), None) => open.key = Some(node),
            _ => {}
        }
    }

    fn style(&self, style: ScalarStyle, text: &str, span: &ParserSpan) -> Style {
        match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => match self.folded(text, span) {
                Some(lines) => Style::Folded(lines),
                None => Style::Literal,
            },
        }
    }

    /// The lines of a folded block without their indentation; nothing for one that begins or ends in an unusual way.
    fn folded(&self, text: &str, span: &ParserSpan) -> Option<Vec<String>> {
        let whole = text.strip_suffix('\n').unwrap_or(text);
        // Spaces on a line of their own at the end are a part of the text, and no line that was folded.
        let is_usual = !text.starts_with([' ', '\t', '\n']) && !whole.ends_with([' ', '\t', '\n']) && !text.is_empty();
        let body = span.slice(self.text).filter(|_| is_usual)?.trim_end_matches([' ', '\t', '\n', '\r']);
        let first = span.start.line().checked_sub(1)?;
        let lines = self.lines.get(first..=first + body.matches('\n').count())?;
        let indent = span.start.col();
        lines.iter().map(|line| line.get(indent.min(line.len())..).map(str::to_owned)).collect()
    }

    /// A comment on this line or before stands beside the node. A block's is on the line of its indicator.
    fn last_line_of(&self, node: &Syntax, span: &ParserSpan) -> usize {
        match &node.content {
            Content::Scalar(_, Style::Literal | Style::Folded(_)) => {
                span.start.line() - usize::from(span.start.line() > 1)
            }
            _ => span.end.line(),
        }
    }
}

fn shape(style: StructureStyle, span: &ParserSpan) -> Shape {
    match style {
        StructureStyle::Block => Shape::Block,
        // A pair without braces has no token of its own.
        StructureStyle::Flow if span.is_empty() => Shape::Pair,
        StructureStyle::Flow => Shape::Flow,
    }
}
