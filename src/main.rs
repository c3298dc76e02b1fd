//! `jqs`: a tracing backend in your own AWS account with one command.

mod approval;
mod case;
mod cli;
mod commands;
mod config;
mod context;
mod demo;
mod doctor;
mod domain;
mod ec2;
mod ecr;
mod ecs;
mod evidence;
mod exit;
mod image;
mod interrupt;
mod logs;
mod matrix_view;
mod migrate;
mod paragraph;
mod plan;
mod printer;
mod progress;
mod quote;
mod remedy;
mod report;
mod rollout;
mod settings;
mod source;
mod targets;
mod templates;
mod timeline;

use clap::{CommandFactory, FromArgMatches};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let matches = cli::Cli::command().get_matches();
    let mut cli = cli::Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let origins = config::apply(&mut cli, &matches);
    let settings = settings::Settings::resolve(&cli.global);
    settings.start_logging();
    let printer = printer::Printer::new(&settings);
    let outcome = origins.and_then(|origins| run(cli.command, settings, printer.clone(), origins));
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            printer.error(&error);
            exit::Exit::from(error.kind()).into()
        }
    }
}

fn run(
    command: cli::Command,
    settings: settings::Settings,
    printer: printer::Printer,
    origins: Vec<config::Origin>,
) -> jqs_cfn::Result<exit::Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| jqs_cfn::Error::new(jqs_cfn::ErrorKind::Io, "cannot start the runtime").because(error))?;
    runtime.block_on(async { commands::run(command, &context::Context::new(settings, printer, origins)).await })
}
