//! `jqs` as a user runs it, against an AWS stand-in that runs CloudFormation.
#![allow(clippy::unwrap_used)]

mod bad_templates;
mod cases;
mod cloud;
mod comparison;
mod config;
mod deployed;
mod doctor;
mod fake;
mod faults;
mod faulty_proxy;
mod fmt;
mod interrupts;
mod kept;
mod life;
mod lifecycle;
mod lint;
mod offline;
mod plans;
mod prove;
mod refusals;
mod rendered;
mod run;
mod scenarios;
