//! What a deployment would do, before it is approved: changes, data at risk, who can reach it, its cost and its time.

mod data;
mod duration;
mod exposure;
pub(crate) mod saved;
mod show;

pub(crate) use show::summary;

use crate::image::{Supply, SupplyPlan};
use crate::printer::Printer;
use data::Loss;
pub(crate) use duration::Course;
use duration::Expected;
use exposure::Opening;
use jqs_cfn::Result;
use jqs_cfn::bundle::Bundle;
use jqs_cfn::cost::{self, Estimate, PriceList, Range, Usage};
use jqs_cfn::eval::{Given, ResolvedStack, StackTree, resolve};
use jqs_stacks::change_set::Change;
use serde::Serialize;

/// What the templates come to, as far as that is known without AWS: now, and before.
pub(crate) struct Outlook {
    pub(crate) after: ResolvedStack,
    pub(crate) before: Option<ResolvedStack>,
    cost: Cost,
}

#[derive(Debug, Clone, Serialize)]
struct Cost {
    currency: String,
    /// The date of the prices.
    as_of: String,
    after: Range,
    before: Option<Range>,
}

impl Outlook {
    pub(crate) fn of(bundle: &Bundle, entry: &str, after: &Given, before: Option<&Given>) -> Result<Self> {
        let new = resolved(bundle, entry, after)?;
        // What these templates cannot say of an older stack is left out.
        let old = before.and_then(|given| resolved(bundle, entry, given).ok());
        let prices = PriceList::built_in()?.in_region(&after.region)?;
        let estimate = |stack: &ResolvedStack| cost::estimate(stack, &prices, &Usage::default());
        let total = estimate(&new);
        let before = old.as_ref().map(|stack| estimate(stack).total);
        let cost = Cost { currency: total.currency, as_of: total.as_of, after: total.total, before };
        Ok(Self { after: new, before: old, cost })
    }

    pub(crate) fn course(&self, changes: &[Change]) -> Course {
        Course::new(changes, &self.after)
    }
}

fn resolved(bundle: &Bundle, entry: &str, given: &Given) -> Result<ResolvedStack> {
    let tree = StackTree::open_with(bundle, entry, &given.parameters)?;
    resolve(&tree, given).map_err(|fault| jqs_cfn::Error::new(jqs_cfn::ErrorKind::Template, fault.to_string()))
}

/// What a month of it costs by list prices, with the traffic that is assumed where nothing is said.
pub(crate) fn month(bundle: &Bundle, entry: &str, given: &Given) -> Result<Estimate> {
    let prices = PriceList::built_in()?.in_region(&given.region)?;
    Ok(cost::estimate(&resolved(bundle, entry, given)?, &prices, &Usage::default()))
}

/// An amount in whole units.
pub(crate) fn amount(range: &Range) -> String {
    match (range.least.round(), range.most.round()) {
        (least, most) if least == most => format!("{least:.0}"),
        (least, most) => format!("{least:.0} to {most:.0}"),
    }
}

/// The whole plan, as people approve it.
#[derive(Serialize)]
pub(crate) struct Plan<'a> {
    stack: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<SupplyPlan>,
    changes: &'a [Change],
    loses: Vec<Loss>,
    #[serde(skip_serializing_if = "Option::is_none")]
    internet: Option<exposure::Exposure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    monthly_cost: Option<&'a Cost>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<Expected>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        stack: &'a str,
        changes: &'a [Change],
        outlook: Option<&'a Outlook>,
        supply: Option<&Supply>,
    ) -> Self {
        Self {
            stack,
            image: supply.map(Supply::plan),
            changes,
            loses: data::losses(changes),
            internet: outlook.map(|outlook| exposure::Exposure::of(&outlook.after, outlook.before.as_ref())),
            monthly_cost: outlook.map(|outlook| &outlook.cost),
            expected: outlook.map(|outlook| outlook.course(changes).expected()),
        }
    }

    pub(crate) fn show(&self, printer: &Printer) {
        printer.record("plan", self);
        if printer.is_json() {
            return;
        }
        if let Some(image) = &self.image {
            printer.field("Image", &image.text());
        }
        printer.note("");
        show::show(printer, self.changes);
        for loss in &self.loses {
            printer.warning(&loss.words());
        }
        if let Some(internet) = &self.internet {
            printer.field("Internet", &internet.words());
        }
        if let Some(cost) = self.monthly_cost {
            printer.field("Cost", &cost.words());
        }
        if let Some(expected) = &self.expected {
            printer.field("Takes", &expected.words());
        }
        printer.note("");
    }
}

impl Cost {
    fn words(&self) -> String {
        let (currency, after) = (&self.currency, amount(&self.after));
        let change = match &self.before {
            Some(before) if amount(before) == after => ", as before".to_owned(),
            Some(before) => {
                let (least, most) = (self.after.least - before.least, self.after.most - before.most);
                // One number says it only where both ends move alike.
                if least.round() == most.round() {
                    format!(", {least:+.0}")
                } else {
                    format!(", before {}", amount(before))
                }
            }
            None => String::new(),
        };
        format!("about {after} {currency} a month{change} (list prices of {}; `jqs cost` shows the sum)", self.as_of)
    }
}

impl Opening {
    fn words(&self) -> String {
        let ports = self.ports.join(", ");
        format!("{} at {ports}, for {}", self.balancer, self.ranges.join(", "))
    }
}
