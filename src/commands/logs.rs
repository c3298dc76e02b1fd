//! `jqs logs`: what the services of the stack have logged, merged in the order of time; and what its domain has.

use crate::cli::StackArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::logs::{self, Line, Logs, Source, Tail, Wanted, plain, readable};
use crate::progress;
use clap::Args;
use console::{Style, style};
use jiff::{SpanRelativeTo, Timestamp};
use jqs_cfn::{Error, ErrorKind, Result};
use jqs_stacks::Session;
use jqs_stacks::patience::{Loss, Patience};
use jqs_stacks::stack;
use std::collections::BTreeSet;
use std::time::Duration;

/// How many lines are printed at most of what has been logged already, the newest of them.
const DEFAULT_LINES_MAX: usize = 10_000;
const DEFAULT_SINCE: &str = "10m";
/// What tells services apart, in turn; none of it means anything.
const COLORS: [console::Color; 5] = [
    console::Color::Cyan,
    console::Color::Magenta,
    console::Color::Green,
    console::Color::Yellow,
    console::Color::Blue,
];

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs logs                                    every service, the last ten minutes
  jqs logs collector --follow                 as it comes, until Ctrl-C
  jqs logs --since 2h --filter '?WARN ?ERROR' with either word
  jqs logs --filter '{ $.level = \"ERROR\" }'   by a field of JSON
  jqs logs --since 2026-01-31T08:00:00Z --until 2026-01-31T09:00:00Z --json
  jqs logs --domain --since 1d                slow queries and errors of OpenSearch

Off a terminal lines are printed as they were logged, after time, service and task; with `--json` each is an object.")]
pub(crate) struct LogsArgs {
    /// Services and jobs to show [default: all]
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long, conflicts_with = "until")]
    follow: bool,
    /// From when on: so long ago (`90s`, `10m`, `2h`, `1d`), or a time such as `2026-01-31T08:00:00Z`
    #[arg(long, value_name = "TIME", default_value = DEFAULT_SINCE, value_parser = moment)]
    since: Timestamp,
    /// Up to when, in the same way [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only lines that match this pattern of CloudWatch Logs
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,
    /// Only these tasks, by their ids or the beginnings of them
    #[arg(long, value_name = "ID,…", value_delimiter = ',', conflicts_with = "domain")]
    tasks: Vec<String>,
    /// At most so many lines of what there is already, the newest
    #[arg(long, value_name = "N", default_value_t = DEFAULT_LINES_MAX, value_parser = at_least_one)]
    limit: usize,
    /// The logs of the OpenSearch domain instead: its errors, slow queries and audit, where it publishes them
    #[arg(long, conflicts_with = "services")]
    domain: bool,
}

pub(crate) async fn logs(context: &Context, arguments: &LogsArgs) -> Result<Exit> {
    tokio::select! {
        done = read(context, arguments) => done,
        // Whoever follows ends it so.
        () = context.interrupt.raised() => Ok(if arguments.follow { Exit::Done } else { Exit::Detached }),
    }
}

async fn read(context: &Context, arguments: &LogsArgs) -> Result<Exit> {
    let until = arguments.until.unwrap_or(Timestamp::MAX);
    if until <= arguments.since {
        return Err(Error::new(ErrorKind::Usage, "`--until` is not after `--since`"));
    }
    let (session, _) = context.session().await?;
    let sources = sources(&session, arguments).await?;
    let wanted = Wanted {
        since: arguments.since,
        until: arguments.until,
        pattern: arguments.filter.clone(),
        tasks: arguments.tasks.clone(),
    };
    let view = View::new(context, &sources);
    if arguments.follow {
        return follow(context, &session, sources, wanted, arguments.limit, &view).await;
    }
    let (lines, left_out) = Logs::new(&session).newest(&sources, &wanted, arguments.limit).await?;
    view.tell_of_left_out(left_out, arguments.limit);
    view.show(&lines);
    if lines.is_empty() {
        context.printer.note("Nothing was logged in that time. `--since 1d` looks further back.");
    }
    Ok(Exit::Done)
}

async fn sources(session: &Session, arguments: &LogsArgs) -> Result<Vec<Source>> {
    let name = &arguments.stack.name;
    let found = stack::get(session, name).await?;
    let resources = stack::resources(session, &found.id).await?;
    let all = match arguments.domain {
        true => logs::of_domain(session, &resources).await?,
        false => logs::of_services(session, &resources).await?,
    };
    if all.is_empty() {
        let what =
            if arguments.domain { "no domain that publishes logs" } else { "no service that logs to CloudWatch" };
        return Err(Error::new(ErrorKind::NotFound, format!("the stack `{name}` has {what}"))
            .hint(format!("it is in {}: `jqs status --name {name}` tells what it has", found.status)));
    }
    let known: BTreeSet<&str> = all.iter().map(|source| source.service.as_str()).collect();
    if let Some(unknown) = arguments.services.iter().find(|service| !known.contains(service.as_str())) {
        let known = known.iter().map(|service| format!("`{service}`")).collect::<Vec<_>>().join(", ");
        return Err(Error::new(ErrorKind::NotFound, format!("nothing logs as `{unknown}` in the stack `{name}`"))
            .hint(format!("there are the logs of {known}")));
    }
    let is_wanted = |source: &Source| arguments.services.is_empty() || arguments.services.contains(&source.service);
    Ok(all.into_iter().filter(is_wanted).collect())
}

async fn follow(
    context: &Context,
    session: &Session,
    sources: Vec<Source>,
    wanted: Wanted,
    limit: usize,
    view: &View<'_>,
) -> Result<Exit> {
    let mut tail = Tail::new(Logs::new(session), sources, wanted);
    let (mut patience, mut lost) = (Patience::default(), None::<Loss>);
    let (mut pause, mut is_first) = (Duration::ZERO, true);
    loop {
        let look = match tail.look().await {
            Ok(lines) => {
                patience.answered();
                Ok(lines)
            }
            Err(error) => Err(patience.tolerate(session, error).await?),
        };
        if let Some(text) = progress::connection(lost.as_ref(), look.as_ref().err()) {
            context.printer.note(&text);
        }
        pause = match &look {
            Ok(lines) if lines.is_empty() => session.pace.slower(pause),
            Ok(_) => session.pace.min,
            Err(_) => session.pace.max,
        };
        lost = look.as_ref().err().cloned();
        if let Ok(lines) = look {
            let left_out = if is_first { lines.len().saturating_sub(limit) } else { 0 };
            is_first = false;
            view.tell_of_left_out(left_out, limit);
            if !view.show(&lines[left_out..]) {
                return Ok(Exit::Done);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// How lines are printed.
struct View<'a> {
    context: &'a Context,
    /// In the order of their colours.
    services: Vec<String>,
    is_terminal: bool,
}

impl<'a> View<'a> {
    fn new(context: &'a Context, sources: &[Source]) -> Self {
        let services: BTreeSet<String> = sources.iter().map(|source| source.service.clone()).collect();
        let services: Vec<String> = services.into_iter().collect();
        Self { context, services, is_terminal: console::Term::stdout().is_term() }
    }

    fn tell_of_left_out(&self, count: usize, limit: usize) {
        if count > 0 {
            let text = format!("{count} older lines are left out: `--limit` is {limit}");
            self.context.printer.warning(&text);
        }
    }

    /// Tells whether anybody still reads.
    fn show(&self, lines: &[Line]) -> bool {
        let printer = &self.context.printer;
        lines.iter().all(|line| match printer.is_json() {
            true => printer.stream_record("log", line),
            false => {
                let prefix = self.prefix(line);
                let text = plain(&line.message);
                let text = if self.is_terminal { readable(&text) } else { text };
                // An event of several lines stays together, and each of them can be searched for.
                text.split('\n').all(|part| printer.stream(format!("{prefix} {part}").trim_end()))
            }
        })
    }

    fn prefix(&self, line: &Line) -> String {
        if !self.is_terminal {
            return format!("{:.3} {}", line.time, line.origin);
        }
        let color = self.services.iter().position(|service| *service == line.service).unwrap_or_default();
        let origin = Style::new().fg(COLORS[color % COLORS.len()]).apply_to(&line.origin);
        format!("{} {origin}", style(line.time.strftime("%H:%M:%S")).dim())
    }
}

/// A time, or how long ago it is.
fn moment(text: &str) -> Result<Timestamp, String> {
    let help = || "write it as `90s`, `10m`, `2h` or `1d`, or as `2026-01-31T08:00:00Z`".to_owned();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let span: jiff::Span = text.parse().map_err(|_| help())?;
    let ago = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| help())?;
    if ago.is_negative() {
        return Err(help());
    }
    Timestamp::now().checked_sub(ago).map_err(|_| help())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "write a number from 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_points_or_spans_back() {
        assert_eq!(moment("2026-01-31T08:00:00Z").map(|time| time.to_string()), Ok("2026-01-31T08:00:00Z".to_owned()));
        for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7_200), ("1d", 86_400), ("1h 30m", 5_400)] {
            let time = moment(text).expect(text);
            let ago = Timestamp::now().duration_since(time).as_secs();
            assert!((seconds..seconds + 5).contains(&ago), "{text}: {ago}");
        }
        for text in ["", "10", "-10m", "yesterday", "2026-01-31", "1mo"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
