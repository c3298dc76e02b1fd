//! CloudFormation engine: templates in, facts about them out. It calls nobody and knows no terminal: everything here is
//! proven offline. What a stack does in an account is `jqs-stacks`.

pub mod bundle;
pub mod cost;
pub mod diagnostic;
pub mod error;
pub mod eval;
pub mod fargate;
pub mod fmt;
pub mod graph;
pub mod lint;
pub mod markup;
pub mod parameters;
pub mod prove;
pub mod range;
pub mod region;
pub mod render;
pub mod template;

pub use error::{Error, ErrorKind, Result};
