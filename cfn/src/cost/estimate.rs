//! Resolved stacks → charges, resource by resource, with their sums.

use super::prices::{Price, Prices};
use super::resources;
use super::scene::Scene;
use super::usage::{Assumption, MONTH_HOURS, Usage};
use super::xray::{self, Alternative};
use crate::eval::ResolvedStack;
use serde::Serialize;
use std::ops::{Add, AddAssign, Mul};

/// A number at the least and at the most that scaling allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Range {
    pub least: f64,
    pub most: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Estimate {
    pub region: String,
    pub currency: String,
    /// The date of the prices.
    pub as_of: String,
    pub hours: f64,
    pub total: Range,
    /// The outermost stack first.
    pub stacks: Vec<StackCost>,
    pub notes: Vec<String>,
    pub assumptions: Vec<Assumption>,
    /// The same traffic elsewhere.
    pub alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, Serialize)]
pub struct StackCost {
    /// Logical ids down to it, with slashes; empty for the outermost one.
    pub path: String,
    pub file: String,
    pub total: Range,
    pub resources: Vec<ResourceCost>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ResourceCost {
    pub logical_id: String,
    pub kind: String,
    pub total: Range,
    pub charges: Vec<Charge>,
    /// Why it costs nothing.
    pub free: Option<String>,
    /// What of it has no price here.
    pub not_priced: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Charge {
    pub what: String,
    pub quantity: Range,
    pub price: Price,
    pub cost: Range,
}

/// What one resource costs, as it is being found out.
pub(super) struct Bill<'a> {
    prices: &'a Prices,
    pub(super) charges: Vec<Charge>,
    pub(super) free: Option<String>,
    pub(super) not_priced: Vec<String>,
}

pub fn estimate(root: &ResolvedStack, prices: &Prices, usage: &Usage) -> Estimate {
    let scene = Scene::new(root, prices, usage);
    let stacks: Vec<StackCost> = root.walk().into_iter().map(|stack| stack_cost(&scene, stack)).collect();
    Estimate {
        region: prices.region().to_owned(),
        currency: prices.currency().to_owned(),
        as_of: prices.as_of().to_owned(),
        hours: MONTH_HOURS,
        total: sum(stacks.iter().map(|stack| stack.total)),
        stacks,
        notes: resources::notes(&scene),
        assumptions: usage.assumptions(),
        alternatives: xray::alternatives(prices, usage),
    }
}

fn stack_cost(scene: &Scene<'_>, stack: &ResolvedStack) -> StackCost {
    let resources: Vec<ResourceCost> = scene
        .subjects(stack)
        .map(|subject| {
            let mut bill = Bill::new(scene.prices);
            resources::price(scene, subject, &mut bill);
            ResourceCost {
                logical_id: subject.resource.logical_id.clone(),
                kind: subject.resource.kind.clone(),
                total: sum(bill.charges.iter().map(|charge| charge.cost)),
                charges: bill.charges,
                free: bill.free,
                not_priced: bill.not_priced,
            }
        })
        .collect();
    let total = sum(resources.iter().map(|resource| resource.total));
    StackCost { path: stack.path.join("/"), file: stack.file.clone(), total, resources }
}

pub(super) fn sum(parts: impl Iterator<Item = Range>) -> Range {
    parts.fold(Range::default(), Range::add)
}

impl<'a> Bill<'a> {
    pub(super) fn new(prices: &'a Prices) -> Self {
        Self { prices, charges: Vec::new(), free: None, not_priced: Vec::new() }
    }

    /// So much of what has that price; nothing where there is none of it.
    pub(super) fn add(&mut self, what: &str, price: &str, quantity: impl Into<Range>) {
        let quantity = quantity.into();
        match self.prices.get(price) {
            _ if quantity.most == 0.0 => {}
            Some(price) => {
                let cost = quantity * price.amount;
                self.charges.push(Charge { what: what.to_owned(), quantity, price, cost });
            }
            None => self.not_priced(format!("{what}: there is no price `{price}`")),
        }
    }

    pub(super) fn free(&mut self, why: &str) {
        self.free = Some(why.to_owned());
    }

    pub(super) fn not_priced(&mut self, why: impl Into<String>) {
        self.not_priced.push(why.into());
    }
}

impl From<f64> for Range {
    fn from(number: f64) -> Self {
        Self { least: number, most: number }
    }
}

impl Add for Range {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { least: self.least + other.least, most: self.most + other.most }
    }
}

impl AddAssign for Range {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<f64> for Range {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        Self { least: self.least * factor, most: self.most * factor }
    }
}
