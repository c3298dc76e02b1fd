//! Stacks that forget, scale, roll back and share as they should, and those that do not.

use crate::prove::tests::findings;

fn found(text: &str, id: &str) -> Vec<String> {
    findings(&[("t.yaml", text)], id)
}

#[test]
fn logs_and_data_without_a_word_on_their_end_are_found() {
    assert_eq!(found("Resources: {L: {Type: 'AWS::Logs::LogGroup'}}", "P801"), ["L: it keeps its lines for ever []"]);
    let bucket = "Resources: {B: {Type: 'AWS::S3::Bucket', DeletionPolicy: Retain}}";
    assert_eq!(found(bucket, "P802"), ["B: it stores data and does not state UpdateReplacePolicy []"]);
    let stated = bucket.replace("Retain}", "Retain, UpdateReplacePolicy: Retain}");
    assert!(found(&stated, "P802").is_empty());
}

const SCALED: &str = "
Parameters: {Least: {Type: Number, Default: 1, AllowedValues: [1, 2, 3]}, Most: {Type: Number, Default: 2, AllowedValues: [2, 4]}}
Resources:
  Service: {Type: 'AWS::ECS::Service', Properties: {DesiredCount: 1}}
  Scaling:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: {ResourceId: !Sub 'service/c/${Service.Name}', MinCapacity: !Ref Least, MaxCapacity: !Ref Most}
";

#[test]
fn scaling_is_checked_with_every_pair_of_counts() {
    assert_eq!(found(SCALED, "P805"), ["Scaling: at least 3 and at most 2 tasks [Least=3]"]);
    assert_eq!(found(SCALED, "P803"), ["Scaling: Service is scaled, and states `DesiredCount` []"]);
    assert!(found(&SCALED.replace("DesiredCount: 1", ""), "P803").is_empty());
}

#[test]
fn a_deployment_without_a_way_back_is_found() {
    assert_eq!(found(SCALED, "P804"), ["Service: a deployment that fails is not ended []"]);
    let breaker = |options: &str| {
        SCALED.replace(
            "DesiredCount: 1",
            &format!("DeploymentConfiguration: {{DeploymentCircuitBreaker: {{{options}}}}}"),
        )
    };
    assert_eq!(found(&breaker("Enable: true, Rollback: false"), "P804"), ["Service: it is not rolled back []"]);
    assert!(found(&breaker("Enable: true, Rollback: true"), "P804").is_empty());
}

#[test]
fn long_draining_is_mentioned() {
    let text = "Resources: {G: {Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {TargetGroupAttributes: [{Key: deregistration_delay.timeout_seconds, Value: '3600'}]}}}";
    assert!(found(text, "P806")[0].contains("waits 3600 s"));
    assert!(found(&text.replace("3600", "30"), "P806").is_empty());
}

#[test]
fn exports_that_clash_and_imports_within_the_tree_are_found() {
    let parent = "
Resources:
  Child: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: c.yaml}}
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !ImportValue shared}}
Outputs: {Mine: {Value: a, Export: {Name: shared}}}
";
    let child = "Resources: {T: {Type: 'AWS::SNS::Topic'}}\nOutputs: {Yours: {Value: b, Export: {Name: shared}}}";
    let files = [("p.yaml", parent), ("c.yaml", child)];
    assert_eq!(findings(&files, "P807"), ["Child: `Yours` exports `shared`, as `Mine` of p.yaml does []"]);
    assert!(findings(&files, "P808")[0].contains("it imports `shared`, which p.yaml of the same tree exports"));
    let apart = [("p.yaml", parent), ("c.yaml", "Resources: {T: {Type: 'AWS::SNS::Topic'}}")];
    assert!(findings(&apart, "P807").is_empty());
    let elsewhere = parent.replace("!ImportValue shared", "!ImportValue other");
    assert!(findings(&[("p.yaml", &elsewhere), ("c.yaml", child)], "P808").is_empty());
}
