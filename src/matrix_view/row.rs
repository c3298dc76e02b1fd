//! One case, as far as it has come.

use jqs_taskcat::matrix::Case;
use jqs_taskcat::run::{Phase, Verdict};
use std::time::Instant;

pub(super) struct Row {
    pub(super) test: String,
    pub(super) region: String,
    pub(super) phase: Phase,
    pub(super) status: String,
    pub(super) has_failed: bool,
    pub(super) retries: usize,
    pub(super) verdict: Option<Verdict>,
    /// Of the whole case, once it is over.
    pub(super) seconds: f64,
    began: Option<Instant>,
}

impl Row {
    pub(super) fn new(case: &Case) -> Self {
        Self::blank(&case.test.name, &case.region)
    }

    pub(super) fn blank(test: &str, region: &str) -> Self {
        Self {
            test: test.to_owned(),
            region: region.to_owned(),
            phase: Phase::Waiting,
            status: String::new(),
            has_failed: false,
            retries: 0,
            verdict: None,
            seconds: 0.0,
            began: None,
        }
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        if phase > Phase::Waiting {
            self.began.get_or_insert_with(Instant::now);
        }
    }

    pub(super) fn name(&self) -> String {
        format!("{} {}", self.test, self.region)
    }

    pub(super) fn elapsed(&self) -> f64 {
        match self.verdict {
            Some(_) => self.seconds,
            None => self.began.map_or(0.0, |began| began.elapsed().as_secs_f64()),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.verdict.is_some()
    }
}
