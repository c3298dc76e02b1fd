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
mod migrate;
mod offline;
mod plans;
mod prove;
mod refusals;
mod rendered;
mod run;
mod running;
mod scenarios;
mod terminal;
mod timeline;
mod tmux;
mod watching;
