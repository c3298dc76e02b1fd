//! The live tree: one line for each stack with counts, and below it what is going on or has failed, with the time that it
//! takes and the time that it typically takes. What is done is only counted, so that a hundred resources fit a screen.

use super::layout::{self, Rank, Row};
use super::screen::Screen;
use super::style_of;
use crate::paragraph::wrap;
use crate::plan::Course;
use crate::printer::paint;
use console::Style;
use jiff::Timestamp;
use jqs_cfn::template::NESTED_STACK;
use jqs_stacks::failure::is_echo;
use jqs_stacks::typical;
use jqs_stacks::watch::StackEvent;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠛"];
/// Late is what takes half as long again as is typical, and at least this much longer.
const DEFAULT_LATE_SECONDS: u64 = 10;
/// How long what is late is thought to go on: nobody knows.
const LATE_LEFT_SECONDS: u64 = 5;
/// How often the chain that decides the end is worked out.
const OUTLOOK_EVERY: Duration = Duration::from_secs(1);
/// Below the tree there is a line for the cursor.
const SPARE_LINES: usize = 2;
/// Whatever the screen: one line for the stack, one for what fails, one for what is hidden.
const LINES_MIN: usize = 3;

struct Entry {
    kind: String,
    status: String,
    reason: Option<String>,
    /// It was given up because something else failed.
    is_cancelled: bool,
    began: Timestamp,
    ended: Option<Timestamp>,
}

impl Entry {
    fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    fn has_failed(&self) -> bool {
        self.status.ends_with("_FAILED")
    }

    fn is_stack(&self) -> bool {
        self.kind == NESTED_STACK
    }

    fn typical(&self) -> Option<u64> {
        typical::seconds_in(&self.kind, &self.status)
    }
}

/// What the end waits for.
#[derive(Debug, Default)]
struct Outlook {
    /// Resources that decide, as far as they go on or are still to come.
    chain: Vec<String>,
    /// Nothing where no plan tells what is still to come.
    seconds_left: Option<u64>,
    made: Option<Instant>,
}

pub(super) struct Tree {
    name: String,
    course: Option<Course>,
    outlook: Outlook,
    /// By path, so that children follow their parents; the root has the empty path.
    entries: BTreeMap<Vec<String>, Entry>,
    screen: Screen,
    frame: usize,
    notice: Option<String>,
    /// The clock of AWS and the one of this machine may differ; times are shown by this machine's.
    skew: Option<jiff::SignedDuration>,
}

impl Tree {
    /// With a plan, also what is still to come can be told.
    pub(super) fn new(name: &str, course: Option<&Course>) -> Self {
        Self {
            name: name.to_owned(),
            course: course.cloned(),
            outlook: Outlook::default(),
            entries: BTreeMap::new(),
            screen: Screen::stderr(),
            frame: 0,
            notice: None,
            skew: None,
        }
    }

    pub(super) fn take(&mut self, event: &StackEvent) {
        self.notice = None;
        self.outlook.made = None;
        let is_over = !event.status.ends_with("_IN_PROGRESS");
        let skew = Timestamp::now().duration_since(event.time);
        self.skew = Some(self.skew.map_or(skew, |least| least.min(skew)));
        let entry = self.entries.entry(event.path.clone()).or_insert_with(|| Entry {
            kind: event.kind.clone(),
            status: String::new(),
            reason: None,
            is_cancelled: false,
            began: event.time,
            ended: None,
        });
        // A resource that was made and now is taken back begins anew; a stack goes on.
        if entry.is_over() && !is_over && !entry.is_stack() {
            entry.began = event.time;
        }
        // A parent and the nested stack itself speak of the same path: who goes on longer is right.
        entry.status.clone_from(&event.status);
        if entry.has_failed() || entry.reason.is_none() {
            entry.reason.clone_from(&event.reason);
        }
        entry.is_cancelled = is_echo(event);
        entry.ended = is_over.then_some(event.time);
    }

    pub(super) fn say(&mut self, notice: &str) {
        self.notice = Some(notice.to_owned());
    }

    pub(super) fn draw(&mut self) {
        self.frame += 1;
        if self.outlook.made.is_none_or(|made| made.elapsed() > OUTLOOK_EVERY) {
            self.outlook = self.look_ahead();
        }
        let (height, width) = self.screen.size();
        let lines = self.lines(width, Some(height.saturating_sub(SPARE_LINES).max(LINES_MIN)));
        self.screen.draw(&lines);
    }

    /// Leaves the last state on the screen, complete and still.
    pub(super) fn close(&mut self) {
        let (_, width) = self.screen.size();
        let lines = self.lines(width, None);
        self.screen.draw(&lines);
    }

    /// Live, as much as fits that height; at the end, without a height, what has come of it.
    fn lines(&self, width: usize, height: Option<usize>) -> Vec<String> {
        let is_live = height.is_some();
        if self.entries.is_empty() {
            return vec![format!("{} {}  waiting for the first event", self.spinner(is_live), self.name)];
        }
        let notice: Vec<String> = self.notice.iter().flat_map(|notice| wrap(notice, width)).collect();
        let is_shown = |path: &[String], entry: &Entry| {
            let has_failed = entry.has_failed() && !entry.is_cancelled;
            path.is_empty() || entry.is_stack() || has_failed || !entry.is_over()
        };
        let shown = self.entries.iter().filter(|(path, entry)| is_shown(path, entry));
        let rows = shown.map(|(path, entry)| self.row(path, entry, is_live)).collect();
        let height = height.map(|height| height.saturating_sub(notice.len()).max(LINES_MIN));
        let mut lines = layout::lines(rows, width, height);
        lines.extend(notice);
        lines
    }

    fn row(&self, path: &[String], entry: &Entry, is_live: bool) -> Row {
        let sign = match (entry.is_over(), entry.has_failed() || entry.status.contains("ROLLBACK")) {
            (false, _) => self.spinner(is_live).to_owned(),
            (true, true) => paint("✗", Style::new().red()),
            (true, false) => paint("✓", Style::new().green()),
        };
        let is_decisive = is_live && !entry.is_over() && self.decides(path);
        let (time, is_late) = self.time(entry, is_live);
        let rank = match entry {
            _ if path.is_empty() => Rank::Root,
            _ if entry.has_failed() => Rank::Failed,
            _ if is_decisive => Rank::Decisive,
            _ if entry.is_over() => Rank::Over,
            _ if is_late => Rank::Late,
            _ => Rank::GoesOn,
        };
        Row {
            depth: path.len(),
            sign,
            name: path.last().unwrap_or(&self.name).clone(),
            status: entry.status.clone(),
            style: style_of(&entry.status),
            time,
            rest: self.rest(path, entry, is_decisive, is_late),
            reason: entry.reason.as_ref().filter(|_| entry.has_failed() && !self.is_told_below(path)).cloned(),
            is_decisive,
            rank,
        }
    }

    /// A stack in which something failed has nothing to add.
    fn is_told_below(&self, path: &[String]) -> bool {
        self.entries.iter().any(|(other, entry)| {
            other.len() > path.len() && other.starts_with(path) && entry.has_failed() && !entry.is_cancelled
        })
    }

    /// What there is to say beside name, state and time.
    fn rest(&self, path: &[String], entry: &Entry, is_decisive: bool, is_late: bool) -> String {
        let mut rest = Vec::new();
        if entry.is_stack() || path.is_empty() {
            rest.extend(self.counts(path));
            let left = self.outlook.seconds_left.filter(|_| path.is_empty() && !entry.is_over());
            rest.extend(left.map(|seconds| format!("about {} left", rounded(seconds.max(1)))));
            return rest.join(", ");
        }
        if is_late {
            rest.push(paint("late", Style::new().yellow()));
        }
        if is_decisive {
            let after = self.outlook.chain.iter().skip_while(|name| **name != path.join("/")).nth(1);
            let after = after.map(|path| format!(", then {}", path.rsplit('/').next().unwrap_or(path)));
            rest.push(format!("slowest{}", after.unwrap_or_default()));
        }
        rest.push(entry.kind.clone());
        rest.join("  ")
    }

    fn counts(&self, path: &[String]) -> Option<String> {
        let below = self
            .entries
            .iter()
            .filter(|(other, entry)| other.len() > path.len() && other.starts_with(path) && !entry.is_stack());
        let (done, seen) = below.fold((0, 0), |(done, all), (_, entry)| (done + usize::from(entry.is_over()), all + 1));
        let all = self.course.as_ref().map_or(seen, |course| course.resources_in(path).max(seen));
        (all > 0).then(|| format!("{done}/{all}"))
    }

    /// "1m 05s of ~2m", and whether that is late.
    fn time(&self, entry: &Entry, is_live: bool) -> (String, bool) {
        let age = self.age(entry);
        let Some(typical) = entry.typical().filter(|_| is_live && !entry.is_over()) else {
            return (duration(age), false);
        };
        let is_late = age.as_secs() > (typical + (typical / 2).max(DEFAULT_LATE_SECONDS)).cast_signed();
        (format!("{} of ~{}", duration(age), rounded(typical)), is_late)
    }

    fn age(&self, entry: &Entry) -> jiff::SignedDuration {
        let end = entry.ended.unwrap_or_else(|| Timestamp::now() - self.skew.unwrap_or_default());
        end.duration_since(entry.began)
    }

    /// A resource that decides the end, or a stack with one in it.
    fn decides(&self, path: &[String]) -> bool {
        let own = path.join("/");
        let is_in = |name: &String| *name == own || name.starts_with(&format!("{own}/"));
        !path.is_empty() && self.outlook.chain.iter().any(is_in)
    }

    fn look_ahead(&self) -> Outlook {
        let going: Vec<(String, u64)> =
            self.entries.iter().filter_map(|(path, entry)| self.left(path, entry)).collect();
        let is_undone = self.entries.get(&Vec::new()).is_some_and(|root| root.status.contains("ROLLBACK"));
        let made = Some(Instant::now());
        if let Some(course) = self.course.as_ref().filter(|_| !is_undone) {
            let states: BTreeMap<String, Option<u64>> = self
                .entries
                .iter()
                .map(|(path, entry)| (path.join("/"), self.left(path, entry).map(|left| left.1)))
                .collect();
            let (seconds, chain) = course.longest(|path, typical| match states.get(path) {
                Some(left) => left.unwrap_or_default(),
                None => typical,
            });
            return Outlook { chain, seconds_left: Some(seconds), made };
        }
        let slowest = going.into_iter().max_by_key(|(_, left)| *left);
        Outlook { chain: slowest.into_iter().map(|(path, _)| path).collect(), seconds_left: None, made }
    }

    /// Of a resource that goes on, how many seconds it may still take.
    fn left(&self, path: &[String], entry: &Entry) -> Option<(String, u64)> {
        let typical = entry.typical().filter(|_| !entry.is_over())?;
        let age = u64::try_from(self.age(entry).as_secs()).unwrap_or_default();
        Some((path.join("/"), typical.saturating_sub(age).max(LATE_LEFT_SECONDS)))
    }

    fn spinner(&self, is_live: bool) -> &'static str {
        if is_live { SPINNER[self.frame % SPINNER.len()] } else { "…" }
    }
}

/// "45s", "2m", "1h": how long something typically takes is not known to the second.
fn rounded(seconds: u64) -> String {
    match seconds {
        0..90 => format!("{seconds}s"),
        90..5_400 => format!("{}m", (seconds + 30) / 60),
        _ => format!("{}h", (seconds + 1_800) / 3_600),
    }
}

pub(crate) fn duration(duration: jiff::SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(second: i64, path: &[&str], kind: &str, status: &str) -> StackEvent {
        StackEvent {
            id: String::new(),
            time: Timestamp::from_second(second).expect("a small number"),
            sequence: 0,
            stack_id: "stack".to_owned(),
            path: path.iter().map(|part| part.to_string()).collect(),
            logical_id: path.last().copied().unwrap_or("jaeger").to_owned(),
            physical_id: String::new(),
            kind: kind.to_owned(),
            status: status.to_owned(),
            detail: None,
            reason: status.ends_with("_FAILED").then(|| "no room".to_owned()),
        }
    }

    #[test]
    fn done_resources_are_counted_and_failed_ones_stay() {
        console::set_colors_enabled_stderr(false);
        let mut tree = Tree::new("jaeger", None);
        for event in [
            event(0, &[], NESTED_STACK, "CREATE_IN_PROGRESS"),
            event(1, &["Network"], NESTED_STACK, "CREATE_IN_PROGRESS"),
            event(2, &["Network", "Vpc"], "AWS::EC2::VPC", "CREATE_COMPLETE"),
            event(3, &["Network", "Gateway"], "AWS::EC2::InternetGateway", "CREATE_FAILED"),
            event(64, &["Network"], NESTED_STACK, "CREATE_COMPLETE"),
            event(90, &[], NESTED_STACK, "ROLLBACK_COMPLETE"),
        ] {
            tree.take(&event);
        }
        assert_eq!(
            tree.lines(76, None),
            [
                "✗ jaeger       ROLLBACK_COMPLETE  1m 30s  2/2",
                "  ✓ Network    CREATE_COMPLETE    1m 03s  2/2",
                "    ✗ Gateway  CREATE_FAILED      0s      AWS::EC2::InternetGateway",
                "      no room",
            ]
        );
    }

    #[test]
    fn what_goes_on_is_beside_what_is_typical_and_the_slowest_is_marked() {
        console::set_colors_enabled_stderr(false);
        let mut tree = Tree::new("jaeger", None);
        let began = Timestamp::now().as_second() - 400;
        let mut take = |second: i64, path: &[&str], kind: &str, status: &str| {
            tree.take(&event(began + second, path, kind, status));
        };
        take(0, &[], NESTED_STACK, "CREATE_IN_PROGRESS");
        take(1, &["Search"], NESTED_STACK, "CREATE_IN_PROGRESS");
        take(2, &["Search", "Domain"], "AWS::OpenSearchService::Domain", "CREATE_IN_PROGRESS");
        take(3, &["Search", "Role"], "AWS::IAM::Role", "CREATE_IN_PROGRESS");
        take(4, &["Failed"], "AWS::IAM::Role", "CREATE_FAILED");
        take(396, &["Log"], "AWS::Logs::LogGroup", "CREATE_IN_PROGRESS");
        take(400, &["Bucket"], "AWS::S3::Bucket", "CREATE_IN_PROGRESS");
        tree.outlook = tree.look_ahead();
        let lines = tree.lines(76, Some(20));
        let line = |name: &str| lines.iter().find(|line| line.contains(&format!(" {name} "))).expect(name);
        assert!(line("Domain").contains("6m 38s of ~18m  slowest  AWS::OpenSearch"), "{lines:#?}");
        assert!(line("Role").contains("6m 37s of ~18s  late  AWS::IAM::Role"), "{lines:#?}");
        assert!(line("Log").contains("4s of ~4s ") && !line("Log").contains("late"), "{lines:#?}");
        assert!(line("jaeger").contains("1/5") && !line("jaeger").contains("left"), "{lines:#?}");
        assert!(lines.iter().all(|line| line.chars().count() <= 76), "{lines:#?}");
    }

    #[test]
    fn durations_are_short() {
        let text = |seconds| duration(jiff::SignedDuration::from_secs(seconds));
        assert_eq!((text(5), text(65), text(3_700)), ("5s".to_owned(), "1m 05s".to_owned(), "1h 01m".to_owned()));
    }
}
