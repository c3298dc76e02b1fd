//! The checks, a file for each family.

mod contract;
mod evaluation;
mod fargate;
mod iam;
mod names;
mod network;
mod ports;
mod reachability;

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
    network::RANGES,
    network::ZONES,
    network::DISTINCT,
    network::WAY_OUT,
    ports::MAPPINGS,
    ports::HEALTH,
    ports::PROTOCOLS,
    ports::CONTAINER_HEALTH,
    ports::ORDER,
    reachability::CLEAR_TEXT,
    reachability::ANONYMOUS,
    reachability::ADMINISTRATION,
    reachability::TARGETS,
    reachability::STORAGE,
    reachability::PUBLIC_TASKS,
    reachability::PUBLIC_STORAGE,
    reachability::PUBLIC_SUBNETS,
    reachability::ENDPOINTS,
    iam::ACTIONS,
    iam::RESOURCES,
    iam::PASSED_ROLES,
    iam::CONFUSED_DEPUTY,
    iam::EVERYBODY,
    iam::OTHER_ACCOUNTS,
    iam::NAMES,
];
