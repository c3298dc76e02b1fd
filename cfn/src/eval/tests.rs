//! Evaluation of whole templates, as a user would write them.

use super::*;
use std::collections::BTreeMap;

fn library(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect()
}

/// The outputs of one template, as text.
fn outputs(text: &str, given: &Given) -> Result<BTreeMap<String, String>, String> {
    let tree = StackTree::open(&library(&[("t.yaml", text)]), "t.yaml").expect("a valid template");
    let resolved = resolve(&tree, given).map_err(|fault| fault.to_string())?;
    Ok(resolved.outputs.into_iter().map(|output| (output.name, output.value.to_string())).collect())
}

/// The value of one expression.
fn value(expression: &str) -> Result<String, String> {
    let text = format!(
        "Parameters:
  Name: {{Type: String, Default: shop}}
  Names: {{Type: CommaDelimitedList, Default: 'a, b,c'}}
  Id: {{Type: 'AWS::EC2::VPC::Id'}}
Mappings: {{Size: {{small: {{Cpu: 256}}}}}}
Conditions: {{Small: !Equals [!Ref Name, shop]}}
Resources: {{Bucket: {{Type: 'AWS::S3::Bucket'}}}}
Outputs: {{Out: {{Value: {expression}}}}}
"
    );
    let mut given = Given::new("eu-west-1");
    given.account = Some("111122223333".to_owned());
    outputs(&text, &given).map(|outputs| outputs["Out"].clone())
}

#[test]
fn every_function_gives_what_cloudformation_documents() {
    for (expression, expected) in [
        ("!Ref Name", "shop"),
        ("!Ref AWS::Partition", "aws"),
        ("!Sub 'arn:${AWS::Partition}:s3:::${Name}-${AWS::AccountId}'", "arn:aws:s3:::shop-111122223333"),
        ("!Sub ['${A}-${!B}', {A: !Ref Name}]", "shop-${B}"),
        ("!Sub '${Bucket.Arn}/x'", "${Bucket.Arn}/x"),
        ("!Join ['-', [a, !Ref Name, !Ref AWS::NoValue, 7]]", "a-shop-7"),
        ("!Join ['+', !Ref Names]", "a+b+c"),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select ['2', !Split ['/', 'x/y/z']]", "z"),
        ("!Select [1, !Split [',', !Join [',', [!Ref Bucket, !GetAtt Bucket.Arn]]]]", "${Bucket.Arn}"),
        ("!FindInMap [Size, small, Cpu]", "256"),
        ("!FindInMap [Size, large, Cpu, {DefaultValue: 512}]", "512"),
        ("!If [Small, one, other]", "one"),
        ("!Select [0, !Cidr [10.1.2.3/16, 6, 8]]", "10.1.0.0/24"),
        ("!Select [5, !Cidr [10.1.0.0/16, 6, 8]]", "10.1.5.0/24"),
        ("!Select [1, !Cidr ['2001:db8::/56', 2, 64]]", "2001:db8:0:1::/64"),
        ("!Select [2, !GetAZs '']", "eu-west-1c"),
        ("!Base64 jqs", "anFz"),
        ("{'Fn::Length': !Ref Names}", "3"),
        ("{'Fn::ToJsonString': {A: 1, B: [x]}}", r#"{"A":1,"B":["x"]}"#),
        ("!ImportValue shared-vpc", "${Fn::ImportValue shared-vpc}"),
        ("!Ref Id", "${Id}"),
        ("'{{resolve:ssm:/a/b}}'", "{{resolve:ssm:/a/b}}"),
        ("!Select [2, !Split ['/', !Ref AWS::StackId]]", "${AWS::StackId/uuid}"),
        ("!Ref AWS::StackName", "jaeger"),
        ("!Transform {Name: Macro}", "${Fn::Transform}"),
    ] {
        assert_eq!(value(expression).as_deref(), Ok(expected), "{expression}");
    }
}

#[test]
fn what_cannot_be_evaluated_says_where_and_why() {
    for (expression, expected) in [
        ("!Ref Nobody", "t.yaml:8:24: there is no parameter and no resource `Nobody`"),
        ("!Select [3, !Ref Names]", "t.yaml:8:24: `Fn::Select` takes item 3 of a list of 3"),
        ("!FindInMap [Size, large, Cpu]", "t.yaml:8:24: the mapping `Size` has no key `large`"),
        ("!If [Large, a, b]", "t.yaml:8:24: there is no condition `Large`"),
        ("!Sub '${Open'", "t.yaml:8:24: `Fn::Sub` has a `${` without `}`: `${Open`"),
        ("!Cidr [10.0.0.0/24, 4, 8]", "t.yaml:8:24: `Fn::Cidr` cannot make 4 subnets of 8 bits in `10.0.0.0/24`"),
        ("!GetAtt Nobody.Arn", "t.yaml:8:24: there is no resource `Nobody`"),
        ("!Sub '${Names}'", "t.yaml:8:24: `${Names}` is not a text"),
    ] {
        let fault = value(expression).expect_err(expression);
        // The column depends on how the parser places a tagged node; the line and the words do not.
        let words = |text: &str| {
            text.splitn(4, ':')
                .enumerate()
                .filter(|(at, _)| *at != 2)
                .map(|(_, part)| part.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&fault), words(expected), "{expression}: {fault}");
    }
}

const PARENT: &str = "
Parameters: {Kind: {Type: String, Default: one}}
Conditions: {Two: !Equals [!Ref Kind, two]}
Resources:
  Network:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ./child.yaml, Parameters: {Count: !If [Two, 2, 1], Name: !Ref AWS::StackName}}
Outputs:
  Ids: {Value: !GetAtt Network.Outputs.Ids}
  Second: {Condition: Two, Value: !GetAtt Network.Outputs.Second}
";
const CHILD: &str = "
Parameters: {Count: {Type: Number}, Name: {Type: String}}
Conditions: {Both: !Equals [!Ref Count, 2]}
Resources:
  A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Name}}
  B: {Type: AWS::EC2::Subnet, Condition: Both, Properties: {VpcId: !Ref AWS::StackName}}
Outputs:
  Ids: {Value: !Join [',', [!Ref A, !If [Both, !Ref B, !Ref AWS::NoValue]]]}
  Second: {Condition: Both, Value: !Ref B}
";

#[test]
fn values_flow_into_nested_stacks_and_back() {
    let tree = StackTree::open(&library(&[("p.yaml", PARENT), ("child.yaml", CHILD)]), "p.yaml").expect("valid");
    let one = resolve(&tree, &Given::new("eu-west-1")).expect("no fault");
    assert_eq!(one.outputs[0].value.to_string(), "${A}");
    assert_eq!((one.outputs.len(), one.children[0].resources.len()), (1, 1));
    let two = resolve(&tree, &Given::new("eu-west-1").with("Kind", "two")).expect("no fault");
    assert_eq!(two.outputs[0].value.to_string(), "${A},${B}");
    let second = &two.children[0].resources[1];
    assert_eq!(
        second.properties.at(&["VpcId"]).map(ToString::to_string).as_deref(),
        Some("jaeger-Network-${AWS::StackName/suffix}")
    );
    assert_eq!(
        two.outputs[1].value.resource().map(|address| tree.path(address.stack, &address.logical_id)).as_deref(),
        Some("Network/B")
    );
}

#[test]
fn circles_end_with_a_fault() {
    let entry = "Conditions: {Always: !Equals [a, a]}
Resources:
  T:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ./child.yaml, Parameters: {A: !If [Always, !GetAtt T.Outputs.O, b]}}
Outputs: {O: {Value: !GetAtt T.Outputs.O}}";
    let child = "Parameters: {A: {Type: String}}
Resources: {R: {Type: T}}
Outputs: {O: {Value: !Ref A}}";
    let tree = StackTree::open(&library(&[("t.yaml", entry), ("child.yaml", child)]), "t.yaml").expect("templates");
    let fault = resolve(&tree, &Given::new("eu-west-1")).expect_err("a circle").to_string();
    assert!(fault.ends_with("this depends on itself"), "{fault}");
}

#[test]
fn rules_refuse_what_they_say() {
    let text = "Parameters: {Cpu: {Type: String, Default: '256'}, Memory: {Type: String, Default: '512'}}
Rules:
  Size:
    RuleCondition: !Equals [!Ref Cpu, '256']
    Assertions: [{Assert: {'Fn::Contains': [['512', '1024'], !Ref Memory]}, AssertDescription: too much}]
Resources: {T: {Type: T}}";
    let tree = StackTree::open(&library(&[("t.yaml", text)]), "t.yaml").expect("valid");
    let violation = |given: &Given| Evaluator::new(&tree, given).violation(StackId::ROOT).expect("no fault");
    assert_eq!(violation(&Given::new("eu-west-1")), None);
    let refused = violation(&Given::new("eu-west-1").with("Memory", "4096")).expect("a violation");
    assert_eq!(refused.description.as_deref(), Some("too much"));
    assert_eq!(violation(&Given::new("eu-west-1").with("Memory", "4096").with("Cpu", "512")), None);
}
