//! One file per verb; beside them what verbs are made of: `target`, `preflight`, `operation`, `deletion`, `keep`,
//! `verification`, `recovery`, `verdict`.

pub(crate) mod config;
pub(crate) mod cost;
mod deletion;
mod deploy;
pub(crate) mod diff;
pub(crate) mod doctor;
mod drift;
pub(crate) mod exec;
pub(crate) mod fmt;
pub(crate) mod graph;
pub(crate) mod image;
mod keep;
pub(crate) mod lint;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod migrate;
pub(crate) mod open;
mod operation;
mod outputs;
pub(crate) mod preflight;
pub(crate) mod prove;
mod recovery;
mod redeploy;
pub(crate) mod render;
pub(crate) mod rollback;
pub(crate) mod scale;
pub(crate) mod shell;
pub(crate) mod status;
mod target;
mod teardown;
pub(crate) mod test;
pub(crate) mod timeline;
mod up;
mod verdict;
mod verification;
pub(crate) mod watch;

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
        Command::Test(command) => test::test(context, &command).await,
        Command::Prove(arguments) => prove::prove(context, &arguments),
        Command::Lint(arguments) => lint::lint(context, &arguments),
        Command::Deploy(arguments) => deploy::deploy(context, &arguments).await,
        Command::Diff(arguments) => diff::diff(context, &arguments).await,
        Command::Doctor(arguments) => doctor::doctor(context, &arguments).await,
        Command::Image(command) => image::image(context, &command).await,
        Command::Status(arguments) => status::status(context, &arguments).await,
        Command::Logs(arguments) => logs::logs(context, &arguments).await,
        Command::Open(arguments) => open::open(context, &arguments).await,
        Command::Exec(arguments) => exec::exec(context, &arguments).await,
        Command::Scale(arguments) => scale::scale(context, &arguments).await,
        Command::Drift(arguments) => drift::drift(context, &arguments).await,
        Command::List(arguments) => list::list(context, &arguments).await,
        Command::Migrate(arguments) => migrate::migrate(context, &arguments).await,
        Command::Watch(arguments) => watch::watch(context, &arguments).await,
        Command::Timeline(arguments) => timeline::timeline(context, &arguments).await,
        Command::Rollback(arguments) => rollback::rollback(context, &arguments).await,
        Command::Init(arguments) => config::init(context, &arguments),
        Command::Config(_) => Ok(config::show(context, &context.origins)),
        Command::Completions(arguments) => Ok(shell::completions(context, &arguments)),
        Command::Man(arguments) => shell::man(context, &arguments),
        Command::Outputs(arguments) => outputs::outputs(context, &arguments).await,
        Command::Teardown(arguments) => teardown::teardown(context, &arguments).await,
        Command::Redeploy(arguments) => redeploy::redeploy(context, &arguments).await,
    }
}
