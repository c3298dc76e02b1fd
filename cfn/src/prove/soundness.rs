//! What is proven of the cases that matter holds of all of them: random templates, proven, and evaluated in every single
//! combination of their parameters.

use super::checks;
use super::tests::proof_of;
use crate::eval::{Evaluator, Given, StackId, StackTree};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const PARAMETERS: usize = 4;
const VALUES: [&str; 3] = ["a", "b", "c"];

/// A condition over the parameters and the conditions before it.
fn condition(at: usize) -> BoxedStrategy<String> {
    let equals =
        (0..PARAMETERS, 0..VALUES.len()).prop_map(|(name, value)| format!("!Equals [!Ref P{name}, {}]", VALUES[value]));
    if at == 0 {
        return equals.boxed();
    }
    let earlier = || (0..at).prop_map(|other| format!("{{Condition: C{other}}}"));
    let not = earlier().prop_map(|one| format!("!Not [{one}]"));
    let both = (earlier(), earlier(), any::<bool>())
        .prop_map(|(one, other, and)| format!("!{} [{one}, {other}]", if and { "And" } else { "Or" }));
    prop_oneof![3 => equals, 1 => not, 2 => both].boxed()
}

/// A value that some cases cannot evaluate.
fn value(conditions: usize) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        4 => (0..PARAMETERS).prop_map(|name| format!("!Ref P{name}")),
        2 => Just("!Select [1, [x, y]]".to_owned()),
        2 => Just("!Select [2, [x, y]]".to_owned()),
        1 => Just("!GetAtt Other.Arn".to_owned()),
        1 => (0..PARAMETERS).prop_map(|name| format!("!FindInMap [Sizes, !Ref P{name}, Size]")),
    ];
    leaf.prop_recursive(3, 8, 2, move |inner| {
        prop_oneof![
            3 => (0..conditions, inner.clone(), inner.clone()).prop_map(|(at, one, other)| format!("!If [C{at}, {one}, {other}]")),
            1 => (inner.clone(), inner).prop_map(|(one, other)| format!("!Join ['-', [{one}, {other}]]")),
        ]
    })
    .boxed()
}

fn template() -> impl Strategy<Value = String> {
    let conditions = (condition(0), condition(1), condition(2), condition(3));
    let resources = prop::collection::vec((prop::option::of(0..4_usize), value(4)), 1..5);
    let rules = prop::collection::vec((0..4_usize, 0..PARAMETERS, 0..VALUES.len()), 0..3);
    (conditions, resources, rules).prop_map(|((c0, c1, c2, c3), resources, rules)| {
        let mut text = String::from("Parameters:\n");
        for at in 0..PARAMETERS {
            let _ = writeln!(text, "  P{at}: {{Type: String, Default: a, AllowedValues: [a, b, c]}}");
        }
        text.push_str("Mappings: {Sizes: {a: {Size: 1}, b: {Size: 2}}}\nConditions:\n");
        for (at, condition) in [c0, c1, c2, c3].iter().enumerate() {
            let _ = writeln!(text, "  C{at}: {condition}");
        }
        text.push_str("Rules:\n  Always: {Assertions: [{Assert: !Equals [x, x]}]}\n");
        for (at, (other, name, value)) in rules.iter().enumerate() {
            let _ = writeln!(
                text,
                "  Rule{at}: {{RuleCondition: !Equals [!Ref P{}, b], Assertions: [{{Assert: !Equals [!Ref P{name}, {}]}}]}}",
                other % PARAMETERS,
                VALUES[*value]
            );
        }
        text.push_str("Resources:\n  Other: {Type: 'AWS::SNS::Topic'}\n");
        for (at, (condition, value)) in resources.iter().enumerate() {
            let condition = condition.map(|at| format!("Condition: C{at}, ")).unwrap_or_default();
            let _ = writeln!(text, "  R{at}: {{Type: 'AWS::SNS::Topic', {condition}Properties: {{TopicName: {value}}}}}");
        }
        text
    })
}

/// The resources that some combination which the rules admit cannot evaluate.
fn by_brute_force(text: &str) -> BTreeSet<String> {
    let library = BTreeMap::from([("t.yaml".to_owned(), text.to_owned())]);
    let tree = StackTree::open(&library, "t.yaml").expect("a valid template");
    let mut broken = BTreeSet::new();
    for number in 0..VALUES.len().pow(PARAMETERS as u32) {
        let mut given = Given::new("us-east-1");
        for at in 0..PARAMETERS {
            given = given.with(&format!("P{at}"), VALUES[number / VALUES.len().pow(at as u32) % VALUES.len()]);
        }
        let evaluator = Evaluator::new(&tree, &given);
        if !matches!(evaluator.violation(StackId::ROOT), Ok(None)) {
            continue;
        }
        for resource in &tree.root().program.template.resources {
            let name = &resource.logical_id;
            let exists = evaluator.exists(StackId::ROOT, name).expect("conditions can be evaluated");
            if exists && evaluator.properties(StackId::ROOT, name).is_err() {
                broken.insert(name.clone());
            }
        }
    }
    broken
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_cases_that_matter_find_what_all_cases_find(text in template()) {
        let proof = proof_of(&[("t.yaml", &text)], checks::EVALUATION_ID);
        let found: BTreeSet<String> = proof.findings.iter().map(|finding| finding.path.clone()).collect();
        prop_assert_eq!(found, by_brute_force(&text), "{}", text);
    }

    /// The smallest case shows its fault by itself: everything else at its default.
    #[test]
    fn the_smallest_case_is_one_that_the_rules_admit(text in template()) {
        let library = BTreeMap::from([("t.yaml".to_owned(), text.clone())]);
        let tree = StackTree::open(&library, "t.yaml").expect("a valid template");
        for finding in proof_of(&[("t.yaml", &text)], checks::EVALUATION_ID).findings {
            let given = finding.case.iter().fold(Given::new("us-east-1"), |given, choice| match (&choice.subject, choice.value()) {
                (super::Subject::Parameter(name), Some(value)) => given.with(name, value),
                _ => given,
            });
            let evaluator = Evaluator::new(&tree, &given);
            prop_assert!(evaluator.properties(StackId::ROOT, &finding.path).is_err(), "{}\n{}", finding.path, text);
        }
    }
}
