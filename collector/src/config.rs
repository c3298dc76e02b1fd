//! `jqs-collector config`: is the configuration fine, where do its values come from, and what is it altogether.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jqs_collector::settings::{ProcessArgs, Role, Settings};

use crate::arguments::{ConfigFileArgs, Read};

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say what is wrong with the configuration (exit 1), or what in it is not the default and where it comes from
    Check(ConfigArgs),
    /// Print the configuration that holds, as a file that can be given back; secrets stand there as references to variables
    Print(ConfigArgs),
}

#[derive(Args)]
pub(crate) struct ConfigArgs {
    /// What the configuration is for
    #[arg(long, value_enum, default_value = "all-in-one")]
    role: Role,

    #[command(flatten)]
    file: ConfigFileArgs,

    #[command(flatten)]
    process: ProcessArgs,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the answer of a command, not a log")]
pub(crate) fn run(command: &ConfigCommand, read: &Read) -> ExitCode {
    let (ConfigCommand::Check(args) | ConfigCommand::Print(args)) = command;
    for warning in read.warnings() {
        eprintln!("warning: {warning}");
    }
    if let Err(error) = Settings::new(args.role, args.process.serve.clone()) {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    let Some((resolved, matches)) = &read.settings else { return ExitCode::FAILURE };
    match command {
        ConfigCommand::Print(_) => print!("{}", resolved.to_yaml(matches)),
        ConfigCommand::Check(_) => {
            let lines = resolved.differences(matches);
            let end = if lines.is_empty() { "; everything is the default" } else { "; not the default:" };
            println!("the configuration is fine{end}");
            let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
            let (keys, values) = (width(0), width(1));
            for [key, value, origin] in &lines {
                println!("  {key:keys$}  {value:values$}  ({origin})");
            }
        }
    }
    ExitCode::SUCCESS
}
