//! Nodes that are made rather than read, and looks at nodes by what they call.

use crate::template::{Meaning, Node, Scalar, Span, Value};

pub(crate) fn text(text: impl Into<String>, span: Span) -> Node {
    Node { value: Value::Scalar(Scalar::quoted(text)), span }
}

pub(crate) fn plain(text: impl Into<String>, span: Span) -> Node {
    Node { value: Value::Scalar(Scalar::plain(text)), span }
}

pub(crate) fn list(items: Vec<Node>, span: Span) -> Node {
    Node { value: Value::Sequence(items), span }
}

pub(crate) fn mapping(entries: Vec<(Node, Node)>, span: Span) -> Node {
    Node { value: Value::Mapping(entries), span }
}

/// The call of a function, in its long form.
pub(crate) fn call(name: &str, argument: Node) -> Node {
    let span = argument.span;
    mapping(vec![(text(name, span), argument)], span)
}

pub(crate) fn reference(name: &str, span: Span) -> Node {
    call("Ref", text(name, span))
}

pub(crate) fn no_value(span: Span) -> Node {
    reference("AWS::NoValue", span)
}

/// The argument of a call of `name`; nothing for any other node.
pub(crate) fn argument<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.single().filter(|(function, _)| *function == name).map(|(_, argument)| argument)
}

pub(crate) fn is_no_value(node: &Node) -> bool {
    argument(node, "Ref").and_then(Node::text) == Some("AWS::NoValue")
}

/// Condition and branches of an `Fn::If`.
pub(crate) fn branches(node: &Node) -> Option<(&str, &Node, &Node)> {
    match argument(node, "Fn::If")?.items() {
        [condition, one, other] => Some((condition.text()?, one, other)),
        _ => None,
    }
}

/// The text that CloudFormation makes of a literal.
pub(crate) fn literal(node: &Node) -> Option<&str> {
    let scalar = node.scalar()?;
    Some(match scalar.meaning() {
        Meaning::Null => "",
        Meaning::Bool(true) => "true",
        Meaning::Bool(false) => "false",
        Meaning::Number | Meaning::Text => &scalar.text,
    })
}

/// Whether two nodes say the same, wherever they were written.
pub(crate) fn is_same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Scalar(one), Value::Scalar(other)) => one.text == other.text && one.meaning() == other.meaning(),
        (Value::Sequence(one), Value::Sequence(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Mapping(one), Value::Mapping(other)) => {
            let is_pair = |((key, value), (name, item)): (&(Node, Node), &(Node, Node))| {
                is_same(key, name) && is_same(value, item)
            };
            one.len() == other.len() && one.iter().zip(other).all(is_pair)
        }
        _ => false,
    }
}

/// The node and all that lies in it, outermost first.
pub(crate) fn walk<'a>(node: &'a Node, visit: &mut dyn FnMut(&'a Node)) {
    visit(node);
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Mapping(entries) => entries.iter().for_each(|(_, value)| walk(value, visit)),
    }
}
