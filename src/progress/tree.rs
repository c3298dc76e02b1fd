//! The live tree: one line for each stack with counts, and below it what is going on or has failed. What is done is only
//! counted, so that a hundred resources fit a screen.

use super::screen::Screen;
use super::style_of;
use crate::printer::paint;
use console::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use jiff::Timestamp;
use jqs_cfn::template::NESTED_STACK;
use jqs_stacks::watch::StackEvent;
use std::collections::BTreeMap;

const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠛"];

struct Entry {
    kind: String,
    status: String,
    reason: Option<String>,
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
}

pub(super) struct Tree {
    name: String,
    /// By path, so that children follow their parents; the root has the empty path.
    entries: BTreeMap<Vec<String>, Entry>,
    bar: ProgressBar,
    frame: usize,
    is_closed: bool,
    notice: Option<String>,
    /// The clock of AWS and the one of this machine may differ; times are shown by this machine's.
    skew: Option<jiff::SignedDuration>,
}

impl Tree {
    pub(super) fn new(name: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like(Box::new(Screen::stderr())));
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self {
            name: name.to_owned(),
            entries: BTreeMap::new(),
            bar,
            frame: 0,
            is_closed: false,
            notice: None,
            skew: None,
        }
    }

    pub(super) fn take(&mut self, event: &StackEvent) {
        self.notice = None;
        let is_over = !event.status.ends_with("_IN_PROGRESS");
        let skew = Timestamp::now().duration_since(event.time);
        self.skew = Some(self.skew.map_or(skew, |least| least.min(skew)));
        let entry = self.entries.entry(event.path.clone()).or_insert_with(|| Entry {
            kind: event.kind.clone(),
            status: String::new(),
            reason: None,
            began: event.time,
            ended: None,
        });
        // A parent and the nested stack itself speak of the same path: who goes on longer is right.
        entry.status.clone_from(&event.status);
        if entry.has_failed() || entry.reason.is_none() {
            entry.reason.clone_from(&event.reason);
        }
        entry.ended = is_over.then_some(event.time);
    }

    pub(super) fn say(&mut self, notice: &str) {
        self.notice = Some(notice.to_owned());
    }

    pub(super) fn draw(&mut self) {
        self.frame += 1;
        let screen = Screen::stderr();
        let mut lines = self.lines(true);
        let room = usize::from(screen.height()).saturating_sub(3).max(3);
        if lines.len() > room {
            let hidden = lines.len() - room;
            lines.truncate(room);
            lines.push(format!("  … and {hidden} more"));
        }
        let width = usize::from(screen.width());
        let lines: Vec<String> =
            lines.iter().map(|line| console::truncate_str(line, width, "…").into_owned()).collect();
        self.bar.set_message(lines.join("\n"));
        self.bar.tick();
    }

    /// Takes the live tree off the screen; the lines are what is to stay there.
    pub(super) fn close(&mut self) -> Vec<String> {
        self.bar.finish_and_clear();
        self.is_closed = true;
        self.lines(false)
    }

    fn lines(&self, is_live: bool) -> Vec<String> {
        if self.entries.is_empty() {
            return vec![format!("{} {}  waiting for the first event", self.spinner(), self.name)];
        }
        let shown = self.entries.iter().filter(|(path, entry)| {
            path.is_empty() || entry.kind == NESTED_STACK || entry.has_failed() || (is_live && !entry.is_over())
        });
        let mut lines: Vec<String> = shown.map(|(path, entry)| self.line(path, entry)).collect();
        lines.extend(self.notice.as_ref().map(|notice| paint(notice, Style::new().yellow())));
        lines
    }

    fn line(&self, path: &[String], entry: &Entry) -> String {
        let style = style_of(&entry.status);
        let sign = match (entry.is_over(), entry.has_failed() || entry.status.contains("ROLLBACK")) {
            (false, _) => self.spinner().to_owned(),
            (true, true) => paint("✗", Style::new().red()),
            (true, false) => paint("✓", Style::new().green()),
        };
        let name = path.last().unwrap_or(&self.name);
        let indent = "  ".repeat(path.len());
        let what =
            if path.is_empty() || entry.kind == NESTED_STACK { self.counts(path) } else { format!("  {}", entry.kind) };
        let mut line = format!("{indent}{sign} {name}  {}{what}  {}", paint(&entry.status, style), self.age(entry));
        if let Some(reason) = entry.reason.as_ref().filter(|_| entry.has_failed()) {
            line.push_str(&format!("  {}", reason.replace('\n', " ")));
        }
        line
    }

    fn counts(&self, path: &[String]) -> String {
        let below = self
            .entries
            .iter()
            .filter(|(other, entry)| other.len() > path.len() && other.starts_with(path) && entry.kind != NESTED_STACK);
        let (done, all) = below.fold((0, 0), |(done, all), (_, entry)| (done + usize::from(entry.is_over()), all + 1));
        if all == 0 { String::new() } else { format!("  {done}/{all}") }
    }

    fn age(&self, entry: &Entry) -> String {
        let end = entry.ended.unwrap_or_else(|| Timestamp::now() - self.skew.unwrap_or_default());
        duration(end.duration_since(entry.began))
    }

    fn spinner(&self) -> &'static str {
        if self.is_closed { "…" } else { SPINNER[self.frame % SPINNER.len()] }
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
        let mut tree = Tree::new("jaeger");
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
            tree.lines(false),
            [
                "✗ jaeger  ROLLBACK_COMPLETE  2/2  1m 30s",
                "  ✓ Network  CREATE_COMPLETE  2/2  1m 03s",
                "    ✗ Gateway  CREATE_FAILED  AWS::EC2::InternetGateway  0s  no room",
            ]
        );
    }

    #[test]
    fn durations_are_short() {
        let text = |seconds| duration(jiff::SignedDuration::from_secs(seconds));
        assert_eq!((text(5), text(65), text(3_700)), ("5s".to_owned(), "1m 05s".to_owned(), "1h 01m".to_owned()));
    }
}
