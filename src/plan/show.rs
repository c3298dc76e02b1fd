//! A change set as a tree for the eye.

use crate::printer::{Printer, paint};
use console::Style;
use jqs_stacks::change_set::{Action, Change};
use std::collections::BTreeMap;

/// Characters of a value that are shown.
const DEFAULT_VALUE_WIDTH: usize = 60;

pub(super) fn show(printer: &Printer, changes: &[Change]) {
    let width = width(changes, 0);
    show_level(printer, changes, 0, width);
    printer.note("");
    printer.note(&summary(changes));
}

fn show_level(printer: &Printer, changes: &[Change], depth: usize, width: usize) {
    for change in changes {
        let (sign, style) = look(change.action);
        let name = format!("{}{}", "  ".repeat(depth), change.logical_id);
        let note = match change.action {
            Action::Replace | Action::MayReplace => format!("({})", word(change.action)),
            _ => String::new(),
        };
        printer.listed(&format!("  {} {name}", paint(sign, style)), width + 4, &change.kind, &note);
        let indent = depth * 2 + 8;
        let (told, named): (Vec<_>, Vec<_>) =
            change.properties.iter().partition(|property| property.before.is_some() || property.after.is_some());
        if !named.is_empty() {
            let mut names: Vec<&str> = named.iter().map(|property| property.name.as_str()).collect();
            names.dedup();
            printer.below(indent, &names.join(", "));
        }
        for property in told {
            let replaces = if property.replaces { "  (replaces it)" } else { "" };
            let value = |text: &Option<String>| text.as_deref().map_or_else(|| "nothing".to_owned(), short);
            let text = format!("{}: {} → {}{replaces}", property.name, value(&property.before), value(&property.after));
            printer.below(indent, &text);
        }
        show_level(printer, &change.children, depth + 1, width);
    }
}

/// One line, and not a long one: what is longer is in the JSON.
fn short(value: &str) -> String {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(DEFAULT_VALUE_WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn width(changes: &[Change], depth: usize) -> usize {
    let own = |change: &Change| depth * 2 + change.logical_id.len();
    changes.iter().map(|change| own(change).max(width(&change.children, depth + 1))).max().unwrap_or_default()
}

fn look(action: Action) -> (&'static str, Style) {
    match action {
        Action::Add | Action::Import => ("+", Style::new().green()),
        Action::Modify | Action::Unknown => ("~", Style::new().yellow()),
        Action::MayReplace => ("±", Style::new().yellow()),
        Action::Replace => ("±", Style::new().red()),
        Action::Remove => ("-", Style::new().red()),
    }
}

const fn word(action: Action) -> &'static str {
    match action {
        Action::Add => "add",
        Action::Import => "import",
        Action::Modify => "modify",
        Action::MayReplace => "may replace",
        Action::Replace => "replace",
        Action::Remove => "remove",
        Action::Unknown => "change",
    }
}

/// "12 to add, 1 to modify"; nested stacks count as one resource each, and so does what is in them.
pub(crate) fn summary(changes: &[Change]) -> String {
    let mut counts = BTreeMap::new();
    count(changes, &mut counts);
    let part = |(action, count): (&Action, &usize)| match action {
        Action::MayReplace => format!("{count} may be replaced"),
        _ => format!("{count} to {}", word(*action)),
    };
    let parts: Vec<String> = counts.iter().map(part).collect();
    parts.join(", ")
}

fn count(changes: &[Change], counts: &mut BTreeMap<Action, usize>) {
    for change in changes {
        *counts.entry(change.action).or_default() += 1;
        count(&change.children, counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(action: Action, children: Vec<Change>) -> Change {
        Change {
            action,
            logical_id: "Any".to_owned(),
            kind: "AWS::SNS::Topic".to_owned(),
            physical_id: None,
            fate: None,
            properties: vec![],
            children,
        }
    }

    #[test]
    fn nested_changes_are_counted() {
        let leaf = |action| change(action, vec![]);
        let changes = [
            change(Action::Modify, vec![leaf(Action::Add), leaf(Action::Replace)]),
            leaf(Action::Add),
            leaf(Action::MayReplace),
        ];
        assert_eq!(summary(&changes), "2 to add, 1 to modify, 1 may be replaced, 1 to replace");
    }
}
