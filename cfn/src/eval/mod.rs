//! Evaluation: templates × parameters × region × account → the values that the stacks will have, nested stacks included.

mod circle;
mod evaluator;
mod expression;
mod folder;
mod functions;
mod inputs;
mod program;
mod resolved;
mod rules;
mod substitution;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub use evaluator::{DEFAULT_EVALUATION_DEPTH_MAX, Evaluator, Fault, Outcome};
pub use expression::{Expression, Form};
pub use folder::{DEFAULT_FOLDER_DEPTH_MAX, DEFAULT_FOLDER_FILES_MAX, Folder};
pub use inputs::{DEFAULT_STACK_NAME, Given, Inputs};
pub use program::{Program, RuleProgram};
pub use resolved::{ResolvedOutput, ResolvedResource, ResolvedStack, resolve};
pub use rules::Violation;
pub use substitution::Slot;
pub(crate) use substitution::slots;
pub(crate) use tree::candidates;
pub use tree::{DEFAULT_NESTING_MAX, DEFAULT_STACKS_MAX, Library, Stack, StackId, StackTree};
pub use value::{Address, Piece, Unknown, Value};
