//! What templates come to: one flat template in place of nested stacks, or one case with everything resolved.

pub mod flat;
mod made;
mod resolved;

pub use resolved::document;
