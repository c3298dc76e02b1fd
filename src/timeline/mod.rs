//! What an operation went through, as a chart in one HTML file that needs nothing else.

mod chart;
mod page;

use crate::context::Context;
use clap::Args;
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::watch::StackEvent;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// Write a chart of all that happens to this file, as a page of HTML; also if it fails
    #[arg(long, value_name = "FILE.html")]
    timeline: Option<PathBuf>,
    /// Ask AWS only every few minutes whether it is over, and tell then what happened: for logs, and for accounts that are
    /// throttled
    #[arg(long)]
    sparing: bool,
}

impl RecordArgs {
    /// From now on, operations are watched like this, and get into the file.
    pub(crate) fn begin(&self, context: &Context) -> Result<()> {
        context.is_sparing.store(self.sparing, Ordering::Relaxed);
        let Some(path) = &self.timeline else { return Ok(()) };
        check(path)?;
        // A command begins once.
        let _ = context.recorder.0.set(Recording { path: path.clone(), events: Mutex::default() });
        Ok(())
    }
}

/// Keeps the events of all operations of a run, if that was asked for.
#[derive(Default)]
pub(crate) struct Recorder(OnceLock<Recording>);

struct Recording {
    path: PathBuf,
    events: Mutex<Vec<StackEvent>>,
}

impl Recorder {
    /// Takes in what was watched, and writes the file anew. The operation is what matters: a file that cannot be written is
    /// only warned of.
    pub(crate) fn take(&self, context: &Context, events: &[StackEvent]) {
        let Some(recording) = self.0.get() else { return };
        let mut all = recording.events.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(events);
        match write(&recording.path, &all) {
            Ok(()) => context.printer.note(&format!("The timeline is in {}.", recording.path.display())),
            Err(error) => context.printer.warning(&error.full()),
        }
    }
}

/// Tells beforehand of a file that could not be written: an operation may take an hour.
pub(crate) fn check(path: &Path) -> Result<()> {
    let is_new = !path.exists();
    OpenOptions::new().append(true).create(true).open(path).map_err(|error| unwritable(path, error))?;
    if is_new {
        std::fs::remove_file(path).map_err(|error| unwritable(path, error))?;
    }
    Ok(())
}

pub(crate) fn write(path: &Path, events: &[StackEvent]) -> Result<()> {
    std::fs::write(path, page::page(&chart::Chart::new(events))).map_err(|error| unwritable(path, error))
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot write the timeline to `{}`", path.display())).because(error)
}
