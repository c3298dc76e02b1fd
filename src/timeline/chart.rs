//! Events as bars: for each resource what was done to it, from when to when.

use jiff::Timestamp;
use jqs_cfn::template::NESTED_STACK;
use jqs_stacks::failure::{Cause, first_cause, is_echo};
use jqs_stacks::stack::DEFAULT_NESTING_MAX;
use jqs_stacks::typical;
use jqs_stacks::watch::StackEvent;
use std::collections::BTreeMap;

/// AWS tells of an end and of what begins thereafter within so much time of each other, in either order.
const OVERLAP_SECONDS: i64 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Create,
    Update,
    Delete,
    Rollback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Failed,
    /// Given up because something else failed.
    Cancelled,
    GoesOn,
}

#[derive(Debug, Clone)]
pub(super) struct Bar {
    pub(super) phase: Phase,
    pub(super) from: Timestamp,
    /// When the resource had its id: AWS was asked for it, and works at it.
    pub(super) initiated: Option<Timestamp>,
    /// When it was configured, and only had to settle.
    pub(super) configured: Option<Timestamp>,
    pub(super) to: Timestamp,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<String>,
    pub(super) typical: Option<u64>,
    pub(super) is_critical: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The stack that was operated on has the empty path.
    pub(super) path: Vec<String>,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) physical_id: String,
    pub(super) status: String,
    pub(super) bars: Vec<Bar>,
}

impl Row {
    pub(super) fn is_stack(&self) -> bool {
        self.kind == NESTED_STACK
    }
}

#[derive(Debug, Default)]
pub(super) struct Chart {
    /// Parents before children, children by when they began.
    pub(super) rows: Vec<Row>,
    pub(super) span: Option<(Timestamp, Timestamp)>,
    pub(super) cause: Option<Cause>,
}

impl Chart {
    pub(super) fn new(events: &[StackEvent]) -> Self {
        let mut ordered: Vec<&StackEvent> = events.iter().collect();
        ordered.sort_by_key(|event| (event.time, event.sequence));
        let Some((first, last)) = ordered.first().zip(ordered.last()) else { return Self::default() };
        let span = (first.time, last.time);
        // One run may delete a stack and make it again: each has its own tree.
        let mut roots: Vec<&str> = Vec::new();
        let mut trees: BTreeMap<&str, BTreeMap<&[String], Row>> = BTreeMap::new();
        let parents = parents(events);
        for event in &ordered {
            let root = root_of(&event.stack_id, &parents);
            if !roots.contains(&root) {
                roots.push(root);
            }
            let row = trees.entry(root).or_default().entry(&event.path).or_insert_with(|| Row::new(event));
            row.take(event);
        }
        let mut rows: Vec<Row> = Vec::new();
        for root in &roots {
            let tree: Vec<Row> = trees.remove(root).unwrap_or_default().into_values().collect();
            arrange(&tree, &[], &mut rows);
        }
        for bar in rows.iter_mut().flat_map(|row| &mut row.bars).filter(|bar| bar.outcome == Outcome::GoesOn) {
            bar.to = span.1;
        }
        mark(&mut rows);
        let cause = roots.last().and_then(|root| first_cause(root, events));
        Self { rows, span: Some(span), cause }
    }
}

/// Which stack each nested one is in, as its parent tells, be it only at the end.
fn parents(events: &[StackEvent]) -> BTreeMap<&str, &str> {
    let tells = |event: &&StackEvent| event.kind == NESTED_STACK && !event.is_stack_itself();
    let told = events.iter().filter(tells).filter(|event| !event.physical_id.is_empty());
    told.map(|event| (event.physical_id.as_str(), event.stack_id.as_str())).collect()
}

fn root_of<'a>(stack: &'a str, parents: &BTreeMap<&'a str, &'a str>) -> &'a str {
    let mut root = stack;
    for _ in 0..DEFAULT_NESTING_MAX {
        match parents.get(root) {
            Some(parent) => root = parent,
            None => break,
        }
    }
    root
}

/// A stack, then what is in it, by when it began.
fn arrange(tree: &[Row], path: &[String], rows: &mut Vec<Row>) {
    rows.extend(tree.iter().find(|row| row.path == path).cloned());
    let is_child = |row: &&Row| row.path.len() == path.len() + 1 && row.path.starts_with(path);
    let mut children: Vec<&Row> = tree.iter().filter(is_child).collect();
    children.sort_by_key(|row| (row.bars.first().map(|bar| bar.from), &row.name));
    for child in children {
        arrange(tree, &child.path, rows);
    }
}

impl Row {
    fn new(event: &StackEvent) -> Self {
        Self {
            path: event.path.clone(),
            name: event.logical_id.clone(),
            kind: event.kind.clone(),
            physical_id: String::new(),
            status: String::new(),
            bars: Vec::new(),
        }
    }

    fn take(&mut self, event: &StackEvent) {
        self.status.clone_from(&event.status);
        if !event.physical_id.is_empty() {
            self.physical_id.clone_from(&event.physical_id);
        }
        // A nested stack has a name of its own; in its parent it has the one that people know.
        if !event.is_stack_itself() {
            self.name.clone_from(&event.logical_id);
        }
        let phase = phase(&event.status);
        let goes_on = event.status.ends_with("_IN_PROGRESS");
        let last = self.bars.last_mut().filter(|bar| bar.phase == phase);
        match last {
            Some(bar) if bar.outcome == Outcome::GoesOn && goes_on => {
                if event.detail.as_deref() == Some("CONFIGURATION_COMPLETE") {
                    bar.configured.get_or_insert(event.time);
                } else {
                    bar.initiated.get_or_insert(event.time);
                }
                bar.to = event.time;
            }
            // Parent and nested stack both speak of its end.
            Some(bar) if !goes_on => bar.end(event),
            _ => {
                self.break_off(event);
                let bar = Bar {
                    phase,
                    from: event.time,
                    initiated: None,
                    configured: None,
                    to: event.time,
                    outcome: Outcome::GoesOn,
                    reason: None,
                    typical: typical::seconds_in(&event.kind, &event.status),
                    is_critical: false,
                };
                self.bars.push(bar);
                if let Some(bar) = self.bars.last_mut().filter(|_| !goes_on) {
                    bar.end(event);
                }
            }
        }
    }

    /// Something else is done to it than what went on: that was given up.
    fn break_off(&mut self, event: &StackEvent) {
        if let Some(bar) = self.bars.last_mut().filter(|bar| bar.outcome == Outcome::GoesOn) {
            bar.to = event.time;
            let is_own = event.is_stack_itself() && event.status.contains("ROLLBACK");
            bar.outcome = if is_own { Outcome::Failed } else { Outcome::Cancelled };
            bar.reason = event.reason.clone().filter(|_| is_own);
        }
    }
}

impl Bar {
    fn end(&mut self, event: &StackEvent) {
        self.to = event.time;
        self.outcome = match event.status.ends_with("_FAILED") {
            true if is_echo(event) => Outcome::Cancelled,
            true => Outcome::Failed,
            false => Outcome::Done,
        };
        if self.outcome != Outcome::Done || self.reason.is_none() {
            self.reason.clone_from(&event.reason);
        }
    }

    pub(super) fn seconds(&self) -> i64 {
        self.to.duration_since(self.from).as_secs()
    }
}

fn phase(status: &str) -> Phase {
    match status {
        _ if status.contains("ROLLBACK") => Phase::Rollback,
        _ if status.starts_with("CREATE") || status.starts_with("IMPORT") => Phase::Create,
        _ if status.starts_with("DELETE") => Phase::Delete,
        _ => Phase::Update,
    }
}

/// Marks the chain that decided the end: the last one to end, before it the last one to end before that began, and so on. What
/// waits for what is not known here, but what a resource waited for was the last to end before it.
fn mark(rows: &mut [Row]) {
    let bars = rows.iter_mut().filter(|row| !row.is_stack()).flat_map(|row| row.bars.iter_mut());
    let mut bars: Vec<&mut Bar> = bars.filter(|bar| bar.outcome != Outcome::Cancelled).collect();
    bars.sort_by_key(|bar| (bar.to, bar.from));
    let overlap = jiff::SignedDuration::from_secs(OVERLAP_SECONDS);
    let mut before: Option<Timestamp> = None;
    for bar in bars.into_iter().rev() {
        let is_next = before.is_none_or(|start| bar.to <= start + overlap && bar.from < start);
        if is_next && bar.to > bar.from {
            bar.is_critical = true;
            before = Some(bar.from);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const ROOT: &str = "arn:aws:cloudformation:eu-west-1:111122223333:stack/jaeger/1";
    const CHILD: &str = "arn:aws:cloudformation:eu-west-1:111122223333:stack/jaeger-Network/2";

    pub(in crate::timeline) fn event(second: i64, path: &[&str], kind: &str, status: &str) -> StackEvent {
        let logical = path.last().copied().unwrap_or("jaeger");
        StackEvent {
            id: format!("{second}-{logical}-{status}"),
            time: Timestamp::from_second(1_767_225_600 + second).expect("a small number"),
            sequence: second.cast_unsigned(),
            stack_id: if path.len() < 2 { ROOT } else { CHILD }.to_owned(),
            path: path.iter().map(|part| part.to_string()).collect(),
            logical_id: logical.to_owned(),
            physical_id: match (path, kind) {
                ([], _) => ROOT.to_owned(),
                (_, NESTED_STACK) => CHILD.to_owned(),
                _ => format!("id-{logical}"),
            },
            kind: kind.to_owned(),
            status: status.to_owned(),
            detail: None,
            reason: None,
        }
    }

    /// A deployment that fails and is rolled back.
    pub(in crate::timeline) fn failed() -> Vec<StackEvent> {
        let mut events = vec![
            event(0, &[], NESTED_STACK, "CREATE_IN_PROGRESS"),
            event(1, &["Network"], NESTED_STACK, "CREATE_IN_PROGRESS"),
            event(2, &["Network", "Vpc"], "AWS::EC2::VPC", "CREATE_IN_PROGRESS"),
            event(3, &["Network", "Vpc"], "AWS::EC2::VPC", "CREATE_IN_PROGRESS"),
            event(3, &["Network", "Log"], "AWS::Logs::LogGroup", "CREATE_IN_PROGRESS"),
            event(7, &["Network", "Log"], "AWS::Logs::LogGroup", "CREATE_COMPLETE"),
            event(14, &["Network", "Vpc"], "AWS::EC2::VPC", "CREATE_IN_PROGRESS"),
            event(16, &["Network", "Vpc"], "AWS::EC2::VPC", "CREATE_COMPLETE"),
            event(17, &["Network", "Nat"], "AWS::EC2::NatGateway", "CREATE_IN_PROGRESS"),
            event(17, &["Network", "Role"], "AWS::IAM::Role", "CREATE_IN_PROGRESS"),
            event(60, &["Network", "Nat"], "AWS::EC2::NatGateway", "CREATE_FAILED"),
            event(61, &["Network", "Role"], "AWS::IAM::Role", "CREATE_FAILED"),
            event(62, &["Network"], NESTED_STACK, "CREATE_FAILED"),
            event(62, &[], NESTED_STACK, "ROLLBACK_IN_PROGRESS"),
            event(63, &["Network", "Vpc"], "AWS::EC2::VPC", "DELETE_IN_PROGRESS"),
            event(70, &["Network", "Vpc"], "AWS::EC2::VPC", "DELETE_COMPLETE"),
            event(72, &[], NESTED_STACK, "ROLLBACK_COMPLETE"),
        ];
        events[6].detail = Some("CONFIGURATION_COMPLETE".to_owned());
        events[10].reason = Some("The <limit> of \"gateways\" & addresses is reached".to_owned());
        events[11].reason = Some("Resource creation cancelled".to_owned());
        events
    }

    #[test]
    fn every_resource_has_its_bars_in_their_place() {
        let chart = Chart::new(&failed());
        let names: Vec<&str> = chart.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["jaeger", "Network", "Vpc", "Log", "Nat", "Role"]);
        let told = |row: usize| -> Vec<(Phase, Outcome, i64)> {
            chart.rows[row].bars.iter().map(|bar| (bar.phase, bar.outcome, bar.seconds())).collect()
        };
        assert_eq!(told(0), [(Phase::Create, Outcome::Failed, 62), (Phase::Rollback, Outcome::Done, 10)]);
        assert_eq!(told(1), [(Phase::Create, Outcome::Failed, 61)]);
        assert_eq!(told(2), [(Phase::Create, Outcome::Done, 14), (Phase::Delete, Outcome::Done, 7)]);
        assert_eq!((told(4)[0].1, told(5)[0].1), (Outcome::Failed, Outcome::Cancelled));
        let vpc = &chart.rows[2].bars[0];
        assert_eq!((vpc.typical, vpc.initiated.is_some(), vpc.configured.is_some()), (Some(14), true, true));
        assert_eq!(chart.cause.map(|cause| cause.path.join("/")).as_deref(), Some("Network/Nat"));
    }

    #[test]
    fn the_chain_that_decided_the_end_is_marked() {
        let chart = Chart::new(&failed());
        let marked = |row: &&Row| row.bars.iter().any(|bar| bar.is_critical);
        let names: Vec<&str> = chart.rows.iter().filter(marked).map(|row| row.name.as_str()).collect();
        // Not the sibling that was given up with the one that failed, though it ended later.
        assert_eq!(names, ["Vpc", "Nat"]);
    }

    #[test]
    fn a_stack_that_is_deleted_and_made_again_is_there_twice() {
        let mut events = vec![
            event(0, &[], NESTED_STACK, "DELETE_IN_PROGRESS"),
            event(5, &[], NESTED_STACK, "DELETE_COMPLETE"),
            event(9, &[], NESTED_STACK, "CREATE_IN_PROGRESS"),
        ];
        events[2].stack_id = format!("{ROOT}-new");
        events[2].physical_id = format!("{ROOT}-new");
        let chart = Chart::new(&events);
        assert_eq!(
            chart.rows.iter().map(|row| row.status.as_str()).collect::<Vec<_>>(),
            ["DELETE_COMPLETE", "CREATE_IN_PROGRESS"]
        );
    }

    #[test]
    fn nothing_makes_an_empty_chart() {
        assert!(Chart::new(&[]).rows.is_empty());
    }
}
