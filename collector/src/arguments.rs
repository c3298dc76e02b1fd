//! What the program was told: the command line over the environment over the configuration file, read again when the file changes.

use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Duration};

use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser as _};
use jqs_collector::{
    configuration::{self, CONTENT_VARIABLE, FILE_VARIABLE, File, Resolved, Variables},
    settings::LogFilter,
    telemetry::LogLevel,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::Cli;

/// How often the configuration file is looked at.
pub(crate) const DEFAULT_CONFIG_RELOAD_SECONDS: u64 = 5;
/// What is taken from a file that has changed, without a restart.
const RELOADABLE: &str = "log-level";

#[derive(Args, Clone, Debug)]
pub(crate) struct ConfigFileArgs {
    /// YAML in which the flags stand as keys, without their dashes in front (`otlp-grpc-port: 4317`). Flags and the environment win
    /// over it. The YAML itself may stand in `JQS_CONFIG_CONTENT` instead
    #[arg(long, value_name = "FILE", env = "JQS_CONFIG")]
    config: Option<PathBuf>,
}

/// The command, and where its settings come from.
pub(crate) struct Read {
    pub(crate) cli: Cli,
    source: Source,
    /// Nothing where the command takes no settings.
    pub(crate) settings: Option<(Resolved, ArgMatches)>,
}

impl Read {
    pub(crate) fn warnings(&self) -> &[String] {
        self.settings.as_ref().map_or(&[], |(resolved, _)| &resolved.warnings)
    }
}

/// What a second reading starts from.
struct Source {
    arguments: Vec<OsString>,
    variables: Variables,
    path: Option<PathBuf>,
    file: Option<File>,
}

/// Reads everything. What cannot be is said on stderr, with the exit code: 2 for the command line, 1 for what is below it.
pub(crate) fn read() -> Result<Read, ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let variables: Variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let mut source = Source { arguments, variables, path: None, file: None };
    let Some(flags) = source.settings_flags() else {
        // Help, a version, a command without settings, or a mistake: clap knows all of them.
        return Ok(Read { cli: Cli::parse(), source, settings: None });
    };
    let refuse = |error: configuration::ConfigurationError| {
        for fault in error.faults() {
            complain(fault);
        }
        ExitCode::FAILURE
    };
    source.find_file(&flags).map_err(|message| {
        complain(&message);
        ExitCode::from(2)
    })?;
    if let Some(path) = &source.path {
        source.file = Some(File::read(path).map_err(refuse)?);
    }
    let (cli, resolved, matches) = source.parse(&flags).map_err(refuse)?.unwrap_or_else(|error| error.exit());
    Ok(Read { cli, source, settings: Some((resolved, matches)) })
}

#[expect(clippy::print_stderr, reason = "before there are logs, as clap's own errors")]
fn complain(message: &str) {
    eprintln!("error: {message}");
}

impl Source {
    /// How many words name the command, the program's name among them.
    fn words(&self) -> Option<usize> {
        let word = |at: usize| self.arguments.get(at).and_then(|word| word.to_str());
        match (word(1)?, word(2)) {
            ("all-in-one" | "collector" | "query", _) => Some(2),
            ("config", Some("check" | "print")) => Some(3),
            _ => None,
        }
    }

    /// The flags of a command that takes settings, as far as they can be read: mistakes are clap's to tell of, when all is known.
    fn settings_flags(&self) -> Option<ArgMatches> {
        let words = self.words()?;
        let command = configuration::without_environment(Cli::command()).ignore_errors(true);
        let asks = |word: &OsString| matches!(word.to_str(), Some("--help" | "-h" | "--version" | "-V"));
        if self.arguments[words..].iter().any(asks) {
            return None;
        }
        let matches = command.try_get_matches_from(&self.arguments).ok()?;
        Some(innermost(&matches).clone())
    }

    fn find_file(&mut self, flags: &ArgMatches) -> Result<(), String> {
        let flag = flags.get_one::<PathBuf>("config").cloned();
        let variable = |name: &str| self.variables.get(name).filter(|value| !value.is_empty());
        let path = flag.or_else(|| variable(FILE_VARIABLE).map(PathBuf::from));
        match (path, variable(CONTENT_VARIABLE)) {
            (Some(path), Some(_)) => {
                let path = path.display();
                Err(format!("the configuration is in `{path}` and in `{CONTENT_VARIABLE}`: give one of them"))
            }
            (path, content) => {
                self.file = content.map(|text| File { name: CONTENT_VARIABLE.into(), text: text.clone() });
                self.path = path;
                Ok(())
            }
        }
    }

    /// All layers, through clap.
    fn parse(
        &self,
        flags: &ArgMatches,
    ) -> Result<Result<(Cli, Resolved, ArgMatches), clap::Error>, configuration::ConfigurationError> {
        let words = self.words().unwrap_or(self.arguments.len());
        let resolved = configuration::resolve(&configuration::given(flags), &self.variables, self.file.as_ref())?;
        let mut arguments = self.arguments[..words].to_vec();
        arguments.extend(resolved.flags.iter().map(OsString::from));
        arguments.extend_from_slice(&self.arguments[words..]);
        let parse = || {
            let matches = configuration::without_environment(Cli::command()).try_get_matches_from(arguments)?;
            Ok((Cli::from_arg_matches(&matches)?, innermost(&matches).clone()))
        };
        Ok(parse().map(|(cli, matches)| (cli, resolved, matches)))
    }
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}

/// Reads the file again at SIGHUP and when it has changed: takes over what can be, and tells what needs a restart. A file that is
/// broken changes nothing, and is told of once.
pub(crate) async fn keep_fresh(read: Read, level: LogLevel) {
    let Read { mut source, settings: Some((_, matches)), .. } = read else { return };
    let Some(path) = source.path.clone() else { return };
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    let mut values = Resolved::values(&matches);
    let mut refused = String::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(DEFAULT_CONFIG_RELOAD_SECONDS));
    loop {
        let is_asked = tokio::select! {
            _ = hangup.recv() => true,
            _ = ticks.tick() => false,
        };
        let path = path.clone();
        let Ok(reading) = tokio::task::spawn_blocking(move || File::read(&path)).await else { continue };
        let again = reading.map_err(|error| error.to_string()).and_then(|file| source.again(file, is_asked));
        match again {
            Ok(None) => {}
            Ok(Some(matches)) => {
                refused.clear();
                let now = Resolved::values(&matches);
                take_over(&values, &now, &matches, &level);
                values = now;
            }
            Err(error) if is_asked || error != refused => {
                tracing::warn!(error, "the configuration stays as it was");
                refused = error;
            }
            Err(_) => {}
        }
    }
}

impl Source {
    /// Nothing if the file is as it was and nobody has asked.
    fn again(&mut self, file: File, is_asked: bool) -> Result<Option<ArgMatches>, String> {
        if self.file.as_ref() == Some(&file) && !is_asked {
            return Ok(None);
        }
        self.file = Some(file);
        let flags = self.settings_flags().ok_or("the command line takes no settings")?;
        let parsed = self.parse(&flags).map_err(|error| error.to_string())?;
        parsed.map(|(_, _, matches)| Some(matches)).map_err(|error| error.to_string())
    }
}

type Values = [(String, Vec<String>)];

fn take_over(before: &Values, now: &Values, matches: &ArgMatches, level: &LogLevel) {
    let changed: Vec<&str> =
        before.iter().zip(now).filter(|(one, other)| one != other).map(|((key, _), _)| key.as_str()).collect();
    if changed.contains(&RELOADABLE)
        && let Some(filter) = matches.get_one::<LogFilter>("log_level")
        && level.set(filter.filter())
    {
        tracing::info!(log_level = %filter, "the configuration has changed");
    }
    let restart: Vec<&str> = changed.into_iter().filter(|key| *key != RELOADABLE).collect();
    if restart.is_empty() {
        tracing::info!("the configuration has been read again");
    } else {
        tracing::warn!(keys = restart.join(","), "the configuration has changed in what needs a restart");
    }
}
