//! `jqs test`: a project's `.taskcat.yml`, as it stands.

mod clean;
mod deploy;
mod found;
mod generate_config;
mod generate_iam_policy;
mod lint;
mod list;
mod package;
mod project;
mod prove;
mod report;
mod resume;
mod retry;
mod run;
mod show;
mod update_ami;
mod upload;

use crate::context::Context;
use crate::exit::Exit;
use clap::Subcommand;
use jqs_cfn::Result;

#[derive(Debug, Subcommand)]
pub(crate) enum TestCommand {
    /// Prove, lint, deploy, check and delete every test in each of its regions
    Run(Box<run::RunArgs>),
    /// Go on with a run that was broken off, from what is in AWS
    Resume(Box<resume::ResumeArgs>),
    /// Run what has failed in a run again, or make one nested stack anew by itself
    Retry(Box<retry::RetryArgs>),
    /// Prove every test in each of its regions, without calling AWS
    Prove(Box<prove::ProveArgs>),
    /// Show the tests as they are resolved, and where each value comes from, without calling AWS
    Show(project::ProjectArgs),
    /// List the runs of which something is in AWS
    List(list::ListArgs),
    /// Delete all that runs have left, in every region
    Clean(clean::CleanArgs),
    /// Lint the templates of every test with all that they nest, without calling AWS
    Lint(Box<lint::LintArgs>),
    /// Write the report of a run in another form
    Report(report::ReportArgs),
    /// Write a `.taskcat.yml` for the templates of a project
    GenerateConfig(generate_config::GenerateConfigArgs),
    /// Write a policy that allows what the tests need, and nothing else
    GenerateIamPolicy(generate_iam_policy::GenerateIamPolicyArgs),
    /// Upload the project to a bucket
    Upload(upload::UploadArgs),
    /// Make the zips of the project's functions
    Package(package::PackageArgs),
    /// Bring the images in mappings of templates up to date
    UpdateAmi(update_ami::UpdateAmiArgs),
    /// Deploy the tests, and leave them
    Deploy(Box<deploy::DeployArgs>),
    /// Delete what `test deploy` or a run of a project has left
    Delete(clean::DeleteArgs),
}

pub(crate) async fn test(context: &Context, command: &TestCommand) -> Result<Exit> {
    match command {
        TestCommand::Run(arguments) => run::run(context, arguments).await,
        TestCommand::Resume(arguments) => resume::resume(context, arguments).await,
        TestCommand::Retry(arguments) => retry::retry(context, arguments).await,
        TestCommand::Prove(arguments) => prove::prove(context, arguments).await,
        TestCommand::Show(arguments) => show::show(context, arguments).await,
        TestCommand::List(arguments) => list::list(context, arguments).await,
        TestCommand::Clean(arguments) => clean::clean(context, arguments).await,
        TestCommand::Lint(arguments) => lint::lint(context, arguments),
        TestCommand::Report(arguments) => report::report(context, arguments),
        TestCommand::GenerateConfig(arguments) => generate_config::generate_config(context, arguments),
        TestCommand::GenerateIamPolicy(arguments) => generate_iam_policy::generate_iam_policy(context, arguments),
        TestCommand::Upload(arguments) => upload::upload(context, arguments).await,
        TestCommand::Package(arguments) => package::package(context, arguments),
        TestCommand::UpdateAmi(arguments) => update_ami::update_ami(context, arguments).await,
        TestCommand::Deploy(arguments) => deploy::deploy(context, arguments).await,
        TestCommand::Delete(arguments) => clean::delete(context, arguments).await,
    }
}
