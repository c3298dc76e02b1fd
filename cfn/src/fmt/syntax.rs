//! A document as it is written: nodes with what means nothing to CloudFormation, such as comments, blank lines, anchors and
//! styles. `events` makes it from text, `template::print` from nodes, and `yaml` and `json` write it.

#[derive(Debug, Clone, Default)]
pub(crate) struct Syntax {
    /// Comments on lines of their own before it; those of an entry are its key's.
    pub(crate) above: Vec<Comment>,
    /// A blank line lies between it and what comes before, comments included.
    pub(crate) is_apart: bool,
    /// As written, without `&`.
    pub(crate) anchor: Option<String>,
    /// As written, with `!`.
    pub(crate) tag: Option<String>,
    pub(crate) content: Content,
    /// The comment at the end of its line.
    pub(crate) beside: Option<String>,
    /// Comments between its last child and its end.
    pub(crate) below: Vec<Comment>,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    /// With `#`.
    pub(crate) text: String,
    /// A blank line comes before it.
    pub(crate) is_apart: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// As written, without `*`.
    Alias(String),
    Scalar(String, Style),
    Sequence(Vec<Syntax>, Shape),
    Mapping(Vec<(Syntax, Syntax)>, Shape),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    /// A block that keeps its lines.
    Literal,
    /// A block whose lines become one: they are kept as they were folded.
    Folded(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Block,
    /// In brackets or braces.
    Flow,
    /// One pair in a list in brackets, without braces of its own.
    Pair,
}

impl Default for Content {
    fn default() -> Self {
        Self::Scalar(String::new(), Style::Plain)
    }
}

impl Syntax {
    pub(crate) fn new(content: Content) -> Self {
        Self { content, ..Self::default() }
    }

    pub(crate) fn scalar(text: impl Into<String>, style: Style) -> Self {
        Self::new(Content::Scalar(text.into(), style))
    }

    #[must_use]
    pub(crate) fn tagged(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        match &self.content {
            Content::Sequence(items, _) => items.is_empty(),
            Content::Mapping(entries, _) => entries.is_empty(),
            _ => false,
        }
    }

    fn has_comments(&self) -> bool {
        let own = !self.above.is_empty() || self.beside.is_some() || !self.below.is_empty();
        own || self.has_comments_inside()
    }

    /// Comments that lie before its end, so that it cannot be one line.
    pub(crate) fn has_comments_inside(&self) -> bool {
        let inside = match &self.content {
            Content::Sequence(items, _) => items.iter().any(Self::has_comments),
            Content::Mapping(entries, _) => {
                entries.iter().any(|(key, value)| key.has_comments() || value.has_comments())
            }
            _ => false,
        };
        inside || !self.below.is_empty()
    }
}
