//! What is logged, and how.

use std::{fmt, str::FromStr};

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs")]
pub struct LogArgs {
    /// What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`, `off`), and levels of parts after commas, such as
    /// `info,jqs_collector::storage=debug`. `RUST_LOG` and Jaeger's `LOG_LEVEL` are understood too
    #[arg(long, value_name = "FILTER", env = "JQS_LOG_LEVEL", default_value = "info")]
    pub log_level: LogFilter,

    /// How it is logged, to stderr: lines for people, or JSON with the fields `timestamp`, `level`, `target` and `fields` [default:
    /// text on a terminal, JSON elsewhere]
    #[arg(long, value_enum, value_name = "FORMAT", env = "JQS_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A line of JSON
    Json,
}

/// A filter that has been read once already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    pub fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl FromStr for LogFilter {
    type Err = tracing_subscriber::filter::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Jaeger's loggers have levels above `error`, which nothing here is logged at.
        let text = match text.trim() {
            "" => "info",
            "panic" | "dpanic" | "fatal" => "error",
            other => other,
        };
        EnvFilter::builder().parse(text).map(|_| Self(text.to_owned()))
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
