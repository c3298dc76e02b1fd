//! `jqs test deploy`: the tests, deployed and left.

use super::project::ProjectArgs;
use super::run::{self, HowArgs, Plan};
use crate::context::Context;
use crate::exit::Exit;
use clap::Args;
use jqs_cfn::Result;
use jqs_taskcat::run::Keep;
use std::collections::HashMap;

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  jqs test deploy --test-names one --regions eu-west-1
  jqs test delete PROJECT                     deletes it again

Assertions and hooks run as in `jqs test run`.

{}", run::EXIT_CODES))]
pub(crate) struct DeployArgs {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    how: HowArgs,
}

pub(crate) async fn deploy(context: &Context, arguments: &DeployArgs) -> Result<Exit> {
    let matrix = arguments.project.matrix(context)?;
    if let Some(exit) = run::first(context, &matrix, &arguments.how).await? {
        return Ok(exit);
    }
    let plan = Plan { matrix, run: run::new_run(), keep: Keep::All, found: HashMap::new(), over: HashMap::new() };
    run::go(context, plan, &arguments.how).await
}
