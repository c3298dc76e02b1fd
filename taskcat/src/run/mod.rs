//! A run of a matrix: every case under the limits, with what it tells while it goes on, and what came of it.

pub mod assertion;
mod case;
mod create;
mod event;
mod expense;
pub mod hook;
mod leftovers;
mod making;
mod poller;
mod prepare;
mod proving;
mod quota;
mod result;
mod running;
mod site;
mod stop;
mod teardown;
pub mod transient;
mod turn;

pub use case::DEFAULT_EVENTS_MAX;
pub use create::make_again;
pub use event::{Event, Phase};
pub use poller::{Goal, Poller};
pub use result::{
    AssertionResult, CaseResult, Failure, FailureKind, LoggedEvent, PhaseTime, RESULT_VERSION, Retry, RunResult,
    Verdict,
};
pub use running::{Keep, RunOptions, run};
pub use site::{Site, Sites};
pub use stop::Stop;
pub use teardown::DEFAULT_DELETIONS_MAX;
pub use turn::{Needs, Turns};

use tokio::sync::mpsc::UnboundedSender;

/// Whoever does not listen any more misses nothing that would matter.
pub type Events = UnboundedSender<Event>;

/// TaskCat's tags, by which a run is found again.
pub const TAG_RUN: &str = "taskcat-id";
pub const TAG_PROJECT: &str = "taskcat-project-name";
pub const TAG_TEST: &str = "taskcat-test-name";
/// Ours: the run and the test, on all that a case makes.
pub const TAG_CASE: &str = "jqs:test-case";
