//! What AWS's validator says about conditions, tried out. It argues from shapes and defaults, and calls some things impossible
//! that are not; here every combination of the values that conditions tell apart is evaluated, and one that contradicts a
//! finding takes it back.

use super::walk;
use crate::eval::{Evaluator, Inputs, StackId, StackTree};
use crate::region;
use crate::template::{Node, Parameter, Span, Template};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Combinations that are tried; of a template with more, the validator's word is taken.
pub const DEFAULT_COMBINATIONS_MAX: usize = 20_000;
/// A value that no template compares anything with; two of them, for comparisons of parameters with each other.
const OTHERS: [&str; 2] = ["jqs-some-value", "jqs-another-value"];

const REGION: &str = "AWS::Region";
/// One of each partition that templates tell apart.
const REGIONS: [&str; 3] = ["eu-west-1", "cn-north-1", "us-gov-west-1"];

/// The truth of every condition, in every combination.
pub(super) struct Cases {
    combinations: Vec<BTreeMap<String, bool>>,
}

/// A place in a template, as far as conditions bear on it: what must hold, and what must not.
type Context = Vec<(String, bool)>;

impl Cases {
    /// Nothing where there are too many combinations, or conditions that cannot be evaluated.
    pub(super) fn of(template: &Template, text: &str) -> Option<Self> {
        let library = BTreeMap::from([(template.name.clone(), text.to_owned())]);
        let tree = StackTree::open(&library, &template.name).ok()?;
        let domains = domains(template);
        let size = domains.iter().try_fold(1_usize, |size, (_, values)| size.checked_mul(values.len()))?;
        if size > DEFAULT_COMBINATIONS_MAX {
            return None;
        }
        let names: Vec<&str> = template.section("Conditions").iter().filter_map(|(key, _)| key.text()).collect();
        let mut combinations = BTreeSet::new();
        for at in 0..size {
            let case = Case::new(&domains, at);
            let evaluator = Evaluator::new(&tree, &case);
            let truths = names.iter().map(|name| {
                let truth = evaluator.condition(StackId::ROOT, name, Span::default()).ok()?;
                Some(((*name).to_owned(), truth))
            });
            combinations.insert(truths.collect::<Option<BTreeMap<_, _>>>()?);
        }
        Some(Self { combinations: combinations.into_iter().collect() })
    }

    /// Whether a finding of the validator about `path` is contradicted.
    pub(super) fn contradict(&self, rule: &str, template: &Template, path: &[String]) -> bool {
        match rule {
            // "always true" or "always false"
            "W8003" => path.get(1).is_some_and(|name| {
                let is = |truth: bool| self.combinations.iter().any(|case| case.get(name) == Some(&truth));
                is(true) && is(false)
            }),
            // "this branch cannot be reached"
            "W1028" => self.combinations.iter().any(|case| holds(case, &context(template, path))),
            // "what is referred to may not exist"
            "W1001" => {
                let context = context(template, path);
                let targets = targets(template, path);
                let mut reached = self.combinations.iter().filter(|case| holds(case, &context)).peekable();
                let is_made = |case: &BTreeMap<String, bool>| targets.iter().all(|name| case.get(name) == Some(&true));
                !targets.is_empty() && reached.peek().is_some() && reached.all(is_made)
            }
            _ => false,
        }
    }
}

fn holds(case: &BTreeMap<String, bool>, context: &Context) -> bool {
    context.iter().all(|(name, truth)| case.get(name) == Some(truth))
}

/// The condition of the resource or output that a path leads into, and the branches of `Fn::If` on its way.
fn context(template: &Template, path: &[String]) -> Context {
    let mut context = Context::new();
    let Some(owner) = path.first().zip(path.get(1)).and_then(|(top, name)| template.root.get(top)?.get(name)) else {
        return context;
    };
    context.extend(owner.get("Condition").and_then(Node::text).map(|name| (name.to_owned(), true)));
    let mut node = owner;
    for (at, key) in path.iter().enumerate().skip(2) {
        let next = match key.parse::<usize>() {
            Ok(position) => node.items().get(position),
            Err(_) => node.get(key),
        };
        if key == "Fn::If" {
            let name = next.and_then(|branches| branches.items().first()).and_then(Node::text);
            let branch = path.get(at + 1).map(String::as_str);
            let truth = match branch {
                Some("1") => Some(true),
                Some("2") => Some(false),
                _ => None,
            };
            context.extend(name.map(str::to_owned).zip(truth));
        }
        match next {
            Some(below) => node = below,
            None => break,
        }
    }
    context
}

/// The conditions of the resources that a reference, or a text with references, names.
fn targets(template: &Template, path: &[String]) -> Vec<String> {
    let Some(node) = walk::find(&template.root, path) else { return Vec::new() };
    let mut names = BTreeSet::new();
    walk::each(node, &mut path.to_vec(), &mut |path, node| {
        let texts: Vec<&str> = match path.last().map(String::as_str) {
            Some("Ref" | "Fn::GetAtt") => node.text().or_else(|| node.items().first()?.text()).into_iter().collect(),
            Some("Fn::Sub") => {
                let pattern = node.text().or_else(|| node.items().first()?.text()).unwrap_or_default();
                pattern.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
            }
            _ => Vec::new(),
        };
        names.extend(texts.into_iter().map(|text| text.split('.').next().unwrap_or_default().to_owned()));
    });
    let resources = names.iter().filter_map(|name| template.resource(name));
    resources.filter_map(|resource| resource.condition.clone()).collect()
}

/// The values of each parameter that conditions read.
fn domains(template: &Template) -> Vec<(String, Vec<String>)> {
    let mut read = BTreeSet::new();
    let mut literals = BTreeSet::new();
    for (_, condition) in template.section("Conditions") {
        walk::each(condition, &mut Vec::new(), &mut |path, node| {
            let Some(text) = node.text() else { return };
            match path.last().map(String::as_str) {
                Some("Ref") => {
                    read.insert(text.to_owned());
                }
                Some("Condition") => {}
                _ => {
                    literals.insert(text.to_owned());
                }
            }
        });
    }
    let parameters = template.parameters.iter().filter(|parameter| read.contains(&parameter.name));
    let mut domains: Vec<(String, Vec<String>)> =
        parameters.map(|parameter| (parameter.name.clone(), values(parameter, &literals))).collect();
    if [REGION, "AWS::Partition", "AWS::URLSuffix"].iter().any(|name| read.contains(*name)) {
        let named = literals.into_iter().filter(|text| region::is_known(text));
        domains.push((REGION.to_owned(), named.chain(REGIONS.map(str::to_owned)).collect()));
    }
    domains
}

fn values(parameter: &Parameter, literals: &BTreeSet<String>) -> Vec<String> {
    if !parameter.allowed_values.is_empty() {
        return parameter.allowed_values.clone();
    }
    let mut values: BTreeSet<String> = literals.clone();
    values.extend(parameter.default.clone());
    values.extend(OTHERS.map(str::to_owned));
    values.into_iter().collect()
}

/// One combination, by its number.
struct Case {
    values: BTreeMap<String, Arc<str>>,
}

impl Case {
    fn new(domains: &[(String, Vec<String>)], mut number: usize) -> Self {
        let mut values = BTreeMap::new();
        for (name, domain) in domains {
            values.insert(name.clone(), domain[number % domain.len()].as_str().into());
            number /= domain.len();
        }
        Self { values }
    }
}

impl Inputs for Case {
    fn parameter(&self, parameter: &Parameter) -> Option<Arc<str>> {
        self.values.get(&parameter.name).cloned()
    }

    fn region(&self) -> Arc<str> {
        self.values.get(REGION).cloned().unwrap_or_else(|| REGIONS[0].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Parameters:
  Range: {Type: String, Default: ''}
  Other: {Type: String, Default: 10.0.0.0/8}
Conditions:
  More: !Not [!Or [!Equals [!Ref Range, ''], !Equals [!Ref Range, !Ref Other]]]
  None: !And [!Condition More, !Equals [!Ref Range, '']]
Resources:
  A: {Type: 'AWS::SNS::Topic', Condition: More}
  B: {Type: 'AWS::SNS::Topic'}
Outputs:
  Good: {Value: !If [More, !Ref A, !Ref B]}
  Bad: {Value: !Ref A}
  Never: {Value: !If [None, !Ref A, x]}
";

    #[test]
    fn a_case_that_contradicts_a_finding_is_found() {
        let template = Template::read("t.yaml", TEXT).expect("a valid template");
        let cases = Cases::of(&template, TEXT).expect("few combinations");
        let contradict = |rule: &str, path: &str| {
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            cases.contradict(rule, &template, &path)
        };
        assert!(contradict("W8003", "Conditions/More") && !contradict("W8003", "Conditions/None"));
        assert!(contradict("W1001", "Outputs/Good/Value/Fn::If/1") && !contradict("W1001", "Outputs/Bad/Value"));
        assert!(contradict("W1028", "Outputs/Good/Value/Fn::If/1"));
        assert!(!contradict("W1028", "Outputs/Never/Value/Fn::If/1"));
        assert!(!contradict("F3002", "Outputs/Good/Value"));
    }
}
