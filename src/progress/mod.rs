//! How an operation is shown while it goes on: a live tree on a terminal, plain lines elsewhere, JSON lines with `--json`.

mod layout;
pub(crate) mod push;
pub(crate) mod screen;
mod tree;

use crate::context::Context;
use crate::evidence::Gathered;
use crate::plan::Course;
use crate::printer::{Printer, paint};
use console::Style;
use jqs_cfn::Result;
use jqs_stacks::patience::Loss;
use jqs_stacks::stack::Stack;
use jqs_stacks::watch::{StackEvent, Watcher};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tree::Tree;
pub(crate) use tree::duration;

const REDRAW_MILLISECONDS: u64 = 120;

/// What came of watching.
pub(crate) enum Watched {
    Finished {
        stack: Box<Stack>,
        events: Vec<StackEvent>,
        evidence: Gathered,
    },
    /// Ctrl-C: nobody watches any more, and the operation goes on.
    Detached,
}

enum View {
    Tree(Box<Tree>),
    Lines,
    Json,
}

/// Watches until the operation is over; with a plan, what is still to come can be told.
pub(crate) async fn watch(
    context: &Context,
    mut watcher: Watcher<'_>,
    name: &str,
    course: Option<&Course>,
) -> Result<Watched> {
    if context.is_sparing.load(Ordering::Relaxed) {
        watcher.spare();
        context.printer.note("AWS is asked every few minutes whether it is over; what happened is told then.");
    }
    let watched = follow(context, &mut watcher, name, course).await;
    context.recorder.take(context, watcher.history());
    watched
}

async fn follow(context: &Context, watcher: &mut Watcher<'_>, name: &str, course: Option<&Course>) -> Result<Watched> {
    let printer = &context.printer;
    let mut view = match (printer.is_json(), context.settings.can_redraw) {
        (true, _) => View::Json,
        (false, true) => View::Tree(Box::new(Tree::new(name, course))),
        (false, false) => View::Lines,
    };
    let (mut lost, mut evidence) = (None, Gathered::default());
    loop {
        let look = {
            let mut next = std::pin::pin!(watcher.next());
            let mut clock = tokio::time::interval(Duration::from_millis(REDRAW_MILLISECONDS));
            loop {
                tokio::select! {
                    biased;
                    () = context.interrupt.raised() => {
                        view.close();
                        return Ok(Watched::Detached);
                    }
                    look = &mut next => break look,
                    _ = clock.tick() => view.tick(),
                }
            }
        };
        let look = look.inspect_err(|_| view.close())?;
        let text = connection(lost.as_ref(), look.lost.as_ref());
        if let Some(text) = text {
            view.say(printer, &text);
        }
        lost = look.lost;
        view.events(printer, &look.events);
        tokio::select! {
            () = evidence.gather(watcher.session(), &look.events) => {}
            () = context.interrupt.raised() => {}
        }
        if let Some(stack) = look.finished {
            view.close();
            return Ok(Watched::Finished { stack: Box::new(stack), events: watcher.history().to_vec(), evidence });
        }
    }
}

impl View {
    fn events(&mut self, printer: &Printer, events: &[StackEvent]) {
        for event in events {
            match self {
                Self::Json => printer.record("event", event),
                Self::Tree(tree) if !is_echo(event) => tree.take(event),
                Self::Lines if !is_echo(event) => printer.note(&line(event)),
                Self::Tree(_) | Self::Lines => {}
            }
        }
    }

    fn say(&mut self, printer: &Printer, text: &str) {
        match self {
            Self::Tree(tree) => tree.say(text),
            Self::Lines | Self::Json => printer.note(text),
        }
    }

    fn tick(&mut self) {
        if let Self::Tree(tree) = self {
            tree.draw();
        }
    }

    fn close(&mut self) {
        if let Self::Tree(tree) = self {
            tree.close();
        }
    }
}

/// What to say when an answer is lost or comes again; nothing while that stays as it is.
pub(crate) fn connection(before: Option<&Loss>, now: Option<&Loss>) -> Option<String> {
    match (before, now) {
        (None | Some(Loss::Credentials(_)), Some(Loss::Answer(why))) => {
            Some(format!("waiting: AWS does not answer, trying on: {why}"))
        }
        (None | Some(Loss::Answer(_)), Some(Loss::Credentials(why))) => {
            Some(format!("waiting: credentials are needed anew, sign in meanwhile: {why}"))
        }
        (Some(_), None) => Some("AWS answers again".to_owned()),
        _ => None,
    }
}

/// A nested stack speaks of itself, and its parent speaks of it in the same words: once is enough, unless it fails.
fn is_echo(event: &StackEvent) -> bool {
    event.is_stack_itself() && !event.path.is_empty() && !event.has_failed()
}

fn line(event: &StackEvent) -> String {
    let time = event.time.strftime("%H:%M:%S");
    let name = if event.path.is_empty() { event.logical_id.clone() } else { event.path.join("/") };
    let status = paint(&format!("{:<28}", event.status), style_of(&event.status));
    let reason = event.reason.as_ref().or(event.detail.as_ref());
    let reason = reason.map(|reason| format!("  {reason}")).unwrap_or_default();
    format!("{time}  {status}  {name}  {}{reason}", event.kind)
}

/// Colours only repeat what the word says.
pub(crate) fn style_of(status: &str) -> Style {
    match status {
        _ if status.ends_with("_FAILED") => Style::new().red(),
        _ if status.contains("ROLLBACK") => Style::new().yellow(),
        _ if status.ends_with("_COMPLETE") => Style::new().green(),
        _ => Style::new(),
    }
}
