//! Proofs of small sets of templates.

use super::*;
use crate::eval::StackTree;
use std::collections::BTreeMap;

pub(super) fn proof(files: &[(&str, &str)], options: &Options) -> Proof {
    let library: BTreeMap<String, String> =
        files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    let tree = StackTree::open(&library, files[0].0).expect("valid templates");
    prove(&tree, &checks::ALL.iter().collect::<Vec<_>>(), options)
}

/// A proof by one check, in whichever parts it has.
pub(super) fn proof_of(files: &[(&str, &str)], id: &str) -> Proof {
    let library: BTreeMap<String, String> =
        files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    let tree = StackTree::open(&library, files[0].0).expect("valid templates");
    let checks: Vec<&Check> = checks::ALL.iter().filter(|check| check.id == id).collect();
    assert!(!checks.is_empty(), "there is no check {id}");
    prove(&tree, &checks, &Options::default())
}

/// What one check finds: path, message, and the smallest case in brackets.
pub(super) fn findings(files: &[(&str, &str)], id: &str) -> Vec<String> {
    let proof = proof_of(files, id);
    let found = proof.findings.iter();
    found
        .map(|finding| {
            let case: Vec<String> = finding.case.iter().map(ToString::to_string).collect();
            format!("{}: {} [{}]", finding.path, finding.problem.message, case.join(", "))
        })
        .collect()
}

#[test]
fn a_zone_that_a_region_lacks_is_found_in_that_region_alone() {
    let text = "Resources: {S: {Type: 'AWS::EC2::Subnet', Properties: {AvailabilityZone: !Select [2, !GetAZs '']}}}";
    assert_eq!(
        findings(&[("t.yaml", text)], "P001"),
        ["S: `Fn::Select` takes item 2 of a list of 2 [region us-west-1]"]
    );
}

#[test]
fn an_output_of_a_stack_that_is_not_there_is_found_in_the_case_that_lacks_it() {
    let parent = "
Parameters: {Kind: {Type: String, Default: a, AllowedValues: [a, b]}, Other: {Type: String, Default: x, AllowedValues: [x, y]}}
Conditions: {A: !Equals [!Ref Kind, a]}
Resources:
  Child: {Type: 'AWS::CloudFormation::Stack', Condition: A, Properties: {TemplateURL: c.yaml}}
  Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: !GetAtt Child.Outputs.Name, TopicName: !Ref Other}}
";
    let child = "Resources: {T: {Type: 'AWS::SNS::Topic'}}\nOutputs: {Name: {Value: x}}";
    let expected = "Topic: the output `Name` is taken of `Child`, which does not exist in this case [Kind=b]";
    assert_eq!(findings(&[("p.yaml", parent), ("c.yaml", child)], "P001"), [expected]);
}

#[test]
fn values_that_a_nested_stack_refuses_are_found() {
    let parent = "
Parameters: {Count: {Type: Number, Default: 1, AllowedValues: [1, 2, 3]}}
Resources:
  Child: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: c.yaml, Parameters: {Count: !Ref Count}}}
";
    let child = "
Parameters: {Count: {Type: Number, MaxValue: 2}, Name: {Type: String}}
Resources: {T: {Type: 'AWS::SNS::Topic'}}
";
    let expected = [
        "Child: the parameter `Count` of c.yaml is given `3`, which is more than 2 [Count=3]",
        "Child: the parameter `Name` of c.yaml is given no value, and has no default []",
    ];
    assert_eq!(findings(&[("p.yaml", parent), ("c.yaml", child)], "P002"), expected);
}

#[test]
fn cases_are_those_that_matter_and_not_their_product() {
    let mut text = String::from("Parameters:\n");
    for at in 0..40 {
        text.push_str(&format!("  P{at}: {{Type: String, Default: a, AllowedValues: [a, b]}}\n"));
    }
    text.push_str("Resources:\n");
    for at in 0..40 {
        text.push_str(&format!("  R{at}: {{Type: 'AWS::SNS::Topic', Properties: {{TopicName: !Ref P{at}}}}}\n"));
    }
    let proof = proof(&[("t.yaml", &text)], &Options::default());
    assert_eq!(proof.worst(), Some(Severity::Info), "topics without a key are mentioned");
    assert!(proof.combinations > 1e13 && proof.cases < 500, "{} for {}", proof.cases, proof.combinations);
}
