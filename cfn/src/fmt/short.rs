//! Calls in their long form → calls in their short one, where that means the same.

use super::scalar::is_safe_plain;
use super::syntax::{Content, Style, Syntax};
use crate::template::{Meaning, Scalar, short_tag};

pub(super) fn shorten(node: &mut Syntax) {
    match &mut node.content {
        Content::Sequence(items, _) => items.iter_mut().for_each(shorten),
        Content::Mapping(entries, _) => {
            for (key, value) in entries {
                shorten(key);
                shorten(value);
            }
        }
        _ => {}
    }
    if node.tag.is_none()
        && let Some((tag, value)) = long_call(node)
    {
        node.below.extend(value.below);
        node.beside = node.beside.take().or(value.beside);
        node.content = value.content;
        node.tag = Some(tag);
    }
    if node.tag.as_deref() == Some("!GetAtt")
        && let Some(content) = attribute(node)
    {
        node.content = content;
    }
}

/// The tag and the argument of a mapping that is a call. Its comments must have a place left, and a tag cannot stand before
/// an alias or another tag.
fn long_call(node: &Syntax) -> Option<(String, Syntax)> {
    let Content::Mapping(entries, _) = &node.content else { return None };
    let [(key, value)] = entries.as_slice() else { return None };
    let Content::Scalar(name, _) = &key.content else { return None };
    let tag = short_tag(name)?;
    let is_bare_key = key.tag.is_none() && key.anchor.is_none() && key.above.is_empty() && key.beside.is_none();
    // An anchor of the argument would come to hold the whole call.
    let is_bare_value = value.tag.is_none() && value.anchor.is_none() && value.above.is_empty();
    let has_room = node.beside.is_none() || value.beside.is_none();
    let takes_tag = match &value.content {
        Content::Alias(_) => false,
        Content::Scalar(text, style) => !text.is_empty() || *style == Style::Quoted,
        _ => true,
    };
    // A comment at the end stays there only in a block that is not empty.
    let has_end = matches!(value.content, Content::Sequence(..) | Content::Mapping(..)) && !value.is_empty();
    let keeps_comments = has_end || (node.below.is_empty() && value.below.is_empty());
    (is_bare_key && is_bare_value && has_room && takes_tag && keeps_comments).then(|| (tag, value.clone()))
}

/// `[Resource, Attribute]` as `Resource.Attribute`.
fn attribute(node: &Syntax) -> Option<Content> {
    let Content::Sequence(items, _) = &node.content else { return None };
    let [resource, attribute] = items.as_slice() else { return None };
    let (resource, attribute) = (bare_text(resource)?, bare_text(attribute)?);
    if resource.contains('.') || node.has_comments_inside() {
        return None;
    }
    let text = format!("{resource}.{attribute}");
    let style = if is_safe_plain(&text, true) { Style::Plain } else { Style::Quoted };
    Some(Content::Scalar(text, style))
}

fn bare_text(node: &Syntax) -> Option<&str> {
    let Content::Scalar(text, style) = &node.content else { return None };
    let is_text = *style != Style::Plain || Scalar::plain(text.as_str()).meaning() == Meaning::Text;
    (is_text && node.tag.is_none() && node.anchor.is_none()).then_some(text)
}
