//! What templates come to: one flat template in place of nested stacks, or one case with everything resolved, or
//! themselves with something retained.

pub mod flat;
mod made;
mod resolved;
mod retain;

pub use resolved::document;
pub use retain::{Retained, retaining};
