//! What resolved stacks cost in a month: prices of a region × what the templates make × what is asked of it. Nothing that is
//! not known counts as zero: it is named.

mod estimate;
mod prices;
mod report;
mod resources;
mod scene;
mod usage;
mod xray;

#[cfg(test)]
mod tests;

pub use estimate::{Charge, Estimate, Range, ResourceCost, StackCost, estimate};
pub use prices::{Price, PriceList, Prices};
pub use report::{assumptions, markdown, text};
pub use usage::{
    Assumption, DEFAULT_LOG_GB, DEFAULT_METRIC_SERIES, DEFAULT_NAT_GB, DEFAULT_QUERIES_PER_DAY, DEFAULT_RETENTION_DAYS,
    DEFAULT_SPAN_BYTES, DEFAULT_SPANS_PER_DAY, DEFAULT_SPANS_PER_TRACE, DEFAULT_STORED_RATIO, DEFAULT_TRACES_PER_QUERY,
    DEFAULT_ZONES, MONTH_DAYS, MONTH_HOURS, Usage,
};
pub use xray::Alternative;
