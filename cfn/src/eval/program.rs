//! A template made ready for evaluation: every expression taken apart once, everything found by its name.

use super::expression::{Expression, literal};
use super::value::Value;
use crate::template::{Output, Parameter, Resource, Template};
use std::collections::HashMap;
use std::sync::Arc;

/// Map → top key → second key → value.
type Mappings = HashMap<Arc<str>, HashMap<Arc<str>, HashMap<Arc<str>, Value>>>;

#[derive(Debug)]
pub struct Program {
    pub template: Template,
    parameters: HashMap<Arc<str>, usize>,
    conditions: HashMap<Arc<str>, Expression>,
    mappings: Mappings,
    resources: HashMap<Arc<str>, usize>,
    properties: Vec<Option<Expression>>,
    outputs: HashMap<Arc<str>, usize>,
    values: Vec<Option<Expression>>,
    exports: Vec<Option<Expression>>,
    rules: Vec<RuleProgram>,
}

#[derive(Debug)]
pub struct RuleProgram {
    pub name: Arc<str>,
    pub condition: Option<Expression>,
    pub assertions: Vec<(Expression, Option<String>)>,
}

impl Program {
    pub fn new(template: Template) -> Self {
        let conditions = template.section("Conditions").iter();
        let conditions = conditions.filter_map(|(key, value)| Some((key.text()?.into(), Expression::new(value))));
        let rules = template.rules.iter().map(|rule| RuleProgram {
            name: rule.name.as_str().into(),
            condition: rule.condition.as_ref().map(Expression::new),
            assertions: rule
                .assertions
                .iter()
                .map(|assertion| (Expression::new(&assertion.assert), assertion.description.clone()))
                .collect(),
        });
        Self {
            conditions: conditions.collect(),
            mappings: mappings(&template),
            parameters: index(template.parameters.iter().map(|parameter| &parameter.name)),
            resources: index(template.resources.iter().map(|resource| &resource.logical_id)),
            properties: template.resources.iter().map(|each| each.properties().map(Expression::new)).collect(),
            outputs: index(template.outputs.iter().map(|output| &output.name)),
            values: template.outputs.iter().map(|output| output.value.as_ref().map(Expression::new)).collect(),
            exports: template.outputs.iter().map(|output| output.export_name.as_ref().map(Expression::new)).collect(),
            rules: rules.collect(),
            template,
        }
    }

    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(name).map(|at| &self.template.parameters[*at])
    }

    pub fn condition(&self, name: &str) -> Option<&Expression> {
        self.conditions.get(name)
    }

    pub fn condition_names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.conditions.keys()
    }

    pub fn conditions(&self) -> impl Iterator<Item = &Expression> {
        self.conditions.values()
    }

    /// A value of a mapping, or which of the three keys is not there.
    pub fn mapping(&self, map: &str, top: &str, second: &str) -> Result<&Value, String> {
        let tops = self.mappings.get(map).ok_or_else(|| format!("there is no mapping `{map}`"))?;
        let seconds = tops.get(top).ok_or_else(|| format!("the mapping `{map}` has no key `{top}`"))?;
        seconds.get(second).ok_or_else(|| format!("the mapping `{map}` has no key `{second}` below `{top}`"))
    }

    pub fn resource(&self, logical_id: &str) -> Option<&Resource> {
        self.resource_index(logical_id).map(|at| &self.template.resources[at])
    }

    pub fn resource_index(&self, logical_id: &str) -> Option<usize> {
        self.resources.get(logical_id).copied()
    }

    pub fn properties(&self, logical_id: &str) -> Option<&Expression> {
        self.properties[self.resource_index(logical_id)?].as_ref()
    }

    /// An output and the expression of its value.
    pub fn output(&self, name: &str) -> Option<(&Output, Option<&Expression>)> {
        self.outputs.get(name).map(|at| (&self.template.outputs[*at], self.values[*at].as_ref()))
    }

    pub fn export(&self, name: &str) -> Option<&Expression> {
        self.exports[*self.outputs.get(name)?].as_ref()
    }

    pub fn rules(&self) -> &[RuleProgram] {
        &self.rules
    }
}

fn index<'a>(names: impl Iterator<Item = &'a String>) -> HashMap<Arc<str>, usize> {
    names.enumerate().map(|(at, name)| (name.as_str().into(), at)).collect()
}

fn mappings(template: &Template) -> Mappings {
    let mut mappings = Mappings::new();
    for (map, tops) in template.section("Mappings") {
        for (top, seconds) in tops.entries() {
            for (second, value) in seconds.entries() {
                let (Some(map), Some(top), Some(second)) = (map.text(), top.text(), second.text()) else { continue };
                let value = match value.scalar() {
                    Some(scalar) => literal(scalar),
                    None => Value::list(value.items().iter().filter_map(|item| item.scalar().map(literal))),
                };
                mappings.entry(map.into()).or_default().entry(top.into()).or_default().insert(second.into(), value);
            }
        }
    }
    mappings
}
