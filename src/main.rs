//! `jqs`: a tracing backend in your own AWS account with one command.

mod approval;
mod case;
mod cli;
mod commands;
mod context;
mod demo;
mod ecr;
mod ecs;
mod exit;
mod huge_pages;
mod image;
mod interrupt;
mod plan;
mod printer;
mod progress;
mod report;
mod rollout;
mod settings;
mod source;
mod templates;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    if matches!(cli.command, cli::Command::Lint(_)) {
        huge_pages::ask_for();
    }
    let settings = settings::Settings::resolve(&cli.global);
    settings.start_logging();
    let printer = printer::Printer::new(&settings);
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| jqs_cfn::Error::new(jqs_cfn::ErrorKind::Io, "cannot start the runtime").because(error));
    let outcome = outcome.and_then(|runtime| {
        runtime.block_on(async { commands::run(cli.command, &context::Context::new(settings, printer.clone())).await })
    });
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            printer.error(&error);
            exit::Exit::from(error.kind()).into()
        }
    }
}
