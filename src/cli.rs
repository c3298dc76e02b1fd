//! The command line: what may be said. `settings` and the commands decide what it means.

use crate::commands::cost::CostArgs;
use crate::commands::graph::GraphArgs;
use crate::timeline::RecordArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0    done, or there was nothing to do
  1    failed
  2    wrong usage, or not approved; nothing was deployed or deleted
  130  detached by Ctrl-C; the operation in AWS goes on";

const EXAMPLES: &str = "\
Examples:
  jqs up --demo                               here, with a made-up shop's traces
  jqs deploy --storage memory                 a trial: everything new, spans kept in memory
  jqs deploy --storage opensearch --yes       for production, without being asked
  jqs init && jqs deploy prod                 with what a project says in jqs.toml
  jqs doctor --storage opensearch             is the account fit for it
  jqs status                                  is it healthy, and where is it
  jqs lint templates/                         what is wrong with templates
  jqs outputs JaegerURL                       one value, for scripts
  jqs prove my/template.yaml                  any template, in every case and region, offline
  jqs test run                                a project's `.taskcat.yml`: tests × regions, deployed and checked
  jqs teardown                                remove everything again";

#[derive(Debug, Parser)]
#[command(name = "jqs", version, about, max_term_width = 110, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Profile of the AWS configuration to use
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// AWS region [default: from the environment or the profile]
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Environment of `jqs.toml` to take values from
    #[arg(short = 'e', long, global = true, value_name = "NAME", env = "JQS_ENVIRONMENT")]
    pub(crate) environment: Option<String>,
    /// Print JSON to stdout: one document, or one line per event
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour; `NO_COLOR` is honoured
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Pauses between two looks at AWS, the shortest and the longest, in milliseconds
    #[arg(long, global = true, hide = true, env = "JQS_POLL_MILLISECONDS", value_name = "MIN:MAX")]
    pub(crate) poll: Option<jqs_stacks::Pace>,
    /// How long one call to AWS may take
    #[arg(long, global = true, hide = true, env = "JQS_CALL_TIMEOUT_SECONDS", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) call_timeout: Option<u64>,
    /// DNS server to ask whether a hosted zone is delegated [default: the first that this machine asks]
    #[arg(long, global = true, hide = true, env = "JQS_DNS_SERVER", value_name = "ADDRESS:PORT")]
    pub(crate) dns_server: Option<std::net::SocketAddr>,
    /// Say more on stderr; twice for the calls to AWS
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole backend on this machine until Ctrl-C
    Up(Box<UpArgs>),
    /// Deploy, or update what is deployed: plan, approve, watch
    Deploy(Box<DeployArgs>),
    /// Show what `deploy` would change, without doing it
    Diff(Box<crate::commands::diff::DiffArgs>),
    /// Check whether the account and the region are fit for a deployment, and change nothing
    Doctor(Box<crate::commands::doctor::DoctorArgs>),
    /// Make the container image of the collector without Docker, and push it to a registry
    #[command(
        subcommand,
        after_help = "\
Examples:
  jqs image build                             for this machine's architecture, as a folder
  jqs image push                              to the account's own ECR"
    )]
    Image(crate::commands::image::ImageCommand),
    /// Show the stack, its services and whether they are healthy
    Status(crate::commands::status::StatusArgs),
    /// Show what the services of the stack log, and follow it
    Logs(crate::commands::logs::LogsArgs),
    /// Open the page of the deployment in the browser
    Open(crate::commands::open::OpenArgs),
    /// Run a command inside a running task
    Exec(crate::commands::exec::ExecArgs),
    /// Come back to what goes on with the stack, and watch it to its end
    Watch(crate::commands::watch::WatchArgs),
    /// Write a chart of the last operation on the stack, as a page of HTML
    Timeline(crate::commands::timeline::TimelineArgs),
    /// Go back to before an update that goes on, or that failed
    Rollback(crate::commands::rollback::RollbackArgs),
    /// Find what somebody has changed beside the stack: exit code 2 where something was
    #[command(after_help = "\
Examples:
  jqs drift
  jqs drift --json | jq -r '.drifts[].physical_id'
  jqs drift || echo \"somebody was here\"")]
    Drift(StackArgs),
    /// List every stack that `jqs` made in the account, in all regions
    List(crate::commands::list::ListArgs),
    /// Print the outputs of the stack, or one of them
    Outputs(OutputsArgs),
    /// Restart the services, change their image, or make the whole stack again
    Redeploy(RedeployArgs),
    /// Change how many tasks the services have: plan, approve, watch
    Scale(crate::commands::scale::ScaleArgs),
    /// Replace the tracing sidecars of other services by the one that is deployed
    Migrate(Box<crate::commands::migrate::MigrateArgs>),
    /// Delete the stack and everything that the deployment made
    Teardown(TeardownArgs),
    /// Find what is wrong with templates, without calling AWS
    Lint(crate::commands::lint::LintArgs),
    /// Prove templates in every combination of parameters and regions, without calling AWS
    Prove(crate::commands::prove::ProveArgs),
    /// Run a project's test matrix, as its `.taskcat.yml` has it: tests in regions, at the same time
    #[command(
        subcommand,
        after_help = "\
Examples:
  jqs test generate-config                    a `.taskcat.yml` to begin with
  jqs test prove                              would it work: every test, in each region, offline
  jqs test run                                deploy, check and delete all of it
  jqs test clean --all --dry-run              is anything left of earlier runs"
    )]
    Test(crate::commands::test::TestCommand),
    /// Write down what would be deployed, without calling AWS
    Render(Box<crate::commands::render::RenderArgs>),
    /// Estimate what a deployment costs in a month, without calling AWS
    Cost(Box<CostArgs>),
    /// Draw what a template makes, without calling AWS
    Graph(Box<GraphArgs>),
    /// Put templates into one layout, keeping comments and meaning, without calling AWS
    Fmt(crate::commands::fmt::FmtArgs),
    /// Ask what a deployment needs to know, and write `jqs.toml`
    Init(crate::commands::config::InitArgs),
    /// Show the values that hold here, and where they come from
    Config(Box<crate::commands::config::ConfigArgs>),
    /// Write completions for a shell
    Completions(crate::commands::shell::CompletionsArgs),
    /// Write manual pages
    Man(crate::commands::shell::ManArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs up --demo                               with a made-up shop's traces, to look around
  jqs up --storage opensearch --opensearch-urls http://localhost:9200
  OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 my-service     sends to it")]
pub(crate) struct UpArgs {
    /// Keep a small made-up shop busy, so that there is something to see
    #[arg(long)]
    pub(crate) demo: bool,
    #[command(flatten)]
    pub(crate) serve: jqs_collector::settings::ServeArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct StackArgs {
    /// Name of the stack, and of the environment in it
    #[arg(long, default_value = "jaeger", value_name = "STACK", env = "JQS_NAME", value_parser = stack_name)]
    pub(crate) name: String,
}

/// What goes into the templates.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What to deploy")]
pub(crate) struct TemplateArgs {
    /// Where spans are kept: `memory` or `opensearch`
    #[arg(long, value_name = "BACKEND")]
    pub(crate) storage: Option<String>,
    /// An existing VPC to deploy into, instead of a new one
    #[arg(long, value_name = "VPC-ID")]
    pub(crate) vpc: Option<String>,
    /// Address range of the VPC
    #[arg(long, value_name = "CIDR")]
    pub(crate) vpc_cidr: Option<String>,
    /// Private subnets of the existing VPC, for the services
    #[arg(long, value_name = "ID,ID", value_delimiter = ',', requires = "vpc")]
    pub(crate) private_subnets: Vec<String>,
    /// Public subnets of the existing VPC, for an internet-facing load balancer
    #[arg(long, value_name = "ID,ID", value_delimiter = ',', requires = "vpc")]
    pub(crate) public_subnets: Vec<String>,
    /// Container image [default: `jqs` in the account's own ECR]
    #[arg(long, value_name = "URI")]
    pub(crate) image: Option<String>,
    /// Tag of the image in the account's own ECR
    #[arg(long, value_name = "TAG", conflicts_with = "image")]
    pub(crate) image_tag: Option<String>,
    /// Any parameter of the template; may be given many times
    #[arg(short = 'P', long = "parameter", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) parameters: Vec<(String, String)>,
}

/// What a saved plan has decided already.
const OF_THE_PLAN: [&str; 10] = [
    "parameters",
    "storage",
    "vpc",
    "vpc_cidr",
    "private_subnets",
    "public_subnets",
    "image",
    "image_tag",
    "bucket",
    "target_environment",
];

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  jqs deploy --storage memory
  jqs deploy --storage opensearch --region eu-west-1 -P AllowedCIDR=203.0.113.0/24
  jqs deploy --vpc vpc-0abc --vpc-cidr 10.1.0.0/16 --private-subnets subnet-1,subnet-2
  jqs deploy --storage memory --yes --json    in a pipeline
  jqs deploy --plan-out plan.json             to be approved by somebody else,
  jqs deploy --plan plan.json --yes           and executed exactly as it was approved

Parameters that are not given keep the value that the stack has.
Ctrl-C while watching detaches: the stack goes on, and the same command comes back to it.

{EXIT_CODES}"))]
pub(crate) struct DeployArgs {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// What becomes of a deployment that fails
    #[arg(long, value_enum, default_value_t = OnFailure::Rollback, value_name = "WHAT")]
    pub(crate) on_failure: OnFailure,
    /// Plan only, and write the plan to this file for `--plan`
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub(crate) plan_out: Option<PathBuf>,
    /// Execute the plan of a file, exactly; refused if the stack has moved since
    #[arg(long, value_name = "FILE", conflicts_with_all = OF_THE_PLAN)]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) preflight: crate::commands::preflight::PreflightArgs,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

/// Which stack, and what is to be in it.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// Environment of `jqs.toml` to take values from; the same as `--environment`
    #[arg(id = "target_environment", value_name = "ENVIRONMENT")]
    pub(crate) environment: Option<String>,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Go on although the image cannot be found in ECR
    #[arg(long)]
    pub(crate) skip_image_check: bool,
    /// Bucket for the templates [default: `jqs-ACCOUNT-REGION`]
    #[arg(long, value_name = "BUCKET")]
    pub(crate) bucket: Option<String>,
    // Last, for its heading would hold for what follows.
    #[command(flatten)]
    pub(crate) template: TemplateArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnFailure {
    /// Go back to what was there before
    Rollback,
    /// Leave it as it failed, to look at it
    Keep,
    /// Delete a new stack; roll back an update
    Delete,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs outputs
  curl -s \"$(jqs outputs JaegerURL)/api/services\"")]
pub(crate) struct OutputsArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print the value of this output alone
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  jqs teardown                                everything goes, data included
  jqs teardown --keep-data                    the domain stays, with what it stands on
  jqs teardown --yes --json | jq 'select(.type == \"result\")'

What still carries the stack's tag in the end is listed, and makes the exit code 1.

{EXIT_CODES}"))]
pub(crate) struct TeardownArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Leave what holds data: the OpenSearch domain, the logs, and the network that they need
    #[arg(long)]
    pub(crate) keep_data: bool,
    /// Give up on resources that cannot be deleted, once a deletion has failed
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
}

#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  jqs redeploy                                new tasks for every service, same settings
  jqs redeploy --image 111122223333.dkr.ecr.eu-west-1.amazonaws.com/jqs:0.2.0
  jqs redeploy --recreate                     delete the stack and make the same again

{EXIT_CODES}"))]
pub(crate) struct RedeployArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Update the stack to this image
    #[arg(long, value_name = "URI", conflicts_with = "recreate")]
    pub(crate) image: Option<String>,
    /// Delete the stack and make the same again: what it stores is lost
    #[arg(long)]
    pub(crate) recreate: bool,
    /// A parameter for `--recreate`, for instance a secret that AWS does not tell
    #[arg(short = 'P', long = "parameter", value_name = "KEY=VALUE", value_parser = key_value, requires = "recreate")]
    pub(crate) parameters: Vec<(String, String)>,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Redeploy although the image cannot be found in ECR
    #[arg(long)]
    pub(crate) skip_image_check: bool,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
}

pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as `KEY=VALUE`".to_owned()),
    }
}

/// CloudFormation's rule for names.
pub(crate) fn stack_name(text: &str) -> Result<String, String> {
    let is_valid = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        && text.len() <= 128;
    if is_valid {
        Ok(text.to_owned())
    } else {
        Err("a name starts with a letter and has letters, digits and `-`, 128 at most".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn names_and_pairs_are_checked() {
        assert!(stack_name("jaeger-2").is_ok() && stack_name("2jaeger").is_err() && stack_name("a_b").is_err());
        assert_eq!(key_value("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert!(key_value("A").is_err() && key_value("=b").is_err());
    }
}
