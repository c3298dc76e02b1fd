//! Which values of a parameter can make a difference. Every allowed value; or, where a parameter is free text, its default,
//! each text that a condition or a rule of any stack compares it with, and examples of what else it admits.

use super::sample;
use crate::eval::{Expression, Form, StackId, StackTree, Value};
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
    /// `fixed` are the parameters that the user has given: they have one value.
    pub(super) fn new(tree: &StackTree, fixed: &BTreeMap<String, String>) -> Self {
        let compared = compared(tree);
        let empty = BTreeSet::new();
        let parameters = tree.root().program.template.parameters.iter();
        let by_name = parameters.map(|parameter| {
            let values = match fixed.get(&parameter.name) {
                Some(value) => vec![Some(value.as_str().into())],
                None => values(parameter, compared.get(&parameter.name).unwrap_or(&empty)),
            };
            (parameter.name.clone(), values)
        });
        Self { by_name: by_name.collect() }
    }

    /// Only as many values as conditions, rules and mappings tell apart: those that they name, and one that they do not.
    pub(super) fn structural(tree: &StackTree, fixed: &BTreeMap<String, String>) -> Self {
        let compared = compared(tree);
        let mut domains = Self::new(tree, fixed);
        for (name, values) in &mut domains.by_name {
            let named = compared.get(name);
            let is_named = |value: &Option<Arc<str>>| {
                value.as_ref().is_some_and(|value| named.is_some_and(|texts| texts.contains(&**value)))
            };
            let mut has_other = false;
            // How many items a list has bears on what is built, though nothing compares it.
            let is_list = |value: &Option<Arc<str>>| value.as_ref().is_some_and(|value| value.contains(','));
            values.retain(|value| is_named(value) || is_list(value) || !std::mem::replace(&mut has_other, true));
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

fn values(parameter: &Parameter, compared: &BTreeSet<String>) -> Vec<Option<Arc<str>>> {
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
        sample::of(parameter).iter().filter(|value| is_admitted(value)).for_each(|value| add(value));
    }
    if values.is_empty() {
        values.push(None);
    }
    values
}

/// The texts that conditions, rules and mappings of all stacks compare a parameter of the outermost stack with.
fn compared(tree: &StackTree) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = Found { tree, texts: BTreeMap::new() };
    for stack in tree.stacks() {
        let rules = stack.program.rules().iter();
        let rules =
            rules.flat_map(|rule| rule.condition.iter().chain(rule.assertions.iter().map(|(assert, _)| assert)));
        stack.program.conditions().chain(rules).for_each(|expression| found.visit(stack.id, expression));
    }
    found.texts
}

struct Found<'a> {
    tree: &'a StackTree,
    texts: BTreeMap<String, BTreeSet<String>>,
}

impl Found<'_> {
    fn visit(&mut self, stack: StackId, expression: &Expression) {
        match &expression.form {
            Form::Equals(one, other) => {
                self.pair(stack, one, other);
                self.pair(stack, other, one);
            }
            Form::Contains(list, value) | Form::EachMemberIn(value, list) => self.pair(stack, value, list),
            Form::EachMemberEquals(values, wanted) => self.pair(stack, values, wanted),
            Form::FindInMap { map, top, .. } => self.map_keys(stack, map, top),
            _ => {}
        }
        expression.children().into_iter().for_each(|child| self.visit(stack, child));
    }

    fn pair(&mut self, stack: StackId, subject: &Expression, constants: &Expression) {
        let Some(name) = origin(self.tree, stack, subject) else { return };
        let constants = match &constants.form {
            Form::List(items) => items.iter().collect(),
            _ => vec![constants],
        };
        let literals = constants.into_iter().filter_map(|constant| match &constant.form {
            Form::Literal(value) => value.as_text().map(str::to_owned),
            _ => None,
        });
        self.texts.entry(name).or_default().extend(literals);
    }

    fn map_keys(&mut self, stack: StackId, map: &Expression, top: &Expression) {
        let (Form::Literal(map), Some(name)) = (&map.form, origin(self.tree, stack, top)) else { return };
        let template = &self.tree.stack(stack).program.template;
        let keys = template.section("Mappings").iter().filter(|(key, _)| key.text() == map.as_text());
        let keys = keys.flat_map(|(_, tops)| tops.entries()).filter_map(|(key, _)| key.text().map(str::to_owned));
        self.texts.entry(name).or_default().extend(keys);
    }
}

/// The parameter of the outermost stack that an expression hands through unchanged, alone or joined as a list.
fn origin(tree: &StackTree, stack: StackId, expression: &Expression) -> Option<String> {
    match &expression.form {
        Form::Ref(name) => {
            let here = tree.stack(stack);
            here.program.parameter(name)?;
            let Some((parent, logical_id)) = &here.parent else { return Some(name.to_string()) };
            let Form::Map(properties) = &tree.stack(*parent).program.properties(logical_id)?.form else { return None };
            let (_, parameters) = properties.iter().find(|(key, _)| &**key == "Parameters")?;
            let Form::Map(parameters) = &parameters.form else { return None };
            let (_, passed) = parameters.iter().find(|(key, _)| key == name)?;
            origin(tree, *parent, passed)
        }
        Form::Join(_, list) => origin(tree, stack, list),
        Form::Select(index, list) if matches!(&index.form, Form::Literal(Value::Number(_) | Value::Text(_))) => {
            origin(tree, stack, list)
        }
        _ => None,
    }
}
