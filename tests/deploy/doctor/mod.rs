//! `jqs doctor`, and the same checks before a deployment: each finds what is well, and what is not.

mod account;
mod names;
mod network;
mod preflight;
mod quotas;

use crate::run::{Jqs, Run};
use serde_json::Value;

/// Every finding of that check, as `verdict: found`.
struct Report(Value);

impl Report {
    #[track_caller]
    fn of(jqs: &Jqs, arguments: &[&str], code: i32) -> Self {
        let run = jqs.run(&[&["doctor", "--json", "--skip-image-check"], arguments].concat()).expect(code);
        Self::read(&run)
    }

    #[track_caller]
    fn read(run: &Run) -> Self {
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        Self(serde_json::from_str(&run.stdout).unwrap())
    }

    fn finding(&self, id: &str) -> &Value {
        let checks = self.0["checks"].as_array().unwrap();
        checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no `{id}` in {:#}", self.0))
    }

    fn has(&self, id: &str) -> bool {
        self.0["checks"].as_array().unwrap().iter().any(|check| check["id"] == id)
    }

    /// The verdict of a check, whose words must be among what it found or advises.
    #[track_caller]
    fn expect(&self, id: &str, verdict: &str, words: &str) -> &Self {
        let finding = self.finding(id);
        assert_eq!(finding["verdict"], verdict, "{finding:#}");
        let said = format!("{} {}", finding["found"], finding["advice"]);
        assert!(said.contains(words), "`{words}` is not in {finding:#}");
        self
    }
}
