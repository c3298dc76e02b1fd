//! Syntax → YAML in one layout: two spaces per level, lists one level below their key, long flow collections broken.

use super::line::{Child, brackets, flow_children, inline, inline_key, inline_within, properties};
use super::scalar;
use super::shape::{is_block, is_breakable};
use super::syntax::{Comment, Content, Shape, Style, Syntax};

/// Lines are not made longer where they can be broken.
pub const DEFAULT_WIDTH: usize = 120;
const STEP: usize = 2;

pub(crate) fn write(root: &Syntax) -> String {
    let mut writer = Writer { out: String::new() };
    writer.comments(&root.above, 0, true);
    if is_block(root) {
        if let Some(properties) = properties(root) {
            writer.line(0, &properties);
        }
        writer.children(root, 0, false);
    } else {
        if inline(root).is_empty() {
            // Without it there would be no document.
            writer.out.push_str("---");
        }
        writer.value(root, 0, After::Nothing, None);
        writer.comments(&root.below, 0, false);
    }
    writer.out
}

/// What a value stands behind on its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    Key,
    Dash,
}

struct Writer {
    out: String,
}

impl Writer {
    fn line(&mut self, indent: usize, text: &str) {
        self.indent(indent);
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn comments(&mut self, comments: &[Comment], indent: usize, is_first: bool) {
        for (at, comment) in comments.iter().enumerate() {
            if comment.is_apart && !(is_first && at == 0) {
                self.blank();
            }
            self.line(indent, &comment.text);
        }
    }

    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// The children of a block collection. `is_begun`: the first one goes on behind a dash.
    fn children(&mut self, node: &Syntax, indent: usize, mut is_begun: bool) {
        let mut is_first = true;
        match &node.content {
            Content::Sequence(items, _) => {
                for item in items {
                    self.item(item, indent, is_first, is_begun);
                    (is_first, is_begun) = (false, false);
                }
            }
            Content::Mapping(entries, _) => {
                for (key, value) in entries {
                    self.entry(key, value, indent, is_first, is_begun);
                    (is_first, is_begun) = (false, false);
                }
            }
            _ => {}
        }
        self.comments(&node.below, indent, false);
        if let Some(comment) = &node.beside {
            self.line(indent, comment);
        }
    }

    fn item(&mut self, item: &Syntax, indent: usize, is_first: bool, is_begun: bool) {
        if !is_begun {
            let above = lead(item, indent);
            self.comments(&above, indent, is_first);
            if item.is_apart && !(is_first && above.is_empty()) {
                self.blank();
            }
            self.indent(indent);
        }
        self.out.push('-');
        if is_block(item) && properties(item).is_none() {
            self.out.push(' ');
            self.children(item, indent + STEP, true);
        } else {
            self.value(item, indent, After::Dash, None);
        }
    }

    fn entry(&mut self, key: &Syntax, value: &Syntax, indent: usize, is_first: bool, is_begun: bool) {
        let name = inline_key(key);
        let (above, beside) = around(key, value, indent);
        if !is_begun {
            self.comments(&above, indent, is_first);
            if key.is_apart && !(is_first && above.is_empty()) {
                self.blank();
            }
            self.indent(indent);
        }
        self.out.push_str(&name);
        self.value(value, indent, After::Key, beside);
    }

    /// What comes behind a key or a dash, up to the end of its last line.
    fn value(&mut self, node: &Syntax, indent: usize, after: After, beside: Option<&str>) {
        if is_block(node) || is_long_call(node, self.column()) {
            self.spaced(properties(node).as_deref());
            self.end_line(beside);
            if after == After::Key {
                self.comments(&node.above, indent + STEP, true);
            }
            return self.children(node, indent + STEP, false);
        }
        let comment = node.beside.as_deref().or(beside);
        if let Some((header, lines)) = block(node) {
            self.spaced(properties(node).as_deref());
            self.spaced(Some(&header));
            self.end_line(comment);
            for line in lines {
                self.line(if line.is_empty() { 0 } else { indent + STEP }, line);
            }
            return;
        }
        let text = match inline_within(node, DEFAULT_WIDTH.saturating_sub(self.column() + 1)) {
            Some(text) => text,
            None if is_breakable(node) => {
                self.spaced(properties(node).as_deref());
                return self.broken(node, indent, after, comment);
            }
            None => inline(node),
        };
        self.spaced(Some(&text).filter(|text| !text.is_empty()).map(String::as_str));
        self.end_line(comment);
    }

    /// A flow collection over several lines: behind a key on lines of its own, behind a dash at once.
    fn broken(&mut self, node: &Syntax, indent: usize, after: After, comment: Option<&str>) {
        let (open, close) = brackets(node);
        let mut outer = indent;
        if after == After::Nothing {
            self.out.push(open);
        } else if after == After::Dash && properties(node).is_none() {
            outer += STEP;
            self.spaced(Some(open.encode_utf8(&mut [0; 4])));
        } else {
            outer += STEP;
            self.out.push('\n');
            self.indent(outer);
            self.out.push(open);
        }
        self.out.push('\n');
        self.fill(node, outer + STEP);
        self.indent(outer);
        self.out.push(close);
        self.end_line(comment);
    }

    /// As many children on each line as it takes.
    fn fill(&mut self, node: &Syntax, indent: usize) {
        let children = flow_children(node);
        let last = children.len().saturating_sub(1);
        let mut was_nested = false;
        for (at, child) in children.into_iter().enumerate() {
            let comma = usize::from(at != last);
            let text = child.within(DEFAULT_WIDTH.saturating_sub(indent + comma));
            let width = text.as_ref().map_or(DEFAULT_WIDTH, |text| text.chars().count() + comma);
            if self.is_at_start() {
                self.indent(indent);
            } else if was_nested || self.column() + 1 + width > DEFAULT_WIDTH {
                self.out.push('\n');
                self.indent(indent);
            } else {
                self.out.push(' ');
            }
            was_nested = text.is_none() && is_breakable(child.value);
            match text {
                Some(text) => self.out.push_str(&text),
                None => self.nested(&child, indent),
            }
            if comma == 1 {
                self.out.push(',');
            }
        }
        self.out.push('\n');
    }

    /// A child that is itself too long for a line.
    fn nested(&mut self, child: &Child<'_>, indent: usize) {
        let name = child.key.map(inline_key);
        if !is_breakable(child.value) {
            let words = name.into_iter().chain([inline(child.value)]).collect::<Vec<_>>();
            return self.out.push_str(&words.join(" "));
        }
        for word in name.into_iter().chain(properties(child.value)) {
            self.out.push_str(&word);
            self.out.push(' ');
        }
        let (open, close) = brackets(child.value);
        self.out.push(open);
        self.out.push('\n');
        self.fill(child.value, indent + STEP);
        self.indent(indent);
        self.out.push(close);
    }

    fn spaced(&mut self, text: Option<&str>) {
        let Some(text) = text else { return };
        if !self.is_at_start() {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    fn end_line(&mut self, comment: Option<&str>) {
        self.spaced(comment);
        self.out.push('\n');
    }

    fn is_at_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with('\n')
    }

    fn column(&self) -> usize {
        self.out.rsplit('\n').next().map_or(0, |line| line.chars().count())
    }
}

/// The comments above an entry, and the one beside its key. A line has room for one comment: the value's own, or else the one
/// that stood beside the key.
fn around<'a>(key: &'a Syntax, value: &Syntax, indent: usize) -> (Vec<Comment>, Option<&'a str>) {
    let mut above = key.above.clone();
    let goes_below = is_block(value) || is_long_call(value, indent + inline_key(key).chars().count());
    let has_inner = !goes_below && (!value.above.is_empty() || !value.below.is_empty());
    let is_hoisted = !goes_below && (value.beside.is_some() || has_inner);
    let (hoisted, beside) = if is_hoisted { (key.beside.as_ref(), None) } else { (None, key.beside.as_deref()) };
    above.extend(hoisted.map(|text| Comment { text: text.clone(), is_apart: false }));
    if has_inner {
        above.extend(value.above.iter().chain(&value.below).cloned());
    }
    (above, beside)
}

/// The comments before an item at `indent`, with those of what begins on the same line.
fn lead(item: &Syntax, indent: usize) -> Vec<Comment> {
    let mut comments = item.above.clone();
    if !is_block(item) {
        comments.extend(item.below.iter().cloned());
        return comments;
    }
    if properties(item).is_some() {
        return comments;
    }
    match &item.content {
        Content::Sequence(items, _) => comments.extend(items.iter().take(1).flat_map(|item| lead(item, indent + STEP))),
        Content::Mapping(entries, _) => {
            comments.extend(entries.iter().take(1).flat_map(|(key, value)| around(key, value, indent + STEP).0));
        }
        _ => {}
    }
    comments
}

/// A function call that does not fit behind its key or dash, which ends at `column`, becomes a block.
fn is_long_call(node: &Syntax, column: usize) -> bool {
    let is_call = node.tag.is_some() && matches!(node.content, Content::Sequence(_, Shape::Flow)) && !node.is_empty();
    is_call && inline_within(node, DEFAULT_WIDTH.saturating_sub(column + 1)).is_none()
}

fn block(node: &Syntax) -> Option<(String, Vec<&str>)> {
    match &node.content {
        Content::Scalar(text, Style::Literal) => scalar::literal_block(text),
        Content::Scalar(text, Style::Folded(lines)) => {
            let (chomping, _) = scalar::chomping(text);
            Some((format!(">{chomping}"), lines.iter().map(String::as_str).collect()))
        }
        _ => None,
    }
}
