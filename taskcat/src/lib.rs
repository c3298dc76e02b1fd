//! Test matrices of CloudFormation templates: `.taskcat.yml` → tests × regions → stacks → assertions → reports. It reads any
//! project's file as it stands. It calls AWS by `jqs-stacks`, and knows no terminal: whoever runs a matrix is told of events.

pub mod config;
pub mod matrix;
pub mod package;
pub mod prove;
pub mod pseudo;
pub mod report;
pub mod run;
