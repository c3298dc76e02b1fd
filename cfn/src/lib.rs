//! CloudFormation engine: templates in, facts about them out. It calls nobody and knows no terminal: everything here is
//! proven offline. What a stack does in an account is `jqs-stacks`.

pub mod bundle;
pub mod diagnostic;
pub mod error;
pub mod eval;
pub mod lint;
pub mod parameters;
pub mod prove;
pub mod region;
pub mod template;

pub use error::{Error, ErrorKind, Result};
