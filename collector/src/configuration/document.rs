//! YAML text → nodes with their places. Scalars keep their text: what a value means is decided by the setting that it is for.

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span as ParserSpan};

use super::fault::{Fault, Position, Span};

/// Deeper nesting than this is no configuration that a person wrote.
pub const DEFAULT_CONFIG_DEPTH_MAX: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// An empty value, `~` or `null`.
    Nothing,
    Scalar(String),
    List(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

/// A collection that is not closed yet.
struct Open {
    is_mapping: bool,
    start: Span,
    nodes: Vec<Node>,
}

/// The keys and values at the top. A text without any is an empty configuration.
pub(super) fn parse(text: &str) -> Result<Vec<(Node, Node)>, Fault> {
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, parsed) = event.map_err(|error| Fault::at(point(error.marker()), error.info()))?;
        let span = Span { start: position(&parsed.start), end: position(&parsed.end) };
        let finished = match event {
            Event::Scalar(text, style, _, tag) => {
                refuse_tag(tag.is_some(), span)?;
                Node { value: scalar(&text, style, &parsed), span }
            }
            Event::SequenceStart(_, _, tag) | Event::MappingStart(_, _, tag) if tag.is_some() => {
                return refuse_tag(true, span).map(|()| Vec::new());
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if open.len() == DEFAULT_CONFIG_DEPTH_MAX {
                    let message = format!("the nesting is deeper than {DEFAULT_CONFIG_DEPTH_MAX} levels");
                    return Err(Fault::at(span, message));
                }
                let is_mapping = matches!(event, Event::MappingStart(..));
                open.push(Open { is_mapping, start: span, nodes: Vec::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(collection) => closed(collection, span),
                None => continue,
            },
            Event::Alias(_) => return Err(Fault::at(span, "a configuration has no aliases; write the value out")),
            Event::DocumentStart(..) if root.is_some() => {
                return Err(Fault::at(span, "a configuration is one YAML document"));
            }
            _ => continue,
        };
        match open.last_mut() {
            Some(outer) => outer.nodes.push(finished),
            None => root = Some(finished),
        }
    }
    match root {
        None | Some(Node { value: Value::Nothing, .. }) => Ok(Vec::new()),
        Some(Node { value: Value::Mapping(entries), .. }) => Ok(entries),
        Some(Node { span, .. }) => Err(Fault::at(span, "a configuration is a mapping, such as `otlp-grpc-port: 4317`")),
    }
}

fn refuse_tag(is_tagged: bool, span: Span) -> Result<(), Fault> {
    if is_tagged { Err(Fault::at(span, "a configuration has no tags")) } else { Ok(()) }
}

fn scalar(text: &str, style: ScalarStyle, parsed: &ParserSpan) -> Value {
    // The parser writes `~` for a scalar that is not there.
    let is_missing = parsed.start == parsed.end || matches!(text, "" | "~" | "null");
    if style == ScalarStyle::Plain && is_missing { Value::Nothing } else { Value::Scalar(text.to_owned()) }
}

fn closed(Open { is_mapping, start, nodes }: Open, end: Span) -> Node {
    let last = nodes.last().map_or(start.end, |node| node.span.end);
    // One without brackets ends for the parser where the next token begins.
    let end = if end.start == end.end { last } else { end.end };
    let span = Span { start: start.start, end };
    if !is_mapping {
        return Node { value: Value::List(nodes), span };
    }
    let mut entries = Vec::with_capacity(nodes.len() / 2);
    let mut nodes = nodes.into_iter();
    while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
        entries.push((key, value));
    }
    Node { value: Value::Mapping(entries), span }
}

fn position(marker: &Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

fn point(marker: &Marker) -> Span {
    Span { start: position(marker), end: position(marker) }
}
