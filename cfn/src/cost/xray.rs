//! The same traffic on AWS's own tracing, so that a reader can compare.

use super::estimate::{Bill, Charge};
use super::prices::Prices;
use super::usage::Usage;
use serde::Serialize;

const MILLION: f64 = 1e6;
/// The part of the spans that Transaction Search indexes without a charge, and by default.
const INDEXED_FREE: f64 = 0.01;

#[derive(Debug, Clone, Serialize)]
pub struct Alternative {
    pub name: &'static str,
    pub about: String,
    pub cost: f64,
    pub charges: Vec<Charge>,
}

pub(super) fn alternatives(prices: &Prices, usage: &Usage) -> Vec<Alternative> {
    let mut xray = Bill::new(prices);
    xray.add("traces recorded", "xray/recorded", usage.traces_per_month() / MILLION);
    xray.add("traces retrieved", "xray/retrieved", usage.traces_answered() / MILLION);
    let mut search = Bill::new(prices);
    search.add("spans taken in", "transaction-search/spans", usage.received_gb());
    let about = format!("every span kept in CloudWatch Logs, {:.0} % of them indexed", INDEXED_FREE * 100.0);
    vec![
        alternative("AWS X-Ray", "every trace recorded, kept for 30 days".to_owned(), xray),
        alternative("CloudWatch Transaction Search", about, search),
    ]
}

fn alternative(name: &'static str, about: String, bill: Bill<'_>) -> Alternative {
    let cost = bill.charges.iter().map(|charge| charge.cost.least).sum();
    Alternative { name, about, cost, charges: bill.charges }
}
