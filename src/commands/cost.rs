//! `jqs cost`: what a deployment would cost in a month. Calls nobody.

use crate::case::Case;
use crate::cli::TemplateArgs;
use crate::context::Context;
use crate::exit::Exit;
use clap::{Args, ValueEnum};
use jqs_cfn::cost::{self, Estimate, PriceList, Usage};
use jqs_cfn::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Files of prices that are larger than this are none.
const DEFAULT_PRICES_BYTES_MAX: u64 = 1_048_576;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jqs cost --storage opensearch --region eu-west-1
  jqs cost --spans-per-day 200M -P TraceRetentionDays=14 -P OpenSearchVolumeSize=500
  jqs cost templates/other.yaml --format markdown
  jqs cost --prices ours.yaml                 what your contract says instead of the list prices")]
pub(crate) struct CostArgs {
    /// A template, or the folder of one with what it nests [default: the templates of `jqs deploy`]
    pub(crate) path: Option<PathBuf>,
    /// Prices that differ from the list prices, in a file as docs/cost.md describes
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// How to print the estimate; `--json` is `--format json`
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Print what is assumed of the traffic, and nothing else
    #[arg(long)]
    pub(crate) assumptions: bool,
    #[command(flatten)]
    pub(crate) usage: UsageArgs,
    // Last, for its heading would hold for what follows.
    #[command(flatten)]
    pub(crate) template: TemplateArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Markdown,
}

/// What is asked of the deployment. `10k`, `10M` and `10G` are numbers too.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What it has to do (`10k`, `10M` and `10G` are numbers too)")]
pub(crate) struct UsageArgs {
    /// Spans that are received
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_SPANS_PER_DAY, value_parser = quantity)]
    spans_per_day: f64,
    /// Bytes of a span as it is sent, uncompressed
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_SPAN_BYTES, value_parser = quantity)]
    span_bytes: f64,
    /// Spans of a trace
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_SPANS_PER_TRACE, value_parser = one_or_more)]
    spans_per_trace: f64,
    /// Searches, and looks at single traces
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_QUERIES_PER_DAY, value_parser = quantity)]
    queries_per_day: f64,
    /// Traces that a query returns
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_TRACES_PER_QUERY, value_parser = quantity)]
    traces_per_query: f64,
    /// Bytes that one stored copy takes for each byte sent
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_STORED_RATIO, value_parser = quantity)]
    stored_ratio: f64,
    /// Days that traces are kept, where the templates do not say
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_RETENTION_DAYS, value_parser = quantity)]
    retention_days: f64,
    /// GB a month that tasks fetch and send through NAT gateways, or through interface endpoints
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_NAT_GB, value_parser = quantity)]
    nat_gb: f64,
    /// GB a month that each log group takes in
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_LOG_GB, value_parser = quantity)]
    log_gb: f64,
    /// Series that a Prometheus workspace takes in, once a minute
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_METRIC_SERIES, value_parser = quantity)]
    metric_series: f64,
    /// Zones of a list of subnets whose length is not known
    #[arg(long, value_name = "N", default_value_t = cost::DEFAULT_ZONES, value_parser = one_or_more)]
    zones: f64,
}

pub(crate) fn cost(context: &Context, arguments: &CostArgs) -> Result<Exit> {
    let printer = &context.printer;
    let is_json = printer.is_json() || arguments.format == Format::Json;
    if arguments.assumptions {
        let assumptions = Usage::from(&arguments.usage).assumptions();
        match is_json {
            true => printer.document(&assumptions),
            false => printer.data(cost::assumptions(&assumptions).trim_end()),
        }
        return Ok(Exit::Done);
    }
    let case = Case::open(context, arguments.path.as_deref(), &arguments.template)?;
    let estimate = estimate(&case, arguments)?;
    match arguments.format {
        _ if is_json => printer.document(&estimate),
        Format::Markdown => printer.data(cost::markdown(&estimate).trim_end()),
        _ => printer.data(cost::text(&estimate).trim_end()),
    }
    Ok(Exit::Done)
}

fn estimate(case: &Case, arguments: &CostArgs) -> Result<Estimate> {
    let mut list = PriceList::built_in()?;
    if let Some(path) = &arguments.prices {
        list = list.with(&path.display().to_string(), &read(path)?)?;
    }
    let prices = list.in_region(&case.given.region)?;
    Ok(cost::estimate(&case.resolve()?, &prices, &Usage::from(&arguments.usage)))
}

fn read(path: &Path) -> Result<String> {
    let cannot = || Error::new(ErrorKind::Io, format!("cannot read `{}`", path.display()));
    let size = std::fs::metadata(path).map_err(|error| cannot().because(error))?.len();
    if size > DEFAULT_PRICES_BYTES_MAX {
        return Err(cannot().because(format!("it is larger than {DEFAULT_PRICES_BYTES_MAX} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| cannot().because(error))
}

impl From<&UsageArgs> for Usage {
    fn from(arguments: &UsageArgs) -> Self {
        Self {
            spans_per_day: arguments.spans_per_day,
            span_bytes: arguments.span_bytes,
            spans_per_trace: arguments.spans_per_trace,
            queries_per_day: arguments.queries_per_day,
            traces_per_query: arguments.traces_per_query,
            stored_ratio: arguments.stored_ratio,
            retention_days: arguments.retention_days,
            nat_gb: arguments.nat_gb,
            log_gb: arguments.log_gb,
            metric_series: arguments.metric_series,
            zones: arguments.zones,
        }
    }
}

fn quantity(text: &str) -> Result<f64, String> {
    let factors = [('k', 1e3), ('M', 1e6), ('G', 1e9)];
    let suffixed = factors.into_iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)));
    let (digits, factor) = suffixed.unwrap_or((text, 1.0));
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number * factor),
        _ => Err("write a number such as 500, 1.5k, 10M or 2G".to_owned()),
    }
}

fn one_or_more(text: &str) -> Result<f64, String> {
    match quantity(text)? {
        number if number >= 1.0 => Ok(number),
        _ => Err("it is 1 at least".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    const DOCUMENT: &str = include_str!("../../docs/cost.md");

    /// What a command line of the documentation prints as text, and its sums.
    fn run(line: &str) -> (String, [String; 2]) {
        let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Cost(arguments) = cli.command else { panic!("`{line}` estimates nothing") };
        let region = cli.global.region.expect("a region, so that it is the same everywhere");
        let case = Case::read(&region, arguments.path.as_deref(), &arguments.template).unwrap();
        let estimate = estimate(&case, &arguments).unwrap();
        let sums = [estimate.total.least, estimate.total.most].map(|sum| format!("{sum:.2}"));
        (cost::text(&estimate), sums)
    }

    #[test]
    fn the_documentation_shows_what_the_command_prints() {
        let rows = DOCUMENT.lines().filter(|line| line.contains("| `jqs cost "));
        let checked = rows.map(|row| {
            let cells: Vec<&str> = row.trim_matches(['|', ' ']).split('|').map(str::trim).collect();
            let [_, command, least, most] = cells[..] else { panic!("four cells: {row}") };
            assert_eq!([least, most], run(command.trim_matches('`')).1, "docs/cost.md: {command}");
        });
        assert!(checked.count() >= 3);
        let block = DOCUMENT.split("```").find_map(|block| block.strip_prefix("console\n$ ")).expect("an example");
        let (command, shown) = block.split_once('\n').unwrap();
        let printed = run(command).0;
        assert!(printed.starts_with(shown), "docs/cost.md: `{command}` prints\n{printed}");
        assert!(shown.contains("\nTotal "), "the example goes to its sums");
    }

    #[test]
    fn quantities_have_suffixes() {
        for (text, expected) in [("500", Some(500.0)), ("1.5k", Some(1500.0)), ("10M", Some(1e7)), ("2G", Some(2e9))] {
            assert_eq!(quantity(text).ok(), expected, "{text}");
        }
        for text in ["", "M", "-1", "NaN", "inf", "10m", "1e400"] {
            assert!(quantity(text).is_err(), "{text}");
        }
        assert!(one_or_more("0.5").is_err() && one_or_more("1").is_ok());
    }
}
