//! What AWS's validator says about conditions, tried out. It argues from shapes and defaults, and calls some things impossible
//! that are not; here every combination of the values that conditions tell apart is evaluated, and one that contradicts a
//! finding takes it back.

use super::walk;
use crate::diagnostic::Diagnostic;
use crate::eval::{Evaluator, Inputs, StackId, StackTree};
use crate::region;
use crate::template::{Node, Parameter, Span, Template};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Combinations that are tried; of a template with more, the validator's word is taken.
pub const DEFAULT_COMBINATIONS_MAX: usize = 20_000;
/// A value that no template compares anything with; two of them, for comparisons of parameters with each other.
const OTHERS: [&str; 2] = ["jqs-some-value", "jqs-another-value"];

/// Where the validator says that a parameter is used whose default it blames.
const USE: &str = " when resolved at ";
const REGION: &str = "AWS::Region";
/// One of each partition that templates tell apart.
const REGIONS: [&str; 3] = ["eu-west-1", "cn-north-1", "us-gov-west-1"];

/// A template, ready to be tried.
pub(super) struct Cases<'a> {
    template: &'a Template,
    tree: StackTree,
}

/// The values of parameters, and what conditions make of them.
struct Combination {
    values: BTreeMap<String, Arc<str>>,
    truths: BTreeMap<String, bool>,
}

/// A place in a template, as far as conditions bear on it: what must hold, and what must not.
type Context = Vec<(String, bool)>;

impl<'a> Cases<'a> {
    pub(super) fn of(template: &'a Template, text: &str) -> Option<Self> {
        let library = BTreeMap::from([(template.name.clone(), text.to_owned())]);
        Some(Self { template, tree: StackTree::open(&library, &template.name).ok()? })
    }

    /// Whether the rule is one that is tried here.
    pub(super) fn judge(rule: &str) -> bool {
        matches!(rule, "W1001" | "W1028" | "W1030" | "W8003")
    }

    /// Whether a finding of the validator is contradicted.
    pub(super) fn contradict(&self, finding: &Diagnostic) -> bool {
        let (rule, path) = (finding.rule.as_str(), finding.path.as_slice());
        let context = context(self.template, path);
        let names = context.iter().map(|(name, _)| name.clone());
        match rule {
            // "always true" or "always false"
            "W8003" => path.get(1).is_some_and(|name| {
                let cases = self.combinations([name.clone()]).unwrap_or_default();
                let is = |truth: bool| cases.iter().any(|case| case.truths.get(name) == Some(&truth));
                is(true) && is(false)
            }),
            // "this branch cannot be reached"
            "W1028" => self.combinations(names).unwrap_or_default().iter().any(|case| case.reaches(&context)),
            // "what is referred to may not exist"
            "W1001" => {
                let targets = targets(self.template, path);
                let cases = self.combinations(names.chain(targets.iter().cloned())).unwrap_or_default();
                let mut reached = cases.iter().filter(|case| case.reaches(&context)).peekable();
                let is_made = |case: &Combination| targets.iter().all(|name| case.truths.get(name) == Some(&true));
                !targets.is_empty() && reached.peek().is_some() && reached.all(is_made)
            }
            // "the default of what is referred to is not admitted here"
            "W1030" => {
                let place = finding.message.split_once(USE).map(|(_, place)| place.split('/').map(str::to_owned));
                let place: Vec<String> = place.map_or_else(|| path.to_vec(), Iterator::collect);
                let name = finding.message.split_once("{'Ref': '").and_then(|(_, rest)| rest.split('\'').next());
                let parameter = name.and_then(|name| self.template.parameter(name));
                parameter.is_some_and(|parameter| self.is_always_given(parameter, &place))
            }
            _ => false,
        }
    }

    /// Whether a parameter, wherever it is used below a place, has another value than its default.
    fn is_always_given(&self, parameter: &Parameter, place: &[String]) -> bool {
        let (_, depth) = walk::locate_deepest(&self.template.root, place);
        let Some(node) = walk::find(&self.template.root, &place[..depth]) else { return false };
        let mut uses = Vec::new();
        walk::each(node, &mut place[..depth].to_vec(), &mut |path, node| {
            if path.last().is_some_and(|key| key == "Ref") && node.text() == Some(&parameter.name) {
                uses.push(context(self.template, path));
            }
        });
        let is_given = |context: &Context| {
            let names = context.iter().map(|(name, _)| name.clone());
            let cases = self.combinations(names).unwrap_or_default();
            let mut reached = cases.iter().filter(|case| case.reaches(context)).peekable();
            let value = |case: &Combination| case.values.get(&parameter.name).cloned();
            reached.peek().is_some()
                && reached.all(|case| value(case).is_some_and(|value| parameter.default.as_deref() != Some(&value)))
        };
        !uses.is_empty() && uses.iter().all(is_given)
    }

    /// Every combination that tells these conditions apart. Nothing where there are too many, or conditions that cannot be
    /// evaluated.
    fn combinations(&self, names: impl IntoIterator<Item = String>) -> Option<Vec<Combination>> {
        let names = closure(self.template, names);
        let domains = domains(self.template, &names);
        let size = domains.iter().try_fold(1_usize, |size, (_, values)| size.checked_mul(values.len()))?;
        if size > DEFAULT_COMBINATIONS_MAX {
            return None;
        }
        let case = |number: usize| {
            let case = Case::new(&domains, number);
            let evaluator = Evaluator::new(&self.tree, &case);
            let truth = |name: &String| evaluator.condition(StackId::ROOT, name, Span::default()).ok();
            let truths = names.iter().map(|name| Some((name.clone(), truth(name)?))).collect::<Option<_>>()?;
            Some(Combination { truths, values: case.values })
        };
        (0..size).map(case).collect()
    }
}

impl Combination {
    fn reaches(&self, context: &Context) -> bool {
        context.iter().all(|(name, truth)| self.truths.get(name) == Some(truth))
    }
}

/// The conditions, and those that they are made of.
fn closure(template: &Template, names: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let mut open: Vec<String> = names.into_iter().collect();
    let mut closed = BTreeSet::new();
    while let Some(name) = open.pop() {
        let found = template.section("Conditions").iter().find(|(key, _)| key.text() == Some(&name));
        let Some((_, condition)) = found.filter(|_| closed.insert(name)) else { continue };
        walk::each(condition, &mut Vec::new(), &mut |path, node| {
            if path.last().is_some_and(|key| key == "Condition") {
                open.extend(node.text().map(str::to_owned));
            }
        });
    }
    closed
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
fn domains(template: &Template, names: &BTreeSet<String>) -> Vec<(String, Vec<String>)> {
    let mut read = BTreeSet::new();
    let mut literals = BTreeSet::new();
    let conditions = template.section("Conditions").iter();
    for (_, condition) in conditions.filter(|(key, _)| key.text().is_some_and(|name| names.contains(name))) {
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
    use super::super::catalog;
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
  Given: {Value: !If [More, !Ref Range, x]}
  Perhaps: {Value: !Ref Range}
";

    #[test]
    fn a_case_that_contradicts_a_finding_is_found() {
        let template = Template::read("t.yaml", TEXT).expect("a valid template");
        let cases = Cases::of(&template, TEXT).expect("a valid template");
        let contradict = |rule: &str, path: &str| {
            let place = path.strip_prefix("Parameters/Range at ");
            let path = place.map_or(path, |_| "Parameters/Range").split('/').map(str::to_owned).collect();
            let message = place.map(|place| format!("{{'Ref': 'Range'}} default ''{USE}{place}")).unwrap_or_default();
            let finding = catalog::finding("J0001", "t.yaml", Span::default(), message);
            cases.contradict(&Diagnostic { rule: rule.to_owned(), path, ..finding })
        };
        assert!(contradict("W8003", "Conditions/More") && !contradict("W8003", "Conditions/None"));
        assert!(contradict("W1001", "Outputs/Good/Value/Fn::If/1") && !contradict("W1001", "Outputs/Bad/Value"));
        assert!(contradict("W1028", "Outputs/Good/Value/Fn::If/1"));
        assert!(!contradict("W1028", "Outputs/Never/Value/Fn::If/1"));
        assert!(contradict("W1030", "Parameters/Range at Outputs/Given/Value/Fn::If/1"));
        assert!(!contradict("W1030", "Parameters/Range at Outputs/Perhaps/Value"));
        assert!(!contradict("F3002", "Outputs/Good/Value"));
    }
}
