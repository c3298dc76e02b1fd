//! Policies that give too much, and the same ones put right.

use crate::prove::tests::findings;

fn policy(statement: &str) -> String {
    format!(
        "Resources: {{P: {{Type: 'AWS::IAM::ManagedPolicy', Properties: {{PolicyDocument: {{Statement: [{{Effect: Allow, {statement}}}]}}}}}}}}"
    )
}

fn trust(statement: &str) -> String {
    format!(
        "Resources: {{R: {{Type: 'AWS::IAM::Role', Properties: {{AssumeRolePolicyDocument: {{Statement: {{Effect: Allow, Action: 'sts:AssumeRole', {statement}}}}}}}}}}}"
    )
}

fn found(text: &str, id: &str) -> Vec<String> {
    findings(&[("t.yaml", text)], id)
}

#[test]
fn actions_with_wildcards_are_found() {
    assert_eq!(
        found(&policy("Action: ['*', 's3:GetObject'], Resource: 'arn:a'"), "P601"),
        ["P: it allows every action of every service []"]
    );
    assert_eq!(found(&policy("Action: 's3:*', Resource: 'arn:a'"), "P601"), ["P: it allows every action of s3 []"]);
    assert!(found(&policy("Action: 's3:Get*', Resource: 'arn:a'"), "P601")[0].contains("`s3:Get*`"));
    assert!(
        found(&policy("NotAction: 'iam:PassRole', Resource: 'arn:a'"), "P601")[0]
            .contains("everything but iam:PassRole")
    );
    assert!(found(&policy("Action: 's3:GetObject', Resource: 'arn:a'"), "P601").is_empty());
}

#[test]
fn every_resource_is_right_only_for_actions_that_know_none() {
    let both = policy("Action: ['ecr:GetAuthorizationToken', 'ecr:BatchGetImage'], Resource: '*'");
    assert_eq!(found(&both, "P602"), ["P: it allows ecr:BatchGetImage on every resource []"]);
    assert!(found(&policy("Action: 'ecr:GetAuthorizationToken', Resource: '*'"), "P602").is_empty());
    let narrowed = "Action: 'ecs:UpdateService', Resource: '*', Condition: {ArnEquals: {'ecs:cluster': 'arn:a'}}";
    assert!(found(&policy(narrowed), "P602").is_empty());
}

#[test]
fn roles_that_may_all_be_passed_are_found_also_behind_a_wildcard_and_in_json() {
    assert_eq!(found(&policy("Action: 'iam:Pass*', Resource: '*'"), "P603"), ["P: it lets every role be passed []"]);
    assert!(
        found(&policy("Action: 'iam:PassRole', Resource: 'arn:aws:iam::111122223333:role/one'"), "P603").is_empty()
    );
    let json = r#"
Resources:
  P:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: !Sub '{"Statement": {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"}}'
"#;
    assert_eq!(found(json, "P603").len(), 1);
}

#[test]
fn services_that_act_for_anybody_are_found() {
    let expected = ["R: ecs-tasks.amazonaws.com is let in for any of its customers []"];
    assert_eq!(found(&trust("Principal: {Service: ecs-tasks.amazonaws.com}"), "P604"), expected);
    let guarded = "Principal: {Service: ecs-tasks.amazonaws.com}, Condition: {StringEquals: {'aws:SourceAccount': !Ref AWS::AccountId}}";
    assert!(found(&trust(guarded), "P604").is_empty());
    assert!(found(&trust("Principal: {Service: ec2.amazonaws.com}"), "P604").is_empty(), "it does not send the keys");
    let permission = "Resources: {L: {Type: 'AWS::Lambda::Permission', Properties: {Action: 'lambda:InvokeFunction', Principal: events.amazonaws.com}}}";
    assert_eq!(found(permission, "P604").len(), 1);
    assert!(found(&permission.replace("Action:", "SourceArn: 'arn:a', Action:"), "P604").is_empty());
}

#[test]
fn everybody_is_let_in_only_under_a_condition() {
    let bucket = "Resources: {B: {Type: 'AWS::S3::BucketPolicy', Properties: {PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: 'arn:a'}]}}}}";
    assert_eq!(found(bucket, "P605"), ["B: everybody may s3:GetObject []"]);
    assert!(found(&bucket.replace("Effect: Allow", "Effect: Deny"), "P605").is_empty());
    let narrowed = bucket.replace("Principal:", "Condition: {IpAddress: {'aws:SourceIp': 203.0.113.0/24}}, Principal:");
    assert!(found(&narrowed, "P605").is_empty());
    assert_eq!(found(&trust("Principal: {AWS: '*'}"), "P605").len(), 1);
}

#[test]
fn other_accounts_need_an_external_id_and_this_one_does_not() {
    let foreign = "Principal: {AWS: 'arn:aws:iam::444455556666:root'}";
    assert!(found(&trust(foreign), "P606")[0].contains("the account 444455556666 may assume it"));
    assert!(
        found(&trust(&format!("{foreign}, Condition: {{StringEquals: {{'sts:ExternalId': x}}}}")), "P606").is_empty()
    );
    let own = "Principal: {AWS: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root'}";
    assert!(found(&trust(own), "P606").is_empty());
}

#[test]
fn named_roles_are_found() {
    let text = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {RoleName: admin}}}";
    assert!(found(text, "P607")[0].contains("`RoleName` names it"));
    assert!(found(&text.replace("RoleName: admin", "Path: /"), "P607").is_empty());
}

#[test]
fn a_resource_that_allows_its_whole_service_is_found() {
    let domain = |action: &str, effect: &str| {
        let text = format!(
            "Resources: {{D: {{Type: 'AWS::OpenSearchService::Domain', Properties: {{AccessPolicies: {{Statement: [{{Effect: {effect}, \
             Principal: {{AWS: '111122223333'}}, Action: '{action}', Resource: '*'}}]}}}}}}}}"
        );
        crate::prove::tests::findings(&[("t.yaml", &text)], "P608").len()
    };
    assert_eq!((domain("es:*", "Allow"), domain("es:*", "Deny"), domain("es:ESHttp*", "Allow")), (1, 0, 0));
}
