//! Command line and environment, resolved once.

use crate::cli::{Color, Global};
use jqs_stacks::SessionOptions;
use std::io::IsTerminal;
use std::net::SocketAddr;
use tracing_subscriber::EnvFilter;

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) session: SessionOptions,
    pub(crate) dns_server: Option<SocketAddr>,
    pub(crate) json: bool,
    pub(crate) verbosity: u8,
    pub(crate) stdout_color: bool,
    pub(crate) stderr_color: bool,
    /// Columns of the terminal that stdout is.
    pub(crate) stdout_width: Option<usize>,
    /// Somebody can be asked.
    pub(crate) can_ask: bool,
    /// Somebody reads stderr on a terminal.
    pub(crate) wraps: bool,
    /// Somebody watches stderr, and it can be redrawn.
    pub(crate) can_redraw: bool,
}

impl Settings {
    pub(crate) fn resolve(global: &Global) -> Self {
        let (stdout, stderr) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let color = |is_terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !is_set("NO_COLOR") && !is_dumb,
        };
        Self {
            session: SessionOptions {
                profile: global.profile.clone(),
                region: global.region.clone(),
                allow_unknown_region: std::env::var(jqs_cfn::region::ALLOW_UNKNOWN_REGION_VARIABLE)
                    .is_ok_and(|value| value == "1"),
                pace: global.poll.unwrap_or_default(),
                call_timeout_seconds: global.call_timeout,
            },
            dns_server: global.dns_server,
            json: global.json,
            verbosity: global.verbose,
            stdout_color: color(stdout),
            stderr_color: color(stderr),
            stdout_width: console::Term::stdout().size_checked().map(|(_, columns)| columns.into()),
            can_ask: std::io::stdin().is_terminal() && stderr,
            wraps: stderr,
            can_redraw: stderr && !is_dumb && !global.json,
        }
    }

    /// Logs go to stderr; they are for whoever looks for a fault, and off by default.
    pub(crate) fn start_logging(&self) {
        let default = match self.verbosity {
            0 => "jqs_collector=warn",
            1 => "jqs=debug,jqs_cfn=debug,jqs_stacks=debug,jqs_collector=debug",
            _ => {
                "jqs=debug,jqs_cfn=debug,jqs_stacks=debug,jqs_collector=debug,aws_config=debug,aws_smithy_runtime=debug"
            }
        };
        let filter = EnvFilter::try_from_env("JQS_LOG").unwrap_or_else(|_| EnvFilter::new(default));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(self.stderr_color)
            .init();
    }
}
