//! From sidecars to one shared service: what is found in a cluster, what becomes of each task definition, and what that
//! saves. Everything but `cluster`, `reach` and `act` is pure.

pub(crate) mod act;
pub(crate) mod assess;
pub(crate) mod cluster;
pub(crate) mod definition;
pub(crate) mod destination;
mod find;
pub(crate) mod print;
pub(crate) mod reach;
mod rewrite;
mod saving;
pub(crate) mod show;
mod variables;
