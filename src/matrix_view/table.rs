//! The live table: one line for each case while they fit, else what goes on and what has failed, and how many the rest are.

use super::row::Row;
use crate::printer::paint;
use crate::progress::screen::Screen;
use console::{Alignment, Style, measure_text_width, pad_str, truncate_str};
use jqs_taskcat::report::span;
use jqs_taskcat::run::{Phase, Verdict};
use std::time::Instant;

/// Of the lines of the terminal, for what is typed, the head and what is hidden.
const LINES_RESERVED: usize = 4;

pub(super) struct Table {
    screen: Screen,
    title: String,
    began: Instant,
}

impl Table {
    pub(super) fn new(project: &str, run: &str) -> Self {
        let short = run.get(..6).unwrap_or(run);
        Self { screen: Screen::stderr(), title: format!("{project} {short}"), began: Instant::now() }
    }

    pub(super) fn draw(&mut self, rows: &[Row]) {
        let (lines, columns) = self.screen.size();
        let drawn = lay_out(rows, &self.title, self.began.elapsed().as_secs_f64(), lines, columns);
        self.screen.draw(&drawn);
    }

    /// A line that stays, above the table.
    pub(super) fn say(&mut self, rows: &[Row], text: &str) {
        let (_, columns) = self.screen.size();
        self.screen.draw(&[]);
        let body = text.trim_start_matches(' ');
        let indent = text.len() - body.len();
        let lines = crate::paragraph::wrap(body, columns.saturating_sub(indent));
        let lines: Vec<String> = lines.into_iter().map(|line| format!("{:indent$}{line}", "")).collect();
        self.screen.leave(&lines);
        self.draw(rows);
    }
}

fn lay_out(rows: &[Row], title: &str, elapsed: f64, lines: usize, columns: usize) -> Vec<String> {
    let mut drawn = vec![head(rows, title, elapsed, columns)];
    let room = lines.saturating_sub(LINES_RESERVED).max(1);
    let shown: Vec<&Row> = if rows.len() <= room {
        rows.iter().collect()
    } else {
        // What goes on and what has failed is of interest; the others are counted in the head.
        let mut some: Vec<&Row> = rows.iter().filter(|row| row.has_failed || goes_on(row)).collect();
        some.truncate(room);
        some
    };
    let test = shown.iter().map(|row| row.test.len()).max().unwrap_or_default().min(columns / 3);
    let region = shown.iter().map(|row| row.region.len()).max().unwrap_or_default();
    drawn.extend(shown.iter().map(|row| line(row, test, region, columns)));
    let hidden = rows.len() - shown.len();
    if hidden > 0 {
        drawn.push(paint(&format!("  … and {hidden} more, waiting or over"), Style::new().dim()));
    }
    drawn
}

fn goes_on(row: &Row) -> bool {
    !row.is_over() && row.phase > Phase::Waiting
}

fn head(rows: &[Row], title: &str, elapsed: f64, columns: usize) -> String {
    let count = |holds: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| holds(row)).count();
    let parts = [
        ("passed", count(&|row| row.verdict == Some(Verdict::Passed))),
        ("failed", count(&|row| row.has_failed)),
        ("going on", count(&goes_on)),
        ("waiting", count(&|row| !row.is_over() && row.phase == Phase::Waiting)),
    ];
    let counts: Vec<String> =
        parts.iter().filter(|(_, number)| *number > 0).map(|(what, number)| format!("{number} {what}")).collect();
    let text = format!("{title}  {}  {}", span(elapsed.floor()).replace(".0s", "s"), counts.join(", "));
    paint(&truncate_str(&text, columns, "…"), Style::new().bold())
}

fn line(row: &Row, test: usize, region: usize, columns: usize) -> String {
    let (sign, style) = match (row.verdict, row.has_failed) {
        (_, true) => ("✗", Style::new().red()),
        (Some(Verdict::Passed), _) => ("✓", Style::new().green()),
        (Some(_), _) => ("-", Style::new().yellow()),
        (None, _) if row.phase == Phase::Waiting => ("·", Style::new().dim()),
        (None, _) => ("▸", Style::new().cyan()),
    };
    let word = match row.verdict {
        Some(Verdict::Passed) => "passed",
        Some(Verdict::Failed) => "failed",
        Some(Verdict::Skipped) => "not run to the end",
        None => match row.phase {
            Phase::Waiting => "waiting",
            Phase::Preparing => "preparing",
            Phase::Creating => "creating",
            Phase::Asserting => "checking",
            Phase::Deleting => "deleting",
            Phase::Done => "done",
        },
    };
    let elapsed = row.elapsed();
    let time = if elapsed > 0.0 { span(elapsed.floor()).replace(".0s", "s") } else { String::new() };
    let status = if row.is_over() { "" } else { row.status.as_str() };
    let retries = if row.retries > 0 { format!("  {} retries", row.retries) } else { String::new() };
    let name = pad_str(&truncate_str(&row.test, test, "…"), test, Alignment::Left, None).into_owned();
    let rest = format!("{name}  {:<region$}  {word:<9}  {time:>8}  {status}{retries}", row.region);
    let rest = truncate_str(rest.trim_end(), columns.saturating_sub(measure_text_width(sign) + 1), "…").into_owned();
    format!("{} {rest}", paint(sign, style))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(test: &str, region: &str, phase: Phase, verdict: Option<Verdict>) -> Row {
        let mut row = Row::blank(test, region);
        row.phase = phase;
        row.verdict = verdict;
        row.has_failed = verdict == Some(Verdict::Failed);
        row.seconds = 75.0;
        row.status = "CREATE_IN_PROGRESS".to_owned();
        row
    }

    #[test]
    fn each_case_has_a_line_while_there_is_room() {
        console::set_colors_enabled_stderr(false);
        let rows = [
            row("one", "eu-west-1", Phase::Done, Some(Verdict::Passed)),
            row("a-longer-name", "us-east-1", Phase::Creating, None),
            row("two", "us-east-1", Phase::Deleting, Some(Verdict::Failed)),
            row("three", "us-east-1", Phase::Waiting, None),
        ];
        let lines = lay_out(&rows, "shop 0123ab", 61.0, 24, 80);
        assert_eq!(lines[0], "shop 0123ab  1m 01s  1 passed, 1 failed, 1 going on, 1 waiting");
        assert_eq!(lines[1], "✓ one            eu-west-1  passed       1m 15s");
        assert_eq!(lines[2], "▸ a-longer-name  us-east-1  creating             CREATE_IN_PROGRESS");
        assert_eq!(lines[3], "✗ two            us-east-1  failed       1m 15s");
    }

    #[test]
    fn of_many_those_that_go_on_or_have_failed_are_shown() {
        console::set_colors_enabled_stderr(false);
        let mut rows: Vec<Row> = (0..50).map(|at| row(&format!("t{at}"), "eu-west-1", Phase::Waiting, None)).collect();
        rows[30].phase = Phase::Creating;
        rows[40].has_failed = true;
        let lines = lay_out(&rows, "shop", 1.0, 24, 80);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3], "  … and 48 more, waiting or over");
        for lines in [lay_out(&rows, "shop", 1.0, 3, 20), lay_out(&rows, "a very long title", 1.0, 24, 20)] {
            assert!(lines.iter().all(|line| measure_text_width(line) <= 40), "{lines:?}");
        }
    }
}
