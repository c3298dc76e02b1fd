//! The checks, a file for each family.

mod addresses;
mod balancers;
mod contract;
mod encryption;
mod evaluation;
mod fargate;
mod iam;
mod lifecycle;
mod names;
mod network;
mod opensearch;
mod ports;
mod reachability;
mod regions;

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
    opensearch::ZONES,
    opensearch::SUBNETS,
    opensearch::MASTERS,
    opensearch::SPREAD,
    opensearch::VOLUMES_FIT,
    opensearch::SERVICE_ROLE,
    opensearch::SMALL_TYPES,
    opensearch::LOGS,
    opensearch::WARM,
    network::RANGES,
    network::ZONES,
    network::DISTINCT,
    network::WAY_OUT,
    ports::MAPPINGS,
    ports::HEALTH,
    ports::PROTOCOLS,
    ports::CONTAINER_HEALTH,
    ports::ORDER,
    addresses::NAMES,
    addresses::ROUND_TRIPS,
    reachability::CLEAR_TEXT,
    reachability::ANONYMOUS,
    reachability::ADMINISTRATION,
    reachability::TARGETS,
    reachability::STORAGE,
    reachability::PUBLIC_TASKS,
    reachability::PUBLIC_STORAGE,
    reachability::PUBLIC_SUBNETS,
    reachability::ENDPOINTS,
    balancers::GUARDED,
    balancers::INSIDE,
    iam::ACTIONS,
    iam::RESOURCES,
    iam::PASSED_ROLES,
    iam::CONFUSED_DEPUTY,
    iam::EVERYBODY,
    iam::OTHER_ACCOUNTS,
    iam::GRANTED_ACTIONS,
    iam::NAMES,
    encryption::REST,
    encryption::OWN_KEYS,
    encryption::DOMAINS,
    encryption::LISTENERS,
    encryption::POLICIES,
    encryption::BUCKETS,
    lifecycle::RETENTION,
    lifecycle::POLICIES,
    lifecycle::DESIRED_COUNT,
    lifecycle::CIRCUIT_BREAKER,
    lifecycle::CAPACITY,
    lifecycle::DRAINING,
    lifecycle::EXPORTS,
    lifecycle::IMPORTS,
    regions::TYPES,
    regions::INSTANCES,
];
