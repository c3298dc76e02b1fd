//! How a run of a matrix is shown: a live table on a terminal, plain lines elsewhere, JSON lines with `--json`.

mod row;
mod table;

use crate::context::Context;
use crate::interrupt::LastWords;
use crate::printer::{Printer, paint};
use crate::progress::connection;
use crate::remedy::remedy;
use console::Style;
use jqs_stacks::patience::Loss;
use jqs_taskcat::matrix::Matrix;
use jqs_taskcat::report::{self, Written};
use jqs_taskcat::run::{Event, Failure, Phase, RunResult, Verdict};
use row::Row;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use table::Table;

/// What is still to be told of when somebody leaves at once: test, region and stack.
type Open = Arc<Mutex<HashMap<usize, (String, String, String)>>>;

pub(crate) struct View {
    printer: Printer,
    run: String,
    rows: Vec<Row>,
    form: Form,
    is_minimal: bool,
    losses: HashMap<String, Loss>,
    open: Open,
}

enum Form {
    Table(Box<Table>),
    Lines,
    Json,
}

#[derive(Serialize)]
struct Record<'a, T> {
    test: &'a str,
    region: &'a str,
    #[serde(flatten)]
    what: T,
}

impl View {
    pub(crate) const REDRAW: Duration = Duration::from_millis(120);

    pub(crate) fn new(context: &Context, matrix: &Matrix, run: &str, is_minimal: bool) -> Self {
        let form = match (context.printer.is_json(), context.settings.can_redraw && !is_minimal) {
            (true, _) => Form::Json,
            (false, true) => Form::Table(Box::new(Table::new(&matrix.config.name, run))),
            (false, false) => Form::Lines,
        };
        let rows: Vec<Row> = matrix.cases.iter().map(Row::new).collect();
        let regions: std::collections::BTreeSet<&str> = matrix.cases.iter().map(|case| case.region.as_str()).collect();
        let printer = context.printer.clone();
        printer.field("Run", &format!("{run}, {} stacks in {} regions", rows.len(), regions.len()));
        Self { printer, run: run.to_owned(), rows, form, is_minimal, losses: HashMap::new(), open: Open::default() }
    }

    /// For the second Ctrl-C.
    pub(crate) fn last_words(&self) -> LastWords {
        let (open, run, printer) = (self.open.clone(), self.run.clone(), self.printer.clone());
        Arc::new(move || {
            let open = open.lock().unwrap_or_else(PoisonError::into_inner);
            let mut lines: Vec<String> =
                open.values().map(|(test, region, stack)| format!("  {stack} in {region} ({test})")).collect();
            lines.sort();
            printer.warning(&format!("left at once: {} stacks may still be there", lines.len()));
            lines.iter().for_each(|line| printer.note(line));
            printer.hint(&format!(
                "to clear all of it away, or to go on:\njqs test clean --run {run}\njqs test resume {run}"
            ));
        })
    }

    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::Note(text) => self.note(&text),
            Event::Lost { region, loss } => self.lost(region, loss),
            Event::Entered { case, phase, stack_name } => self.enter(case, phase, &stack_name),
            Event::Moved { case, status } => {
                self.record(case, "status", &serde_json::json!({"status": status}));
                self.row(case).status = status;
            }
            Event::Retried { case, retry } => {
                self.record(case, "retried", &retry);
                self.row(case).retries += 1;
                let text = format!("{}: trying again: {}", self.rows[case].name(), retry.cause);
                self.say_of(&text);
            }
            Event::Failed { case, failure } => {
                self.record(case, "failed", &failure);
                self.row(case).has_failed = true;
                self.failed(case, &failure);
            }
            Event::Finished { case, result } => {
                let verdict = result.verdict;
                self.record(case, "finished", &*result);
                let row = self.row(case);
                row.verdict = Some(verdict);
                row.seconds = report::seconds(&result);
                if !result.is_there {
                    self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&case);
                }
                self.finished(case, verdict);
            }
        }
    }

    fn row(&mut self, case: usize) -> &mut Row {
        &mut self.rows[case]
    }

    fn enter(&mut self, case: usize, phase: Phase, stack_name: &str) {
        self.record(case, "phase", &serde_json::json!({"phase": phase, "stack_name": stack_name}));
        let row = &mut self.rows[case];
        row.enter(phase);
        if phase == Phase::Creating {
            let what = (row.test.clone(), row.region.clone(), stack_name.to_owned());
            self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(case, what);
        }
        let text = match phase {
            Phase::Creating => "creating",
            Phase::Asserting => "up, checking",
            Phase::Deleting => "deleting",
            Phase::Waiting | Phase::Preparing | Phase::Done => return,
        };
        if matches!(self.form, Form::Lines) && !self.is_minimal {
            let stack = if phase == Phase::Creating { format!("  {stack_name}") } else { String::new() };
            self.line(&format!("{}  {text}{stack}", self.rows[case].name()));
        }
    }

    fn failed(&mut self, case: usize, failure: &Failure) {
        let lines = report::explained(failure);
        let sign = paint("✗", Style::new().red());
        let name = self.rows[case].name();
        self.say_of(&format!("{sign} {name}  {}", lines[0]));
        for line in &lines[1..] {
            self.say_of(&format!("    {line}"));
        }
    }

    fn finished(&mut self, case: usize, verdict: Verdict) {
        let Form::Lines = self.form else { return };
        if self.is_minimal {
            return;
        }
        let row = &self.rows[case];
        let word = match verdict {
            Verdict::Passed => paint("passed", Style::new().green()),
            Verdict::Failed => paint("failed", Style::new().red()),
            Verdict::Skipped => paint("not run to the end", Style::new().yellow()),
        };
        self.line(&format!("{}  {word} after {}", row.name(), report::span(row.seconds)));
    }

    fn lost(&mut self, region: String, loss: Option<Loss>) {
        if let Some(text) = connection(self.losses.get(&region), loss.as_ref()) {
            self.say_of(&format!("{region}: {text}"));
        }
        match loss {
            Some(loss) => drop(self.losses.insert(region, loss)),
            None => drop(self.losses.remove(&region)),
        }
    }

    fn note(&mut self, text: &str) {
        if !self.is_minimal {
            self.say_of(text);
        }
    }

    /// Above the table, or a line of its own.
    pub(crate) fn say(&mut self, text: &str) {
        self.say_of(text);
    }

    fn say_of(&mut self, text: &str) {
        match &mut self.form {
            Form::Table(table) => table.say(&self.rows, text),
            Form::Lines => self.line(text),
            Form::Json => {}
        }
    }

    fn line(&self, text: &str) {
        let time = jiff::Timestamp::now().strftime("%H:%M:%S");
        self.printer.note(&format!("{time}  {text}"));
    }

    fn record(&self, case: usize, kind: &str, what: &impl Serialize) {
        if matches!(self.form, Form::Json) {
            let row = &self.rows[case];
            self.printer.record(kind, &Record { test: &row.test, region: &row.region, what });
        }
    }

    pub(crate) fn tick(&mut self) {
        if let Form::Table(table) = &mut self.form {
            table.draw(&self.rows);
        }
    }

    pub(crate) fn close(&mut self) {
        if let Form::Table(table) = &mut self.form {
            table.draw(&self.rows);
        }
    }

    /// What came of it, what is left, and where more is.
    pub(crate) fn tell_end(&self, result: &RunResult, written: &Written) {
        let printer = &self.printer;
        let failed: Vec<_> = result.cases.iter().filter(|case| !case.failures.is_empty()).collect();
        for case in &failed {
            printer.note("");
            printer.failure(&format!("{} in {}", case.test, case.region));
            for failure in &case.failures {
                report::explained(failure).iter().for_each(|line| printer.below(2, line));
                let known = failure.cause.iter().map(|cause| cause.reason.as_str());
                let hint = failure.hint.clone().or_else(|| remedy(&case.stack_name, known));
                if let Some(hint) = hint {
                    printer.hint(&hint);
                }
            }
        }
        printer.note("");
        let cost: f64 = result.cases.iter().filter_map(|case| case.cost).sum();
        let took = report::span(result.ended.duration_since(result.started).as_secs_f64());
        let text = format!("{}, in {took}, for about {cost:.2} USD", report::summary(result));
        if result.has_passed() {
            printer.success(&text)
        } else {
            printer.failure(&text)
        }
        printer.field("Report", &written.html.display().to_string());
        if !result.remains.is_empty() {
            printer.warning("left behind:");
            result.remains.iter().for_each(|what| printer.note(&format!("  {what}")));
            printer.hint(&format!("to clear it away:\njqs test clean --run {}", result.run));
        }
    }
}
