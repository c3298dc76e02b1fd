//! Tests × regions: what a run has to do.

use crate::config::{Config, Test};
use std::sync::Arc;

/// One test in one region.
#[derive(Debug, Clone)]
pub struct Case {
    pub test: Arc<Test>,
    pub region: String,
    /// Of the AWS configuration; nothing for the usual chain.
    pub profile: Option<String>,
}

/// Which of it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Names of tests; none for all.
    pub tests: Vec<String>,
    /// Regions; none for those of each test.
    pub regions: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Matrix {
    pub config: Arc<Config>,
    /// Tests in the order of the file, regions in that of the test.
    pub cases: Vec<Case>,
}
