//! Test matrices of CloudFormation templates: `.taskcat.yml` → tests × regions → stacks → assertions → reports. It reads any
//! project's file as it stands. It calls AWS by `jqs-stacks`, and knows no terminal: whoever runs a matrix is told of events.

pub mod ami;
pub mod config;
pub mod found;
pub mod generate;
pub mod lint;
pub mod matrix;
pub mod package;
pub mod policy;
pub mod prove;
pub mod pseudo;
pub mod report;
pub mod run;
