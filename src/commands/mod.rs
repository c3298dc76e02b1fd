//! One file per verb; beside them what several verbs do: `operation`, `deletion`, `recovery`, `verdict`.

pub(crate) mod cost;
mod deletion;
mod deploy;
pub(crate) mod fmt;
pub(crate) mod graph;
pub(crate) mod lint;
mod operation;
mod outputs;
pub(crate) mod prove;
mod recovery;
mod redeploy;
pub(crate) mod render;
mod status;
mod teardown;
mod up;
mod verdict;

use crate::cli::Command;
use crate::context::Context;
use crate::exit::Exit;
use jqs_cfn::Result;

pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::Up(arguments) => up::up(context, *arguments).await,
        Command::Render(arguments) => render::render(context, &arguments),
        Command::Cost(arguments) => cost::cost(context, &arguments),
        Command::Graph(arguments) => graph::graph(context, &arguments),
        Command::Fmt(arguments) => fmt::fmt(context, &arguments),
        Command::Prove(arguments) => prove::prove(context, &arguments),
        Command::Lint(arguments) => lint::lint(context, &arguments),
        Command::Deploy(arguments) => deploy::deploy(context, &arguments).await,
        Command::Status(arguments) => status::status(context, &arguments).await,
        Command::Outputs(arguments) => outputs::outputs(context, &arguments).await,
        Command::Teardown(arguments) => teardown::teardown(context, &arguments).await,
        Command::Redeploy(arguments) => redeploy::redeploy(context, &arguments).await,
    }
}
