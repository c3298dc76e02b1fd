//! What a deployment has cost so far: an estimate by list prices, and not the bill.

use crate::commands::deploy::TAG_ENTRY;
use crate::plan::{amount, month};
use crate::templates;
use jiff::Timestamp;
use jqs_cfn::cost::{Estimate, Range};
use jqs_cfn::eval::Given;
use jqs_stacks::Identity;
use jqs_stacks::stack::{Readiness, Stack};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize)]
pub(super) struct CostSoFar {
    currency: String,
    /// The date of the prices.
    as_of: String,
    monthly: Range,
    /// For as long as the stack has been there, as if it had always been as it is.
    so_far: Range,
}

/// A month's costs are worked out once for the same parameters: a status may be looked at again and again.
#[derive(Default)]
pub(super) struct Costs {
    known: Option<(BTreeMap<String, String>, Option<Estimate>)>,
}

impl Costs {
    /// Nothing where there is nothing that costs, or these templates cannot say it of an older stack.
    pub(super) fn so_far(&mut self, stack: &Stack, identity: &Identity) -> Option<CostSoFar> {
        if !matches!(stack.readiness(), Readiness::Updatable | Readiness::Busy) {
            return None;
        }
        let created: Timestamp = stack.created.as_ref()?.parse().ok()?;
        let month = self.month(stack, identity)?;
        let months = Timestamp::now().duration_since(created).as_secs_f64().max(0.0) / 3600.0 / month.hours;
        let so_far = Range { least: month.total.least * months, most: month.total.most * months };
        let (currency, as_of) = (month.currency.clone(), month.as_of.clone());
        Some(CostSoFar { currency, as_of, monthly: month.total, so_far })
    }

    fn month(&mut self, stack: &Stack, identity: &Identity) -> Option<&Estimate> {
        let is_known = self.known.as_ref().is_some_and(|(parameters, _)| *parameters == stack.parameters);
        if !is_known {
            let given = Given {
                parameters: stack.parameters.clone(),
                region: identity.region.clone(),
                account: Some(identity.account.clone()),
                stack_name: stack.name.clone(),
            };
            let entry = stack.tags.get(TAG_ENTRY);
            let month = entry.and_then(|entry| month(&templates::bundle(), entry, &given).ok());
            self.known = Some((stack.parameters.clone(), month));
        }
        self.known.as_ref().and_then(|(_, month)| month.as_ref())
    }
}

impl CostSoFar {
    pub(super) fn words(&self) -> String {
        let (so_far, monthly) = (amount(&self.so_far), amount(&self.monthly));
        format!("about {so_far} {} so far, {monthly} a month: an estimate, not the bill", self.currency)
    }
}
