//! What CloudFormation may do to a deployment, and how `jqs` ends each time: exit code, state of the stack, what is said, and
//! in what time.

mod creation;
mod credentials;
mod deletion;
mod kills;
mod logs;
mod remains;
mod status;
mod trouble;
mod update;

use crate::fake::Fake;
use crate::run::{Jqs, Run};
use std::time::Duration;

/// Longer than any of these takes on a busy machine, and far shorter than a hang.
const RUN_MAX: Duration = Duration::from_secs(30);

const DEPLOY: &[&str] = &["deploy", "--yes", "--skip-image-check"];
const UPDATE: &[&str] = &["deploy", "--yes", "--skip-image-check", "-P", "LogRetentionDays=7"];
const TEARDOWN: &[&str] = &["teardown", "--yes"];

impl Fake {
    /// Runs the program: how it ends, in which state it leaves the stack, and what it says.
    #[track_caller]
    fn expect(&self, arguments: &[&str], code: i32, state: &str, says: &[&str]) -> Run {
        self.expect_of(&self.jqs(), arguments, code, state, says)
    }

    #[track_caller]
    fn expect_of(&self, jqs: &Jqs, arguments: &[&str], code: i32, state: &str, says: &[&str]) -> Run {
        let run = says.iter().fold(jqs.run(arguments).expect(code), |run, text| run.says(text));
        assert_eq!(self.status("jaeger"), state, "{}", run.shown());
        assert!(run.took < RUN_MAX, "{:?}: {}", run.took, run.shown());
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }
}
