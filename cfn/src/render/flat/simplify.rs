//! Calls of functions, made as short as they can be said: what one function puts together, another need not take apart.

use crate::eval::Slot;
use crate::render::made::{argument, branches, call, is_no_value, is_same, list, literal, reference, text};
use crate::template::{Node, Span};

/// `Fn::If`, or either branch where they are the same.
pub(super) fn choose(condition: &str, one: Node, other: Node, span: Span) -> Node {
    if is_same(&one, &other) {
        return one;
    }
    call("Fn::If", list(vec![text(condition, span), one, other], span))
}

/// Carries a function into the branches of an `Fn::If`, where it may find something to simplify.
pub(super) fn each_branch(node: Node, function: &dyn Fn(Node) -> Node) -> Node {
    match branches(&node) {
        Some((condition, one, other)) => {
            let one = each_branch(one.clone(), function);
            let other = each_branch(other.clone(), function);
            choose(condition, one, other, node.span)
        }
        None => function(node),
    }
}

pub(super) fn join(delimiter: &str, items: Node) -> Node {
    let span = items.span;
    each_branch(items, &|items| {
        if let Some([by, whole]) = argument(&items, "Fn::Split").map(Node::items)
            && by.text() == Some(delimiter)
        {
            return whole.clone();
        }
        let parts: Option<Vec<&str>> = items.items().iter().map(literal).collect();
        match (parts, items.items()) {
            (Some(parts), [_, ..]) => text(parts.join(delimiter), span),
            (_, [one]) if !may_vanish(one) => one.clone(),
            _ => call("Fn::Join", list(vec![text(delimiter, span), items], span)),
        }
    })
}

pub(super) fn split(delimiter: &str, whole: Node) -> Node {
    let span = whole.span;
    each_branch(whole, &|whole| {
        if let Some(known) = literal(&whole) {
            return list(known.split(delimiter).map(|part| text(part, span)).collect(), span);
        }
        if let Some([by, items]) = argument(&whole, "Fn::Join").map(Node::items) {
            let is_whole = |item: &Node| !may_contain(item, delimiter);
            // A list that a parameter holds was itself taken apart at commas.
            let is_list = argument(items, "Ref").is_some() && delimiter == ",";
            let is_literal = !items.items().is_empty() && items.items().iter().all(is_whole);
            if by.text() == Some(delimiter) && (is_list || is_literal) {
                return items.clone();
            }
        }
        call("Fn::Split", list(vec![text(delimiter, span), whole], span))
    })
}

/// Whether the delimiter may lie within a value: an id or an attribute of a resource holds no comma.
fn may_contain(item: &Node, delimiter: &str) -> bool {
    if let Some(known) = literal(item) {
        return known.contains(delimiter);
    }
    if let Some((_, one, other)) = branches(item) {
        return may_contain(one, delimiter) || may_contain(other, delimiter);
    }
    if is_no_value(item) {
        return false;
    }
    let is_resource = argument(item, "Ref").is_some() || argument(item, "Fn::GetAtt").is_some();
    !(is_resource && delimiter == ",")
}

pub(super) fn select(index: Node, items: Node) -> Node {
    let span = items.span;
    let at: Option<usize> = literal(&index).and_then(|text| text.trim().parse().ok());
    each_branch(items, &|items| {
        let found = at.and_then(|at| Some((items.items().get(at)?, &items.items()[..=at])));
        match found {
            Some((item, before)) if !before.iter().any(may_vanish) => item.clone(),
            _ => call("Fn::Select", list(vec![index.clone(), items], span)),
        }
    })
}

/// Whether an item of a list may not be there, so that those behind it move up.
fn may_vanish(item: &Node) -> bool {
    is_no_value(item) || branches(item).is_some_and(|(_, one, other)| may_vanish(one) || may_vanish(other))
}

/// What a slot of a pattern stands for, said outside of it.
fn named(slot: &Slot, span: Span) -> Node {
    match slot {
        Slot::Text(known) => text(&**known, span),
        Slot::Name(name) => reference(name, span),
        Slot::Attribute(resource, attribute) => {
            call("Fn::GetAtt", list(vec![text(&**resource, span), text(&**attribute, span)], span))
        }
    }
}

/// A pattern of `Fn::Sub` that is put together from expressions.
pub(super) struct Pattern<'a> {
    text: String,
    variables: Vec<(String, Node)>,
    /// What stands alone, where nothing else is in the pattern.
    parts: Vec<Node>,
    is_taken: &'a dyn Fn(&str) -> bool,
    span: Span,
}

impl<'a> Pattern<'a> {
    pub(super) fn new(is_taken: &'a dyn Fn(&str) -> bool, span: Span) -> Self {
        Self { text: String::new(), variables: Vec::new(), parts: Vec::new(), is_taken, span }
    }

    pub(super) fn literal(&mut self, known: &str) {
        self.text.push_str(&known.replace("${", "${!"));
        self.parts.push(text(known, self.span));
    }

    /// `hint` is what a variable is called, if it takes one.
    pub(super) fn push(&mut self, hint: &str, value: Node) {
        if let Some(known) = literal(&value) {
            return self.literal(known);
        }
        if let Some(name) = argument(&value, "Ref").and_then(Node::text).filter(|name| *name != "AWS::NoValue") {
            self.text.push_str(&format!("${{{name}}}"));
        } else if let Some([resource, attribute]) = argument(&value, "Fn::GetAtt").map(Node::items)
            && let (Some(resource), Some(attribute)) = (resource.text(), attribute.text())
        {
            self.text.push_str(&format!("${{{resource}.{attribute}}}"));
        } else if let Some(inner) = argument(&value, "Fn::Sub").cloned() {
            return self.inline(hint, &inner, value);
        } else {
            let name = self.variable(hint, &value);
            self.text.push_str(&format!("${{{name}}}"));
        }
        self.parts.push(value);
    }

    /// A pattern inside of this one becomes part of it.
    fn inline(&mut self, hint: &str, inner: &Node, value: Node) {
        let (pattern, variables) = match inner.items() {
            [pattern, variables] => (pattern.text(), variables.entries()),
            _ => (inner.text(), &[][..]),
        };
        let slots = pattern.and_then(|pattern| crate::eval::slots(pattern).ok());
        let Some(slots) = slots else {
            let name = self.variable(hint, &value);
            self.text.push_str(&format!("${{{name}}}"));
            return self.parts.push(value);
        };
        let given = |name: &str| variables.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value);
        for slot in slots {
            let name = match &slot {
                Slot::Text(known) => {
                    self.literal(known);
                    continue;
                }
                Slot::Name(name) => name.to_string(),
                Slot::Attribute(resource, attribute) => format!("{resource}.{attribute}"),
            };
            match given(&name) {
                Some(value) => self.push(&name, value.clone()),
                None => self.push(&name, named(&slot, self.span)),
            }
        }
    }

    fn variable(&mut self, hint: &str, value: &Node) -> String {
        let hint: String = hint.chars().filter(char::is_ascii_alphanumeric).collect();
        let mut name = hint.clone();
        let mut number = 2;
        loop {
            match self.variables.iter().find(|(taken, _)| *taken == name) {
                Some((_, other)) if is_same(other, value) => return name,
                None if !(self.is_taken)(&name) => break,
                _ => {
                    name = format!("{hint}{number}");
                    number += 1;
                }
            }
        }
        self.variables.push((name.clone(), value.clone()));
        name
    }

    pub(super) fn finish(mut self) -> Node {
        let span = self.span;
        if self.parts.iter().all(|part| part.scalar().is_some()) {
            return text(self.parts.iter().filter_map(Node::text).collect::<String>(), span);
        }
        if self.parts.len() == 1 {
            return self.parts.remove(0);
        }
        let pattern = text(self.text, span);
        if self.variables.is_empty() {
            return call("Fn::Sub", pattern);
        }
        let variables = self.variables.into_iter().map(|(name, value)| (text(name, span), value)).collect();
        call("Fn::Sub", list(vec![pattern, crate::render::made::mapping(variables, span)], span))
    }
}
