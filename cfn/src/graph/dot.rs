//! Graphs for Graphviz: stacks are clusters.

use super::{Graph, Group, label};
use std::collections::BTreeMap;
use std::fmt::Write;

pub(super) fn write(graph: &Graph) -> String {
    let mut out = format!("digraph {} {{\n", quoted(&graph.root.label));
    out += "  compound=true;\n  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];\n";
    out += "  graph [fontname=\"sans-serif\", fontsize=12, style=rounded, color=gray];\n  edge [color=gray40, fontname=\"sans-serif\", fontsize=10];\n";
    content(&graph.root, 1, &mut out);
    // Graphviz draws an edge to a cluster as one to a node in it that ends at the border.
    let groups: BTreeMap<&str, &Group> = graph.root.walk().into_iter().map(|group| (&*group.path, group)).collect();
    let end = |path: &str| match groups.get(path) {
        Some(group) => (group.first_node().map(|node| node.path.clone()), Some(cluster(path))),
        None => (Some(path.to_owned()), None),
    };
    for ((from, to), ports) in &graph.edges {
        let ((Some(tail), from), (Some(head), to)) = (end(from), end(to)) else { continue };
        let attributes = [("ltail", from), ("lhead", to), ("label", label(ports))];
        let attributes = attributes.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", quoted(&value?))));
        let attributes = attributes.collect::<Vec<_>>().join(", ");
        let attributes = if attributes.is_empty() { attributes } else { format!(" [{attributes}]") };
        let _ = writeln!(out, "  {} -> {}{attributes};", quoted(&tail), quoted(&head));
    }
    out + "}\n"
}

fn content(group: &Group, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for node in &group.nodes {
        let label = quoted(&format!("{}\n{}", node.logical_id, node.kind));
        let _ = writeln!(out, "{indent}{} [label={label}];", quoted(&node.path));
    }
    for inner in &group.groups {
        let _ = writeln!(out, "{indent}subgraph {} {{", quoted(&cluster(&inner.path)));
        let _ = writeln!(out, "{indent}  label={};", quoted(&inner.label));
        content(inner, depth + 1, out);
        let _ = writeln!(out, "{indent}}}");
    }
}

fn cluster(path: &str) -> String {
    format!("cluster_{path}")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
