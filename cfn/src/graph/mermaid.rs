//! Flowcharts for Mermaid, which GitHub shows in Markdown: stacks are subgraphs.

use super::{Area, Graph, Group, label};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Fill and border of each area, to be read on light and on dark pages.
const COLORS: [(&str, &str); 6] = [
    ("#dbeafe", "#2563eb"),
    ("#ffedd5", "#ea580c"),
    ("#dcfce7", "#16a34a"),
    ("#fee2e2", "#dc2626"),
    ("#f3e8ff", "#9333ea"),
    ("#f1f5f9", "#64748b"),
];

pub(super) fn write(graph: &Graph) -> String {
    let mut names = BTreeMap::new();
    let mut out = String::from("flowchart TB\n");
    content(&graph.root, 1, &mut names, &mut out);
    for ((from, to), ports) in &graph.edges {
        if let (Some(from), Some(to)) = (names.get(from), names.get(to)) {
            let label = label(ports).map(|label| format!("|\"{}\"|", escaped(&label))).unwrap_or_default();
            let _ = writeln!(out, "  {from} -->{label} {to}");
        }
    }
    for (area, (fill, border)) in Area::ALL.into_iter().zip(COLORS) {
        let _ = writeln!(out, "  classDef {} fill:{fill},stroke:{border},color:#0f172a", area.name());
    }
    out
}

/// Names are short and made up: a path may hold a word that Mermaid takes for its own.
fn content(group: &Group, depth: usize, names: &mut BTreeMap<String, String>, out: &mut String) {
    let indent = "  ".repeat(depth);
    for node in &group.nodes {
        let name = format!("n{}", names.len());
        let (id, kind) = (escaped(&node.logical_id), escaped(&node.kind));
        let _ = writeln!(out, "{indent}{name}[\"{id}<br/>{kind}\"]:::{}", node.area.name());
        names.insert(node.path.clone(), name);
    }
    for inner in &group.groups {
        let name = format!("s{}", names.len());
        let _ = writeln!(out, "{indent}subgraph {name}[\"{}\"]", escaped(&inner.label));
        names.insert(inner.path.clone(), name);
        content(inner, depth + 1, names, out);
        let _ = writeln!(out, "{indent}end");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
