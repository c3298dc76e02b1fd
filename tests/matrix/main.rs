//! `jqs test` as a user runs it, on projects of its own, against an AWS stand-in that runs CloudFormation.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "what it has in common with the tests of deployments is more than it needs")]

mod amis;
mod asserted;
#[path = "../deploy/cloud.rs"]
mod cloud;
mod faults;
#[path = "../deploy/faulty_proxy.rs"]
mod faulty_proxy;
mod interrupts;
mod many;
mod offline;
mod own;
mod project;
#[path = "../deploy/run.rs"]
mod run;
mod runs;
mod taskcat;
