//! Whole templates merged, as a user would write them.

use super::*;
use crate::eval::{Evaluator, Folder, Given, ResolvedStack, Stack, StackTree, resolve};
use crate::render::document;
use crate::template::{to_json, to_yaml};
use std::collections::BTreeMap;
use std::path::Path;

fn library(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect()
}

fn flat(files: &[(&str, &str)]) -> Result<Flat> {
    flatten(&StackTree::open(&library(files), files[0].0).expect("valid templates"))
}

fn at<'a>(flat: &'a Flat, path: &[&str]) -> Option<&'a Node> {
    path.iter().try_fold(&flat.root, |node, key| node.get(key))
}

/// On one line, as short as can be.
fn words(node: &Node) -> String {
    to_yaml(node).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What an expression of a nested template becomes, whose parameter `P` is passed `passed`.
fn value(kind: &str, passed: &str, expression: &str) -> std::result::Result<String, String> {
    let parent = format!(
        "
Parameters:
  Name: {{Type: String, Default: shop}}
  Names: {{Type: CommaDelimitedList, Default: 'a,b'}}
Conditions: {{Two: !Equals [!Ref Name, two], Three: !Equals [!Ref Name, three]}}
Resources:
  Topic: {{Type: 'AWS::SNS::Topic'}}
  Nested: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: ./child.yaml, Parameters: {{{passed}}}}}}}
Outputs: {{Out: {{Value: !GetAtt Nested.Outputs.Out}}}}
"
    );
    let child = format!(
        "
Parameters: {{P: {{Type: {kind}, Default: '1'}}}}
Mappings: {{Size: {{shop: {{Cpu: 256}}}}}}
Conditions: {{Is: !Equals [!Ref P, x], Empty: !Equals [!Ref P, '']}}
Resources: {{Queue: {{Type: 'AWS::SQS::Queue'}}}}
Outputs: {{Out: {{Value: {expression}}}}}
"
    );
    let flat = flat(&[("p.yaml", &parent), ("child.yaml", &child)]).map_err(|error| error.to_string())?;
    Ok(words(at(&flat, &["Outputs", "Out", "Value"]).expect("an output")))
}

#[test]
fn expressions_are_said_in_the_terms_of_the_outermost_template() {
    for (kind, passed, expression, expected) in [
        ("String", "P: !Ref Name", "!Ref P", "!Ref Name"),
        ("String", "P: !Ref Name", "!Ref Queue", "!Ref NestedQueue"),
        ("String", "P: !Ref Name", "!GetAtt Queue.Arn", "!GetAtt NestedQueue.Arn"),
        ("String", "P: !Ref Name", "!Sub '${P}-${Queue.Arn}-${!P}'", "!Sub ${Name}-${NestedQueue.Arn}-${!P}"),
        ("String", "P: !Sub '${Name}!'", "!Sub 'a-${P}'", "!Sub a-${Name}!"),
        ("String", "P: 10.5", "!Sub 'a-${P}'", "a-10.5"),
        ("String", "P: 10.5", "!Ref P", "'10.5'"),
        ("String", "P: true", "!Ref P", "'true'"),
        ("Number", "P: 3", "!Ref P", "3"),
        ("Number", "", "!Ref P", "1"),
        ("String", "P: !Ref AWS::NoValue", "!Ref P", "'1'"),
        ("String", "P: !If [Two, !Ref Name, !Ref AWS::NoValue]", "!Ref P", "!If [Two, !Ref Name, '1']"),
        ("String", "P: !GetAtt Topic.TopicName", "!Sub '${P}/x'", "!Sub ${Topic.TopicName}/x"),
        ("String", "P: !Join ['/', !Ref Names]", "!Sub 'x${P}'", "!Sub - x${P} - P: !Join [/, !Ref Names]"),
        ("CommaDelimitedList", "P: !Join [',', !Ref Names]", "!Ref P", "!Ref Names"),
        ("CommaDelimitedList", "P: !Join [',', !Ref Names]", "!Join ['-', !Ref P]", "!Join ['-', !Ref Names]"),
        ("CommaDelimitedList", "P: !Ref Name", "!Select [1, !Ref P]", "!Select [1, !Split [',', !Ref Name]]"),
        ("CommaDelimitedList", "P: !Ref Name", "!Join [',', !Ref P]", "!Ref Name"),
        ("CommaDelimitedList", "P: 'a, b'", "!Select [1, !Ref P]", "b"),
        (
            "CommaDelimitedList",
            "P: !Join [',', [!Ref Topic, !If [Two, !GetAtt Topic.TopicName, !Ref AWS::NoValue]]]",
            "!Select [0, !Ref P]",
            "!Ref Topic",
        ),
        ("String", "P: x", "!If [Is, one, other]", "one"),
        ("String", "P: !Ref Topic", "!If [Empty, one, other]", "other"),
        (
            "String",
            "P: !If [Two, !GetAtt Topic.TopicName, '']",
            "!If [Empty, one, other]",
            "!If [NestedEmpty, one, other]",
        ),
        ("String", "P: !Join [',', [!Ref Name, !Ref Topic]]", "!If [Empty, one, other]", "other"),
        ("String", "P: !Ref Name", "!If [Is, one, other]", "!If [NestedIs, one, other]"),
        ("String", "P: !If [Two, x, y]", "!If [Is, one, other]", "!If [Two, one, other]"),
        // Where `Two` holds, the name is `two`, and no other.
        ("String", "P: !If [Two, !If [Three, a, b], c]", "!Ref P", "!If [Two, b, c]"),
        ("String", "P: !Ref Name", "!FindInMap [Size, !Ref P, Cpu]", "!FindInMap [NestedSize, !Ref Name, Cpu]"),
        (
            "String",
            "P: !If [Two, shop, !Ref Name]",
            "!FindInMap [Size, !Ref P, Cpu]",
            "!If [Two, !FindInMap [NestedSize, shop, Cpu], !FindInMap [NestedSize, !Ref Name, Cpu]]",
        ),
        ("String", "P: a", "!Ref AWS::StackName", "!Sub ${AWS::StackName}-Nested"),
        ("String", "P: a", "!Ref AWS::Region", "!Ref AWS::Region"),
        ("'AWS::SSM::Parameter::Value<String>'", "P: /a/b", "!Ref P", "'{{resolve:ssm:/a/b}}'"),
    ] {
        assert_eq!(value(kind, passed, expression).as_deref(), Ok(expected), "{kind} {passed} {expression}");
    }
}

#[test]
fn what_cannot_be_merged_says_where_and_why() {
    for (kind, passed, expression, expected) in [
        ("String", "Q: 1", "a", "`child.yaml` has no parameter `Q`"),
        ("String", "P: !GetAtt Topic.TopicName", "!If [Is, a, b]", "depends on what only a resource"),
        ("String", "P: !Ref Topic", "!FindInMap [Size, !Ref P, Cpu]", "does not take there"),
        ("Number", "P: few", "!Ref P", "parameter `P`: `few` is not a number"),
        ("String", "'Fn::If': [Two, {}, {}]", "!Ref P", "must be written one by one"),
        ("'AWS::SSM::Parameter::Value<String>'", "P: !Ref Name", "!Ref P", "the name must be a literal"),
        ("String", "P: a", "!Transform {Name: Macro}", "`Fn::Transform` runs in AWS alone"),
        ("String", "P: a", "!Ref Nobody", "there is no parameter and no resource `Nobody`"),
    ] {
        let error = value(kind, passed, expression).expect_err(expression);
        assert!(error.contains(expected) && error.contains(".yaml:"), "{error}");
    }
    let missing = "Resources: {A: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: ./b.yaml}}}";
    let error = flat(&[("a.yaml", missing)]).expect_err("a missing template");
    assert!(error.to_string().contains("the template of the nested stack `A` in `a.yaml` is not there"), "{error}");
    let transform = "Transform: AWS::Serverless-2016-10-31\nResources: {A: {Type: 'AWS::SNS::Topic'}}";
    let error = flat(&[("a.yaml", transform)]).expect_err("a transform");
    assert!(error.to_string().contains("`AWS::Serverless-2016-10-31` runs in AWS alone"), "{error}");
}

const CONDITIONAL: &str = "
Parameters:
  Kind: {Type: String}
  Bucket: {Type: String}
Rules:
  Own: {Assertions: [{Assert: !Not [!Equals [!Ref Kind, bad]]}]}
Conditions: {Enabled: !Equals [!Ref Kind, on]}
Resources:
  First: {Type: 'AWS::SNS::Topic'}
  Nested:
    Type: AWS::CloudFormation::Stack
    Condition: Enabled
    DependsOn: First
    DeletionPolicy: Retain
    Properties:
      TemplateURL: !Sub https://${Bucket}/child.yaml
      Parameters: {Kind: !Ref Kind, Size: big}
  Last:
    Type: AWS::SNS::Topic
    Condition: Enabled
    Properties: {DisplayName: !GetAtt Nested.Outputs.Url}
";
const CHILD: &str = "
Parameters:
  Kind: {Type: String, AllowedValues: [on, off, bad], ConstraintDescription: on or off.}
  Size: {Type: String, AllowedValues: [big, small]}
Rules:
  Own: {Assertions: [{Assert: !Not [!Equals [!Ref Kind, bad]]}]}
  Other: {Assertions: [{Assert: !Not [!Equals [!Ref Kind, off]]}]}
Conditions:
  Enabled: !Equals [!Ref Kind, on]
  Big: !Equals [!Ref Size, big]
  Small: !Not [!Condition Big]
  Extra: !Equals [!Ref AWS::Region, eu-west-1]
Resources:
  Queue: {Type: 'AWS::SQS::Queue', Condition: Big, DeletionPolicy: Delete}
  Policy: {Type: 'AWS::SQS::QueuePolicy', Properties: {Queues: [!Ref Queue]}}
  Never: {Type: 'AWS::SQS::Queue', Condition: Small}
  Sometimes: {Type: 'AWS::SQS::Queue', Condition: Extra}
Outputs:
  Url: {Value: !Ref Queue, Export: {Name: !Sub '${AWS::StackName}-url'}}
";

#[test]
fn conditions_policies_order_rules_and_exports_of_a_nested_stack_hold_for_what_was_in_it() {
    let flat = flat(&[("p.yaml", CONDITIONAL), ("child.yaml", CHILD)]).expect("merged");
    let names: Vec<_> =
        flat.root.get("Resources").expect("resources").entries().iter().map(|(key, _)| key.text()).collect();
    assert_eq!(names, ["First", "NestedQueue", "NestedPolicy", "NestedSometimes", "Last"].map(Some));
    for (path, expected) in [
        (["Resources", "NestedQueue", "Condition"], "Enabled"),
        (["Resources", "NestedQueue", "DeletionPolicy"], "Retain"),
        (["Resources", "NestedQueue", "DependsOn"], "First"),
        (["Resources", "NestedSometimes", "Condition"], "EnabledAndNestedExtra"),
        (["Conditions", "EnabledAndNestedExtra", "Fn::And"], "[!Condition Enabled, !Condition NestedExtra]"),
        // The policy comes last in its stack; the queue that may not be there is waited for by its condition.
        (["Resources", "Last", "DependsOn"], "NestedPolicy"),
        (
            ["Resources", "Last", "Metadata"],
            "WaitsFor: [!If [EnabledAndNestedExtra, !Ref NestedSometimes, !Ref AWS::NoValue]]",
        ),
        (["Rules", "NestedOther", "RuleCondition"], "!Equals [!Ref Kind, on]"),
        (["Outputs", "NestedUrl", "Condition"], "Enabled"),
        (["Outputs", "NestedUrl", "Export"], "Name: !Sub ${AWS::StackName}-Nested-url"),
    ] {
        assert_eq!(at(&flat, &path).map(words).as_deref(), Some(expected), "{path:?}");
    }
    for gone in [["Rules", "NestedOwn"], ["Parameters", "Bucket"], ["Conditions", "NestedEnabled"]] {
        assert!(at(&flat, &gone).is_none(), "{gone:?}");
    }
    // The nested stack is not always made: its constraints do not hold always either.
    assert!(at(&flat, &["Parameters", "Kind", "AllowedValues"]).is_none());
    assert!(flat.notes.iter().any(|note| note.contains("`Bucket`")), "{:?}", flat.notes);
}

#[test]
fn a_parameter_that_is_always_passed_on_takes_over_the_constraints() {
    let always = CONDITIONAL.replace("    Condition: Enabled\n    DependsOn", "    DependsOn");
    let flat = flat(&[("p.yaml", &always), ("child.yaml", CHILD)]).expect("merged");
    assert_eq!(at(&flat, &["Parameters", "Kind", "AllowedValues"]).map(words).as_deref(), Some("[on, off, bad]"));
}

#[test]
fn names_that_only_the_stack_told_apart_are_refused() {
    let child = "
Resources:
  Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Select [2, !Split ['/', !Ref AWS::StackId]]}}
";
    let nested = "{Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: ./c.yaml}}";
    let twice = format!("Resources:\n  A: {nested}\n  B: {nested}\n");
    let error = flat(&[("p.yaml", &twice), ("c.yaml", child)]).expect_err("the same name");
    assert!(error.to_string().contains("`AQueue` and `BQueue` have the same `QueueName`"), "{error}");
    assert!(flat(&[("p.yaml", &twice), ("c.yaml", &child.replace("StackId", "StackName"))]).is_ok());
    // Where no case makes both, nothing is wrong.
    let with = |condition: &str| nested.replace("Properties", &format!("Condition: {condition}, Properties"));
    let either = format!(
        "Parameters: {{Kind: {{Type: String}}}}
Conditions: {{One: !Equals [!Ref Kind, one], Two: !Equals [!Ref Kind, two]}}
Resources:\n  A: {}\n  B: {}\n",
        with("One"),
        with("Two")
    );
    assert!(flat(&[("p.yaml", &either), ("c.yaml", child)]).expect("merged").notes.is_empty());
    assert!(flat(&[("p.yaml", &format!("Resources:\n  A: {nested}\n")), ("c.yaml", child)]).is_ok());
}

#[test]
fn limits_are_told_by_name() {
    let topics: String =
        (0..=DEFAULT_RESOURCES_MAX).map(|at| format!("  T{at}: {{Type: 'AWS::SNS::Topic'}}\n")).collect();
    let error = flat(&[("t.yaml", &format!("Resources:\n{topics}"))]).expect_err("too many");
    assert_eq!(error.to_string(), "merged into one, `t.yaml` has 501 resources, CloudFormation takes 500");
    let flat = flat(&[("t.yaml", "Resources: {A: {Type: 'AWS::SNS::Topic'}}")]).expect("merged");
    assert_eq!(flat.check_size(DEFAULT_INLINE_BYTES_MAX).expect("fits"), None);
    assert!(flat.check_size(DEFAULT_INLINE_BYTES_MAX + 1).expect("fits").is_some());
    assert!(flat.check_size(DEFAULT_TEMPLATE_BYTES_MAX + 1).is_err());
}

/// Resources and outputs of a case, by the names that they have in a flat template.
fn case(tree: &StackTree, stack: &ResolvedStack, into: &mut BTreeMap<String, String>) {
    let written = document(tree, stack);
    for resource in &stack.resources {
        let node = written.get("Resources").and_then(|all| all.get(&resource.logical_id)).expect("it is written");
        if resource.kind != crate::template::NESTED_STACK {
            let body: Vec<String> =
                ["Type", "Properties"].iter().filter_map(|key| node.get(key)).map(to_json).collect();
            into.insert(stack.path.concat() + &resource.logical_id, without_slashes(&body.join("\n")));
        }
    }
    if stack.path.is_empty() {
        into.insert("Outputs".to_owned(), without_slashes(&written.get("Outputs").map(to_json).unwrap_or_default()));
    }
    stack.children.iter().for_each(|child| case(tree, child, into));
}

/// `${Network/VPC}` → `${NetworkVPC}`; the ids of all stacks become the one that there is.
fn without_slashes(text: &str) -> String {
    let parts = text.split("${").enumerate().map(|(at, part)| match part.split_once('}').filter(|_| at > 0) {
        Some((name, rest)) if name.ends_with("AWS::StackId/uuid") => format!("${{StackId}}{rest}"),
        Some((name, rest)) => format!("${{{}}}{rest}", name.replace('/', "")),
        None => part.to_owned(),
    });
    parts.collect()
}

#[test]
fn our_templates_come_to_the_same_flat_as_nested() {
    let folder = Folder::open(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates"))).expect("our templates");
    for entry in ["jaeger-new-vpc.yaml", "jaeger-existing-vpc.yaml"] {
        let nested = StackTree::open(&folder, entry).expect("valid templates");
        let merged = flatten(&nested).map_err(|error| error.full()).expect("merged");
        let text = to_yaml(&merged.root);
        assert_eq!(text, to_yaml(&flatten(&nested).expect("merged").root), "the same bytes every time");
        let flat = StackTree::open(&library(&[("flat.yaml", &text)]), "flat.yaml").expect("a valid template");
        assert_eq!(flat.stacks().len(), 1);
        let base = Given::new("eu-west-1").with("VPCID", "vpc-1").with("VPCCIDR", "10.1.0.0/16");
        for given in cases(&nested, &base) {
            let (mut one, mut other) = (BTreeMap::new(), BTreeMap::new());
            case(&nested, &resolve(&nested, &given).expect("no fault"), &mut one);
            case(&flat, &resolve(&flat, &given).expect("no fault"), &mut other);
            assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{given:?}");
            for (name, body) in &one {
                assert_eq!(body, &other[name], "{name} for {given:?}");
            }
        }
    }
}

/// The defaults with either storage, and each allowed value of each parameter on its own, as far as the rules allow it.
fn cases(tree: &StackTree, base: &Given) -> Vec<Given> {
    let base = base.clone().with("PrivateSubnetIDs", "subnet-1,subnet-2,subnet-3");
    let with = |storage: &str| base.clone().with("StorageBackend", storage);
    let mut cases = vec![with("memory"), with("opensearch")];
    for parameter in &tree.root().program.template.parameters {
        for (at, value) in parameter.allowed_values.iter().enumerate() {
            cases.push(with(["memory", "opensearch"][at % 2]).with(&parameter.name, value));
        }
    }
    cases.retain(|given| {
        let evaluator = Evaluator::new(tree, given);
        let is_allowed = |stack: &Stack| {
            !evaluator.stack_exists(stack.id).expect("no fault")
                || evaluator.violation(stack.id).expect("no fault").is_none()
        };
        tree.stacks().iter().all(is_allowed)
    });
    cases
}
