//! Which values of a parameter can make a difference. Every allowed value; or, where a parameter is free text, its default,
//! each text that a condition or a rule of any stack compares it with, and examples of what else it admits.

use super::influence::Influence;
use super::sample;
use crate::eval::StackTree;
use crate::parameters;
use crate::template::Parameter;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Values of one parameter that are tried; a parameter with more allowed values is tried at its ends.
pub const DEFAULT_VALUES_MAX: usize = 64;

/// The values to try for each parameter of the outermost template, the default first. `None` is a value that the template
/// leaves to the deployment, such as the id of a VPC.
#[derive(Debug, Clone)]
pub(super) struct Domains {
    by_name: HashMap<String, Vec<Option<Arc<str>>>>,
}

impl Domains {
    /// Every value that can make a difference. `fixed` are the parameters that the user has given: they have one value.
    pub(super) fn new(tree: &StackTree, influence: &Influence, fixed: &BTreeMap<String, String>) -> Self {
        let parameters = tree.root().program.template.parameters.iter().enumerate();
        let by_name = parameters.map(|(at, parameter)| {
            let values = match fixed.get(&parameter.name) {
                Some(value) => vec![Some(value.as_str().into())],
                None => values(parameter, at, influence.compared(&parameter.name)),
            };
            (parameter.name.clone(), values)
        });
        Self { by_name: by_name.collect() }
    }

    /// Only as many values as conditions, rules and functions tell apart: those that they name, and one that they do not.
    pub(super) fn structural(&self, influence: &Influence) -> Self {
        let mut domains = self.clone();
        for (name, values) in &mut domains.by_name {
            if influence.is_whole(name) {
                continue;
            }
            let named = influence.compared(name);
            let is_named = |value: &Option<Arc<str>>| value.as_ref().is_some_and(|value| named.contains(&**value));
            let mut has_other = false;
            values.retain(|value| is_named(value) || !std::mem::replace(&mut has_other, true));
        }
        domains
    }

    pub(super) fn of(&self, name: &str) -> &[Option<Arc<str>>] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// How many combinations a blind product would have.
    pub(super) fn product(&self) -> f64 {
        self.by_name.values().map(|values| values.len() as f64).product()
    }
}

fn values(parameter: &Parameter, at: usize, compared: &BTreeSet<String>) -> Vec<Option<Arc<str>>> {
    let mut values: Vec<Option<Arc<str>>> = Vec::new();
    let mut add = |value: &str| {
        let value = Some(Arc::from(value));
        if values.len() < DEFAULT_VALUES_MAX && !values.contains(&value) {
            values.push(value);
        }
    };
    let is_admitted = |value: &str| parameters::problem(parameter, value).is_none();
    if let Some(default) = &parameter.default {
        add(default);
    }
    parameter.allowed_values.iter().for_each(|value| add(value));
    if parameter.allowed_values.is_empty() {
        compared.iter().filter(|value| is_admitted(value)).for_each(|value| add(value));
        sample::of(parameter, at).iter().filter(|value| is_admitted(value)).for_each(|value| add(value));
    }
    if values.is_empty() {
        values.push(None);
    }
    values
}
