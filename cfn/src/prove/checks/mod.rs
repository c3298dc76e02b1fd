//! The checks, a file for each family.

mod contract;
mod evaluation;
mod fargate;
mod names;

use super::check::Check;

pub(super) use evaluation::EVALUATION_ID;

pub static ALL: &[Check] = &[
    evaluation::PROPERTIES,
    evaluation::OUTPUTS,
    contract::PASSED,
    contract::RULES,
    names::LIMITS,
    fargate::SIZES,
    fargate::CONTAINERS,
];
