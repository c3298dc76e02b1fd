//! `jqs-collector`: the backend alone, as the container image runs it.

mod health;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jqs_collector::{
    server::Server,
    settings::{Role, ServeArgs, Settings},
    shutdown, telemetry,
};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A Jaeger-compatible trace collector and query server
#[derive(Parser)]
#[command(version, propagate_version = true)]
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
}

#[tokio::main]
async fn main() -> ExitCode {
    let (role, args) = match Cli::parse().command {
        Command::AllInOne(args) => (Role::AllInOne, args),
        Command::Collector(args) => (Role::Collector, args),
        Command::Query(args) => (Role::Query, args),
        Command::Health(args) => return health::check(&args).await,
    };
    telemetry::init_logs("info");
    match serve(role, args).await {
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
