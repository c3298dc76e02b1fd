//! Regions that no template can tell apart are one class, of which one region is evaluated: it stands for the others, with
//! the longest name of them.

use crate::eval::StackTree;
use crate::region;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One region for each class. What tells regions apart: the partition, the suffix of its addresses, its zones, and being
/// named by a template, for instance as the key of a mapping.
pub(super) fn classes(tree: &StackTree, regions: &[Arc<str>]) -> Vec<Arc<str>> {
    let mut classes = BTreeMap::<_, (usize, Arc<str>)>::new();
    for (at, name) in regions.iter().enumerate() {
        let named = if is_named(tree, name) { &**name } else { "" };
        let class = (region::partition(name), region::url_suffix(name), region::zones(name), named);
        let longest = classes.entry(class).or_insert_with(|| (at, name.clone()));
        if name.len() > longest.1.len() {
            longest.1 = name.clone();
        }
    }
    let mut chosen: Vec<(usize, Arc<str>)> = classes.into_values().collect();
    chosen.sort();
    chosen.into_iter().map(|(_, name)| name).collect()
}

/// Whether the text of any template has the name in it.
fn is_named(tree: &StackTree, name: &str) -> bool {
    tree.stacks().iter().any(|stack| mentions(&stack.program.template.root, name))
}

fn mentions(node: &crate::template::Node, name: &str) -> bool {
    node.text().is_some_and(|text| text.contains(name))
        || node.items().iter().any(|item| mentions(item, name))
        || node.entries().iter().any(|(key, value)| mentions(key, name) || mentions(value, name))
}
