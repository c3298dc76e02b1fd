//! Stacks in an AWS account: bucket, upload, change set, watch, failure, delete.
//!
//! This crate calls AWS; it knows no terminal. Everything long-running yields typed values that a caller may show as it likes.

mod aws_error;
pub mod bucket;
pub mod change_set;
mod credentials;
pub mod delete;
pub mod drift;
pub mod failure;
pub mod pace;
pub mod patience;
pub mod query;
pub mod refusal;
pub mod remains;
pub mod retention;
pub mod rollback;
pub mod session;
pub mod stack;
pub mod typical;
pub mod upload;
pub mod watch;

pub use aws_error::aws_error;
pub use pace::Pace;
pub use session::{Identity, Session, SessionOptions};
