//! `jqs-collector`: the backend alone, as the container image runs it.

mod health;
mod jobs;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jqs_collector::{
    server::Server,
    settings::{Role, ServeArgs, Settings},
    shutdown, telemetry,
};

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
    AllInOne(ServeArgs),
    /// Receivers only; the storage is shared with `query`
    Collector(ServeArgs),
    /// Query API and web page only; the storage is shared with `collector`
    Query(ServeArgs),
    /// Ask a server on this host whether it is healthy: exit 0 if it is (for container health checks)
    Health(health::HealthArgs),
    /// Do something once and end (for schedulers)
    #[command(subcommand)]
    Jobs(jobs::Job),
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Cli::parse().command;
    telemetry::init_logs("info");
    let outcome = match command {
        Command::AllInOne(args) => serve(Role::AllInOne, args).await,
        Command::Collector(args) => serve(Role::Collector, args).await,
        Command::Query(args) => serve(Role::Query, args).await,
        Command::Health(args) => return health::check(&args).await,
        Command::Jobs(job) => jobs::run(job).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(role: Role, args: ServeArgs) -> anyhow::Result<()> {
    let server = Server::bind(Settings::new(role, args)?).await?;
    for endpoint in server.endpoints() {
        tracing::info!(address = %endpoint.address, "listening for {}", endpoint.purpose.name());
    }
    server.run(shutdown::requested()).await?;
    tracing::info!("stopped");
    Ok(())
}
