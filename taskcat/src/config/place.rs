//! Where a value was said.

use jqs_cfn::template::Position;
use std::fmt::{self, Display};

/// From low to high: what is said in a later one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Default,
    /// `~/.taskcat.yml`
    Global,
    /// `.taskcat.yml`
    Project,
    /// `Metadata.taskcat` of the template
    Template,
    /// `.taskcat_overrides.yml`
    Overrides,
    /// `TASKCAT_…`
    Environment,
    CommandLine,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub layer: Layer,
    /// The file, or the name of the variable.
    pub source: String,
    pub position: Option<Position>,
}

impl Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(formatter, "{}:{}:{}", self.source, position.line, position.column),
            None => formatter.write_str(&self.source),
        }
    }
}
