//! Proof: what holds of a set of templates in every combination of parameters and conditions, in every region, without
//! deploying anything.

mod acceptance;
mod case;
mod check;
pub mod checklist;
pub mod checks;
mod cursor;
mod domain;
mod influence;
mod network;
mod policy;
mod prover;
mod reachable;
mod regions;
pub mod report;
mod sample;
mod scene;

#[cfg(test)]
mod soundness;
#[cfg(test)]
mod tests;

pub use case::{Choice, Subject};
pub use check::{Check, Grain, Problem, Severity};
pub use cursor::Cursor;
pub use domain::DEFAULT_VALUES_MAX;
pub use prover::{DEFAULT_CASES_MAX, Finding, Options, Proof, Proven, prove};
pub use scene::{Inventory, Scene};
