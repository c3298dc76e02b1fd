//! What stacks cost while they are up, and what they are made of: estimated offline.

use super::turn::Needs;
use crate::matrix::Matrix;
use jqs_cfn::cost::{MONTH_HOURS, PriceList, Usage, estimate};
use jqs_cfn::eval::{Given, ResolvedStack, StackTree, resolve};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The stack as far as it can be known beforehand.
pub(super) fn resolved(tree: &StackTree, region: &str, parameters: &BTreeMap<String, String>) -> Option<ResolvedStack> {
    let mut given = Given::new(region);
    given.parameters = parameters.clone();
    resolve(tree, &given).ok()
}

/// US dollars for an hour; nothing where there are no prices for the region.
pub(super) fn hourly(stack: &ResolvedStack, region: &str) -> Option<f64> {
    let prices = PriceList::built_in().ok()?.in_region(region).ok()?;
    let estimate = estimate(stack, &prices, &Usage::default());
    Some(estimate.total.least / MONTH_HOURS)
}

/// How many of each type it makes.
pub(super) fn needs(stack: &ResolvedStack) -> Needs {
    let mut needs = Needs::new();
    for resource in stack.walk().into_iter().flat_map(|stack| &stack.resources) {
        *needs.entry(resource.kind.clone()).or_default() += 1;
    }
    needs
}

/// An hour of each case: AWS counts most things by the hour, and few stacks are up for longer in a test.
pub(super) fn of_matrix(matrix: &Matrix, trees: &HashMap<String, Arc<StackTree>>) -> f64 {
    let mut total = 0.0;
    for case in &matrix.cases {
        let Some(tree) = trees.get(&case.test.name) else { continue };
        let plain = case.test.parameters.iter().filter(|(_, setting)| !crate::pseudo::has_token(&setting.value));
        let parameters = plain.map(|(key, setting)| (key.clone(), setting.value.clone())).collect();
        let stack = resolved(tree, &case.region, &parameters);
        total += stack.and_then(|stack| hourly(&stack, &case.region)).unwrap_or_default();
    }
    total
}
