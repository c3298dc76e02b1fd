//! `jqs-collector`: the backend alone, as the container image runs it.

mod arguments;
mod config;
mod health;
mod jobs;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use jqs_collector::{
    server::Server,
    settings::{ProcessArgs, Role, Settings},
    shutdown, telemetry,
};

use crate::arguments::{ConfigFileArgs, Read};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// `jqs image build` looks for the second line in the program's file: change both together.
const LONG_VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), "\nbuilt from Cargo.lock sha256:", env!("JQS_LOCK_SHA256"));

/// A Jaeger-compatible trace collector and query server
#[derive(Parser)]
#[command(version, long_version = LONG_VERSION, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Receivers, storage and query in one process
    AllInOne(RoleArgs),
    /// Receivers only; the storage is shared with `query`
    Collector(RoleArgs),
    /// Query API and web page only; the storage is shared with `collector`
    Query(RoleArgs),
    /// Look at a configuration without running it
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Ask a server on this host whether it is healthy: exit 0 if it is (for container health checks)
    Health(health::HealthArgs),
    /// Do something once and end (for schedulers)
    #[command(subcommand)]
    Jobs(jobs::Job),
}

/// A role's flags, and the file in which the others may stand.
#[derive(Args)]
struct RoleArgs {
    #[command(flatten)]
    file: ConfigFileArgs,

    #[command(flatten)]
    process: ProcessArgs,
}

#[tokio::main]
async fn main() -> ExitCode {
    let read = match arguments::read() {
        Ok(read) => read,
        Err(code) => return code,
    };
    let (role, args) = match read.cli.command {
        Command::AllInOne(ref args) => (Role::AllInOne, args.process.clone()),
        Command::Collector(ref args) => (Role::Collector, args.process.clone()),
        Command::Query(ref args) => (Role::Query, args.process.clone()),
        Command::Config(ref command) => return config::run(command, &read),
        Command::Health(ref args) => return health::check(args).await,
        Command::Jobs(job) => {
            telemetry::init_logs("info");
            return ended(jobs::run(job).await);
        }
    };
    ended(serve(role, args, read).await)
}

fn ended(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(role: Role, args: ProcessArgs, read: Read) -> anyhow::Result<()> {
    let ProcessArgs { serve, logs } = args;
    let level = telemetry::init_filtered_logs(logs.log_level.filter(), logs.log_format);
    for warning in read.warnings() {
        tracing::warn!("{warning}");
    }
    let server = Server::bind(Settings::new(role, serve)?).await?;
    for endpoint in server.endpoints() {
        tracing::info!(address = %endpoint.address, "listening for {}", endpoint.purpose.name());
    }
    let reloading = tokio::spawn(arguments::keep_fresh(read, level));
    let served = server.run(shutdown::requested()).await;
    reloading.abort();
    served?;
    tracing::info!("stopped");
    Ok(())
}
