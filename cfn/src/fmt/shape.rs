//! Which nodes can stand on one line, and which need several.

use super::syntax::{Content, Shape, Style, Syntax};

/// It takes lines of its own: in block style, or in flow style with something in it that cannot stand on one line.
pub(super) fn is_block(node: &Syntax) -> bool {
    if node.is_empty() {
        return false;
    }
    match &node.content {
        Content::Sequence(_, Shape::Block) | Content::Mapping(_, Shape::Block) => true,
        Content::Sequence(items, _) => {
            !node.below.is_empty() || items.iter().any(|item| needs_lines(item) || is_nothing(item))
        }
        Content::Mapping(entries, _) => {
            !node.below.is_empty() || entries.iter().any(|(key, value)| needs_lines(key) || needs_lines(value))
        }
        _ => false,
    }
}

/// A comment or a block cannot stand in brackets.
fn needs_lines(node: &Syntax) -> bool {
    let has_comments = !node.above.is_empty() || node.beside.is_some() || !node.below.is_empty();
    has_comments || matches!(node.content, Content::Scalar(_, Style::Literal | Style::Folded(_))) || is_block(node)
}

/// An empty plain scalar, which a list in brackets cannot have.
fn is_nothing(node: &Syntax) -> bool {
    let is_bare = node.tag.is_none() && node.anchor.is_none();
    is_bare && matches!(&node.content, Content::Scalar(text, Style::Plain) if text.is_empty())
}

/// A flow collection that may take several lines. A pair without braces may not.
pub(super) fn is_breakable(node: &Syntax) -> bool {
    !node.is_empty() && matches!(node.content, Content::Sequence(..) | Content::Mapping(_, Shape::Block | Shape::Flow))
}
