//! Every node of a tree, with the keys that lead to it.

use crate::template::{Node, Span, Value};

/// Calls `visit` for `node` and everything below it. Positions in lists are keys too.
pub(super) fn each<'a>(node: &'a Node, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &'a Node)) {
    visit(path, node);
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(at.to_string());
                each(item, path, visit);
                path.pop();
            }
        }
        Value::Mapping(entries) => {
            for (key, value) in entries {
                path.push(key.text().unwrap_or_default().to_owned());
                each(value, path, visit);
                path.pop();
            }
        }
    }
}

/// Where a path leads: the span of the value where it is one scalar, of its key where it is more. A path that goes on where
/// nothing is written ends at the last key that is there, which is where something is missing.
pub(super) fn locate(root: &Node, path: &[String]) -> Span {
    locate_deepest(root, path).0
}

/// The same, and how many of the keys are there.
pub(super) fn locate_deepest(root: &Node, path: &[String]) -> (Span, usize) {
    let mut node = root;
    let mut span = Span { start: root.span.start, end: root.span.start };
    for (depth, key) in path.iter().enumerate() {
        match &node.value {
            Value::Mapping(_) => match node.entry(key) {
                Some((name, value)) => {
                    span = if is_short(value) { value.span } else { name.span };
                    node = value;
                }
                None => return (span, depth),
            },
            Value::Sequence(items) => match key.parse::<usize>().ok().and_then(|at| items.get(at)) {
                Some(item) => {
                    span = first_of(item);
                    node = item;
                }
                None => return (span, depth),
            },
            Value::Scalar(_) => return (span, depth),
        }
    }
    (span, path.len())
}

/// A scalar, or a call with a short tag, on one line.
fn is_short(node: &Node) -> bool {
    let is_call = || matches!(node.entries(), [(key, value)] if key.span == value.span);
    node.span.start.line == node.span.end.line && (node.scalar().is_some() || is_call())
}

/// The node that a path leads to.
pub(super) fn find<'a>(root: &'a Node, path: &[String]) -> Option<&'a Node> {
    path.iter().try_fold(root, |node, key| match &node.value {
        Value::Sequence(items) => items.get(key.parse::<usize>().ok()?),
        _ => node.get(key),
    })
}

/// A short span for what may be long: its first key, or itself.
fn first_of(node: &Node) -> Span {
    match node.entries().first() {
        Some((key, _)) if !is_short(node) => key.span,
        _ => node.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    const TEXT: &str = "\
Resources:
  A:
    Type: T
    Properties:
      Name: !Ref N
      List:
        - Key: 1
        - two
";

    #[test]
    fn paths_lead_to_values_keys_and_what_is_missing() {
        let root = template::parse("t.yaml", TEXT).expect("a valid text");
        for (path, place) in [
            ("Resources/A", (2, 3)),
            ("Resources/A/Properties", (4, 5)),
            ("Resources/A/Properties/Missing", (4, 5)),
            ("Resources/A/Properties/List/0", (7, 11)),
            ("Resources/A/Properties/List/0/Key", (7, 16)),
            ("Resources/A/Properties/List/1", (8, 11)),
        ] {
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            let start = locate(&root, &path).start;
            assert_eq!((start.line, start.column), place, "{path:?}");
        }
    }

    #[test]
    fn every_node_is_visited_once() {
        let root = template::parse("t.yaml", TEXT).expect("a valid text");
        let mut seen = Vec::new();
        each(&root, &mut Vec::new(), &mut |path, node| seen.extend(node.text().map(|text| (path.join("/"), text))));
        assert_eq!(seen.len(), 4);
        assert_eq!(seen[1], ("Resources/A/Properties/Name/Ref".to_owned(), "N"));
    }
}
