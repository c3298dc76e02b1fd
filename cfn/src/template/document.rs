//! YAML or JSON text → tree of nodes, each with its span. Scalars keep their text and whether they were quoted: what
//! CloudFormation makes of a plain one is decided late (`scalar`). Short tags (`!Sub`) become their long form (`Fn::Sub`),
//! and aliases become what they stand for.

use super::fault::{Fault, Faults};
use super::scalar::Scalar;
use super::tag::{self, Meant};
use super::{Node, Position, Span, Value, place};
use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span as ParserSpan, Tag};
use std::collections::{HashMap, HashSet};

/// CloudFormation takes no template that is larger (1 MB, from S3).
pub const DEFAULT_TEMPLATE_BYTES_MAX: usize = 1_048_576;
/// Deeper nesting than this, aliases expanded, is no template that a person wrote.
pub const DEFAULT_TEMPLATE_DEPTH_MAX: usize = 100;
/// Nodes of one template, with what its anchors keep and its aliases stand for.
pub const DEFAULT_TEMPLATE_NODES_MAX: usize = 250_000;

pub(super) fn parse(name: &str, text: &str) -> Result<Node, Faults> {
    check_size(name, text)?;
    let is_json = is_json(text);
    let mut builder = Builder {
        name,
        text,
        is_json,
        open: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        nodes: 0,
        faults: Vec::new(),
    };
    for next in Parser::new_from_str_with_options(text, options(text)) {
        let stopped = match next {
            Ok((event, span)) => builder.take(event, &span).err(),
            Err(error) => Some(syntax_fault(name, &error)),
        };
        if let Some(fault) = stopped {
            builder.faults.push(fault);
            break;
        }
    }
    let Builder { root, mut faults, .. } = builder;
    let root = root.unwrap_or_else(|| {
        if faults.is_empty() {
            faults.push(Fault::new(name, START, "the template is empty"));
        }
        Node { value: Value::Mapping(Vec::new()), span: START }
    });
    Faults::none_or(faults, root)
}

const START: Span = Span { start: Position::START, end: Position::START };

pub(crate) fn check_size(name: &str, text: &str) -> Result<(), Fault> {
    if text.len() <= DEFAULT_TEMPLATE_BYTES_MAX {
        return Ok(());
    }
    let message = format!("the template has {} bytes, CloudFormation takes {DEFAULT_TEMPLATE_BYTES_MAX}", text.len());
    Err(Fault::new(name, START, message))
}

/// What the parser refuses.
pub(crate) fn syntax_fault(name: &str, error: &ScanError) -> Fault {
    let message = match error.kind() {
        // The parser looks ahead, and may meet too many brackets before their events come.
        ErrorKind::RecursionLimitExceeded => too_deep(),
        _ => error.info(),
    };
    Fault::new(name, place::at(error.marker()), message)
}

fn too_deep() -> String {
    format!("the nesting is deeper than {DEFAULT_TEMPLATE_DEPTH_MAX} levels")
}

pub(crate) fn options(text: &str) -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    if is_json(text) {
        // YAML ends a key after 1024 characters, JSON does not.
        options.simple_key_max_lookahead = text.len();
    }
    options
}

pub(crate) fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

/// JSON's `1e3` would be text to YAML 1.1, whose numbers with an exponent have a dot and a sign.
fn json_number(text: String) -> String {
    let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && text.chars().all(|character| character.is_ascii_digit() || "+-.eE".contains(character));
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']).filter(|_| is_number) else { return text };
    let dot = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{mantissa}{dot}e{sign}{exponent}")
}

/// A collection that is not closed yet.
struct Open {
    node: Node,
    /// Of its tag, or else of itself.
    tag_span: Span,
    function: Option<String>,
    anchor: usize,
    key: Key,
    keys: HashSet<String>,
}

enum Key {
    Awaited,
    Taken(Node),
    /// A key with a fault: its value is read, and dropped.
    Refused,
}

/// What an anchor keeps.
struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

struct Builder<'a> {
    name: &'a str,
    text: &'a str,
    is_json: bool,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    faults: Vec<Fault>,
}

impl Builder<'_> {
    /// Fails where reading on makes no sense.
    fn take(&mut self, event: Event<'_>, parsed: &ParserSpan) -> Result<(), Fault> {
        let span = place::span(parsed);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let span = place::scalar(self.text, span, style);
                let tag_span = parsed.tag_span().map_or(span, |span| place::span(&span));
                let meant = self.meant(tag.as_deref(), tag_span);
                // The parser writes `~` for a scalar that is not there.
                let is_missing = style == ScalarStyle::Plain && span.start == span.end;
                let text = if is_missing { String::new() } else { text.into_owned() };
                let is_plain = meant.is_plain(style == ScalarStyle::Plain);
                let text = if self.is_json && is_plain { json_number(text) } else { text };
                let node = Node { value: Value::Scalar(Scalar { text, is_plain }), span };
                self.finish(tag::long_form(node, tag_span, meant.function()), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(Value::Sequence(Vec::new()), span, parsed, anchor, tag.as_deref())
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(Value::Mapping(Vec::new()), span, parsed, anchor, tag.as_deref())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { mut node, tag_span, function, anchor, .. }) => {
                    node.span.end = place::end(&node, span);
                    self.finish(tag::long_form(tag::attribute_in_two(node), tag_span, function), anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(Fault::new(self.name, span, "a template is one YAML document"))
            }
            _ => Ok(()),
        }
    }

    fn meant(&mut self, tag: Option<&Tag>, span: Span) -> Meant {
        let Some(tag) = tag else { return Meant::Nothing };
        tag::meant(tag).unwrap_or_else(|message| {
            self.faults.push(Fault::new(self.name, span, message));
            Meant::Nothing
        })
    }

    fn start(
        &mut self,
        value: Value,
        span: Span,
        parsed: &ParserSpan,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<(), Fault> {
        self.check_depth(1, span)?;
        let tag_span = parsed.tag_span().map_or(span, |span| place::span(&span));
        let function = self.meant(tag, tag_span).function();
        let node = Node { value, span };
        self.open.push(Open { node, tag_span, function, anchor, key: Key::Awaited, keys: HashSet::new() });
        Ok(())
    }

    fn check_depth(&self, height: usize, span: Span) -> Result<(), Fault> {
        if self.open.len() + height <= DEFAULT_TEMPLATE_DEPTH_MAX {
            return Ok(());
        }
        Err(Fault::new(self.name, span, too_deep()))
    }

    fn check_nodes(&mut self, more: usize, span: Span) -> Result<(), Fault> {
        self.nodes += more;
        if self.nodes <= DEFAULT_TEMPLATE_NODES_MAX {
            return Ok(());
        }
        let message = format!("the template has more than {DEFAULT_TEMPLATE_NODES_MAX} nodes, aliases expanded");
        Err(Fault::new(self.name, span, message))
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Fault> {
        let Some(Anchored { size, height, .. }) = self.anchors.get(&anchor) else {
            return Err(Fault::new(self.name, span, "an alias stands inside of what it stands for"));
        };
        let (size, height) = (*size, *height);
        self.check_depth(height, span)?;
        self.check_nodes(size, span)?;
        let node = self.anchors.get(&anchor).map(|anchored| anchored.node.clone());
        node.map_or(Ok(()), |node| self.place(node, span))
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor != 0 {
            let (size, height) = extent(&node);
            self.check_nodes(size, node.span)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, height });
        }
        self.check_nodes(1, node.span)?;
        let span = node.span;
        self.place(node, span)
    }

    fn place(&mut self, node: Node, span: Span) -> Result<(), Fault> {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut parent.node.value {
            Value::Sequence(items) => items.push(node),
            Value::Mapping(entries) => match std::mem::replace(&mut parent.key, Key::Awaited) {
                Key::Taken(key) => entries.push((key, node)),
                Key::Refused => {}
                Key::Awaited => {
                    parent.key = match key_fault(&node, &mut parent.keys) {
                        None => Key::Taken(node),
                        Some(message) => {
                            self.faults.push(Fault::new(self.name, span, message));
                            Key::Refused
                        }
                    };
                }
            },
            Value::Scalar(_) => {}
        }
        Ok(())
    }
}

fn key_fault(node: &Node, keys: &mut HashSet<String>) -> Option<String> {
    let Some(scalar) = node.scalar() else { return Some("a key must be a plain text".to_owned()) };
    if scalar.is_plain && scalar.text == "<<" {
        return Some("CloudFormation takes no merge keys (`<<`)".to_owned());
    }
    if scalar.is_plain && scalar.text.is_empty() {
        return Some("a key is missing".to_owned());
    }
    (!keys.insert(scalar.text.clone())).then(|| format!("the key `{}` is there twice", scalar.text))
}

/// Nodes in it, itself included, and its levels of collections.
fn extent(node: &Node) -> (usize, usize) {
    let inner: Vec<&Node> = match &node.value {
        Value::Scalar(_) => return (1, 0),
        Value::Sequence(items) => items.iter().collect(),
        Value::Mapping(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
    };
    inner.into_iter().map(extent).fold((1, 1), |(size, height), (more, below)| (size + more, height.max(below + 1)))
}
