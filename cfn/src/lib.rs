//! CloudFormation engine: read templates, check parameters, package, change set, watch, delete.
//!
//! This crate knows AWS and templates; it knows no terminal. Everything long-running yields typed values that a caller may
//! show as it likes.

pub mod bucket;
pub mod bundle;
pub mod change_set;
pub mod delete;
pub mod error;
pub mod failure;
pub mod parameters;
pub mod region;
pub mod retention;
pub mod session;
pub mod stack;
pub mod template;
pub mod watch;

pub use error::{Error, ErrorKind, Result};
pub use session::{Identity, Session, SessionOptions};
