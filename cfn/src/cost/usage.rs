//! What is asked of a deployment in a month. Templates do not say it; whoever asks for an estimate does, and sees what was
//! assumed.

use serde::Serialize;

/// The hours of a month as AWS's own calculator counts them.
pub const MONTH_HOURS: f64 = 730.0;
pub const MONTH_DAYS: f64 = MONTH_HOURS / 24.0;
const BYTES_PER_GB: f64 = 1e9;

pub const DEFAULT_SPANS_PER_DAY: f64 = 10_000_000.0;
pub const DEFAULT_SPAN_BYTES: f64 = 500.0;
pub const DEFAULT_SPANS_PER_TRACE: f64 = 10.0;
pub const DEFAULT_QUERIES_PER_DAY: f64 = 1_000.0;
pub const DEFAULT_TRACES_PER_QUERY: f64 = 20.0;
pub const DEFAULT_STORED_RATIO: f64 = 1.0;
pub const DEFAULT_RETENTION_DAYS: f64 = 7.0;
pub const DEFAULT_NAT_GB: f64 = 10.0;
pub const DEFAULT_LOG_GB: f64 = 1.0;
pub const DEFAULT_METRIC_SERIES: f64 = 1_000.0;
pub const DEFAULT_ZONES: f64 = 2.0;

#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    pub spans_per_day: f64,
    pub span_bytes: f64,
    pub spans_per_trace: f64,
    pub queries_per_day: f64,
    pub traces_per_query: f64,
    pub stored_ratio: f64,
    pub retention_days: f64,
    pub nat_gb: f64,
    pub log_gb: f64,
    pub metric_series: f64,
    pub zones: f64,
}

/// One of them, for the reader.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumption {
    pub name: &'static str,
    pub value: f64,
    pub meaning: &'static str,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            spans_per_day: DEFAULT_SPANS_PER_DAY,
            span_bytes: DEFAULT_SPAN_BYTES,
            spans_per_trace: DEFAULT_SPANS_PER_TRACE,
            queries_per_day: DEFAULT_QUERIES_PER_DAY,
            traces_per_query: DEFAULT_TRACES_PER_QUERY,
            stored_ratio: DEFAULT_STORED_RATIO,
            retention_days: DEFAULT_RETENTION_DAYS,
            nat_gb: DEFAULT_NAT_GB,
            log_gb: DEFAULT_LOG_GB,
            metric_series: DEFAULT_METRIC_SERIES,
            zones: DEFAULT_ZONES,
        }
    }
}

impl Usage {
    pub fn assumptions(&self) -> Vec<Assumption> {
        [
            ("spans-per-day", self.spans_per_day, "spans that are received"),
            ("span-bytes", self.span_bytes, "bytes of a span as it is sent, uncompressed"),
            ("spans-per-trace", self.spans_per_trace, "spans of a trace"),
            ("queries-per-day", self.queries_per_day, "searches, and looks at single traces"),
            ("traces-per-query", self.traces_per_query, "traces that a query returns"),
            ("stored-ratio", self.stored_ratio, "bytes that one stored copy takes for each byte sent"),
            ("retention-days", self.retention_days, "days that traces are kept, where the templates do not say"),
            ("nat-gb", self.nat_gb, "GB a month that tasks fetch and send through NAT, or through interface endpoints"),
            ("log-gb", self.log_gb, "GB a month that each log group takes in"),
            ("metric-series", self.metric_series, "series that a Prometheus workspace takes in, once a minute"),
            ("zones", self.zones, "zones of a list of subnets whose length is not known"),
        ]
        .map(|(name, value, meaning)| Assumption { name, value, meaning })
        .to_vec()
    }

    pub fn spans_per_month(&self) -> f64 {
        self.spans_per_day * MONTH_DAYS
    }

    pub fn traces_per_month(&self) -> f64 {
        self.spans_per_month() / self.spans_per_trace
    }

    /// Spans as they are sent.
    pub fn received_gb(&self) -> f64 {
        self.spans_per_month() * self.span_bytes / BYTES_PER_GB
    }

    pub fn traces_answered(&self) -> f64 {
        self.queries_per_day * MONTH_DAYS * self.traces_per_query
    }

    /// Answers to queries; a trace is as large on its way out as on its way in.
    pub fn answered_gb(&self) -> f64 {
        self.traces_answered() * self.spans_per_trace * self.span_bytes / BYTES_PER_GB
    }

    /// What lies in the storage at any time, one copy of it.
    pub fn stored_gb(&self, days: f64) -> f64 {
        self.spans_per_day * days * self.span_bytes * self.stored_ratio / BYTES_PER_GB
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_follow_from_what_is_assumed() {
        let usage = Usage { spans_per_day: 24e6, span_bytes: 1000.0, ..Usage::default() };
        assert_eq!(usage.spans_per_month(), 730e6);
        assert_eq!(usage.traces_per_month(), 73e6);
        assert_eq!(usage.received_gb(), 730.0);
        assert_eq!(usage.stored_gb(10.0), 240.0);
        let usage = Usage { queries_per_day: 2400.0, traces_per_query: 5.0, span_bytes: 1000.0, ..Usage::default() };
        assert_eq!(usage.traces_answered(), 365_000.0);
        assert_eq!(usage.answered_gb(), 3.65);
    }

    #[test]
    fn every_assumption_is_shown() {
        let Usage {
            spans_per_day: a, span_bytes: b, spans_per_trace: c, queries_per_day: d, traces_per_query: e, ..
        } = Usage::default();
        let shown: Vec<f64> = Usage::default().assumptions().into_iter().map(|each| each.value).collect();
        assert_eq!(shown[..5], [a, b, c, d, e]);
        assert_eq!(shown.len() * size_of::<f64>(), size_of::<Usage>());
    }
}
