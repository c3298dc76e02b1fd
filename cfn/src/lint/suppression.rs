//! Findings that somebody accepts, with the reason. A comment `# jqs:ignore J1001 the reason` holds for its own line, and for
//! the next one where it stands alone; `Metadata: {jqs: {ignore: [{id, reason}]}}` holds for its resource. What other
//! projects have written for `cfn-lint` is honoured where the ids agree.

use super::catalog;
use crate::diagnostic::{Accepted, Diagnostic};
use crate::template::{Node, Position, Span, span_of};
use granit_parser::{Event, Options, Parser};
use std::cell::Cell;

/// What a comment that accepts a finding starts with.
pub const DEFAULT_MARKER: &str = "jqs:ignore";
/// The reason of what is written for `cfn-lint`, which knows none.
const FOREIGN_REASON: &str = "it is ignored for cfn-lint";

/// The part of a file that a suppression holds for.
#[derive(Debug, Clone, Copy)]
enum Scope {
    Lines(u32, u32),
    Whole,
}

#[derive(Debug)]
struct Suppression {
    id: String,
    reason: Option<String>,
    scope: Scope,
    span: Span,
    /// `cfn-lint` knows no reasons, and takes the first letters of ids.
    is_foreign: bool,
    is_used: Cell<bool>,
}

/// All suppressions of one file.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    all: Vec<Suppression>,
}

impl Suppressions {
    pub(super) fn read(text: &str, root: &Node) -> Self {
        let mut all = Vec::new();
        if text.contains(DEFAULT_MARKER) {
            comments(text, &mut all);
        }
        foreign(root.get("Metadata"), Scope::Whole, &mut all);
        for (key, body) in root.get("Resources").map_or(&[][..], Node::entries) {
            let scope = Scope::Lines(key.span.start.line, last_line(body));
            own(body.get("Metadata"), scope, &mut all);
            foreign(body.get("Metadata"), scope, &mut all);
        }
        Self { all }
    }

    /// Takes out what is accepted, and puts in what is wrong with the suppressions themselves.
    pub(super) fn apply(&self, file: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Accepted> {
        let mut accepted = Vec::new();
        diagnostics.retain(|diagnostic| {
            let holding: Vec<&Suppression> = self.all.iter().filter(|one| one.holds_for(diagnostic)).collect();
            holding.iter().for_each(|suppression| suppression.is_used.set(true));
            if !holding.is_empty() {
                let reason = holding.iter().find_map(|suppression| suppression.reason.clone());
                accepted.push(Accepted { diagnostic: diagnostic.clone(), reason });
            }
            holding.is_empty()
        });
        // Ids of the proof (`P…`) are accepted in the same place, and are its business.
        let own = self.all.iter().filter(|suppression| !suppression.is_foreign && !suppression.id.starts_with('P'));
        for suppression in own {
            let id = &suppression.id;
            if suppression.reason.is_none() {
                let message = format!("`{id}` is ignored without a reason");
                diagnostics.push(catalog::finding("J0002", file, suppression.span, message));
            }
            if !suppression.is_used.get() {
                let message = format!("nothing here is a finding of `{id}`");
                diagnostics.push(catalog::finding("J0003", file, suppression.span, message));
            }
        }
        accepted
    }
}

impl Suppression {
    fn holds_for(&self, diagnostic: &Diagnostic) -> bool {
        let line = diagnostic.span.start.line;
        let is_here = match self.scope {
            Scope::Lines(first, last) => (first..=last).contains(&line),
            Scope::Whole => true,
        };
        is_here
            && if self.is_foreign {
                catalog::cfn_lint_id(&diagnostic.rule).is_some_and(|id| id.starts_with(&self.id))
            } else {
                diagnostic.rule == self.id
            }
    }
}

/// The comments of a YAML text. One that stands alone holds for the line below it, or below the comments that follow it.
fn comments(text: &str, all: &mut Vec<Suppression>) {
    let mut options = Options::default();
    options.set_emit_comments(true);
    let lines: Vec<&str> = text.lines().collect();
    for (event, span) in Parser::new_from_str_with_options(text, options).map_while(Result::ok) {
        let Event::Comment(comment, _) = event else { continue };
        let Some(rest) = comment.trim().strip_prefix(DEFAULT_MARKER) else { continue };
        let (ids, reason) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        let span = span_of(&span);
        let scope = scope(span.start, &lines);
        for id in ids.split(',').filter(|id| !id.is_empty()) {
            let (id, reason) = (id.to_owned(), given(reason));
            all.push(Suppression { id, reason, scope, span, is_foreign: false, is_used: Cell::new(false) });
        }
    }
}

/// A reason, if there are words in it.
fn given(reason: &str) -> Option<String> {
    Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty())
}

fn scope(comment: Position, lines: &[&str]) -> Scope {
    let line = comment.line as usize;
    let text = |number: usize| lines.get(number - 1).map(|line| line.trim_start()).unwrap_or_default();
    if !text(line).starts_with('#') {
        return Scope::Lines(comment.line, comment.line);
    }
    let below = (line + 1..=lines.len()).find(|number| !text(*number).starts_with('#') && !text(*number).is_empty());
    Scope::Lines(comment.line, below.and_then(|number| u32::try_from(number).ok()).unwrap_or(comment.line))
}

fn own(metadata: Option<&Node>, scope: Scope, all: &mut Vec<Suppression>) {
    let ignored = metadata.and_then(|node| node.get("jqs")).and_then(|node| node.get("ignore"));
    for item in ignored.map_or(&[][..], Node::items) {
        let Some(id) = item.get("id").and_then(Node::text) else { continue };
        let reason = item.get("reason").and_then(Node::text).and_then(given);
        let span = item.get("id").map_or(item.span, |node| node.span);
        all.push(Suppression { id: id.to_owned(), reason, scope, span, is_foreign: false, is_used: Cell::new(false) });
    }
}

fn foreign(metadata: Option<&Node>, scope: Scope, all: &mut Vec<Suppression>) {
    let config = metadata.and_then(|node| node.get("cfn-lint")).and_then(|node| node.get("config"));
    let ignored = config.and_then(|node| node.get("ignore_checks"));
    for item in ignored.map_or(&[][..], Node::items) {
        let Some(id) = item.text() else { continue };
        all.push(Suppression {
            id: id.to_owned(),
            reason: Some(FOREIGN_REASON.to_owned()),
            scope,
            span: item.span,
            is_foreign: true,
            is_used: Cell::new(false),
        });
    }
}

/// The last line that something stands on. A block ends only where the next thing begins, so that its own end tells nothing.
fn last_line(node: &Node) -> u32 {
    let below = node.entries().iter().map(|(key, value)| last_line(key).max(last_line(value)));
    let items = node.items().iter().map(last_line);
    below.chain(items).max().unwrap_or(node.span.end.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    fn kept(text: &str, findings: &[(&str, u32)]) -> Vec<String> {
        judged(text, findings).0
    }

    /// What is left, and what is accepted with its reason.
    fn judged(text: &str, findings: &[(&str, u32)]) -> (Vec<String>, Vec<String>) {
        let root = template::parse("t.yaml", text).expect("a valid text");
        let mut diagnostics: Vec<Diagnostic> = findings
            .iter()
            .map(|(rule, line)| {
                let start = Position { line: *line, column: 1, offset: 0 };
                let mut one = catalog::finding("J0001", "t.yaml", Span { start, end: start }, String::new());
                one.rule = (*rule).to_owned();
                one
            })
            .collect();
        let accepted = Suppressions::read(text, &root).apply("t.yaml", &mut diagnostics).into_iter();
        let accepted = accepted.map(|one| format!("{}: {}", one.diagnostic.rule, one.reason.unwrap_or_default()));
        let kept = diagnostics.iter().map(|one| format!("{}@{}", one.rule, one.span.start.line));
        (kept.collect(), accepted.collect())
    }

    #[test]
    fn what_is_accepted_keeps_its_reason() {
        let text = "A: 1 # jqs:ignore J1 because\nB: 2 # jqs:ignore J2\n";
        assert_eq!(judged(text, &[("J1", 1), ("J2", 2)]).1, ["J1: because", "J2: "]);
        let text = "Metadata: {cfn-lint: {config: {ignore_checks: [W2001]}}}\n";
        assert_eq!(judged(text, &[("W2001", 1)]).1, [format!("W2001: {FOREIGN_REASON}")]);
    }

    #[test]
    fn a_comment_holds_for_its_line_and_where_it_stands_alone_for_the_next() {
        let text = "\
A: 1 # jqs:ignore J1 because
# jqs:ignore J2,J3 both are meant
# and this explains it further
B: 2
C: 3
";
        assert_eq!(kept(text, &[("J1", 1), ("J2", 4), ("J3", 4), ("J2", 5)]), ["J2@5"]);
    }

    #[test]
    fn a_suppression_needs_a_reason_and_something_to_suppress() {
        assert_eq!(kept("# jqs:ignore J1\nA: 1\n", &[("J1", 2)]), ["J0002@1"]);
        assert_eq!(kept("# jqs:ignore J1 why\nA: 1\n", &[("J2", 2)]), ["J2@2", "J0003@1"]);
        assert_eq!(kept("# jqs:ignore P001 why\nA: 1\n", &[]), [""; 0]);
        assert_eq!(kept("A: '# jqs:ignore J1 why'\n", &[("J1", 1)]), ["J1@1"]);
    }

    #[test]
    fn metadata_holds_for_its_resource() {
        let text = "\
Resources:
  A:
    Metadata: {jqs: {ignore: [{id: J1, reason: meant}]}, cfn-lint: {config: {ignore_checks: [E3002, W]}}}
    Type: T
  B:
    Type: T
";
        let findings = [("J1", 4), ("F3002", 4), ("W2001", 2), ("E3012", 4), ("J1", 6)];
        assert_eq!(kept(text, &findings), ["E3012@4", "J1@6"]);
    }
}
