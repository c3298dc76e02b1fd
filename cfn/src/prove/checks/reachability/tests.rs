//! A load balancer, a service and a domain, right in every way, and what is found when one line of them is wrong.

use crate::prove::tests::{findings, proof_of};

const RIGHT: &str = "
Parameters:
  From: {Type: String, Default: 203.0.113.0/24, AllowedPattern: '.*'}
  Certificate: {Type: String, Default: '', AllowedPattern: '^$|^arn.*$'}
Rules:
  Open:
    RuleCondition: !Equals [!Ref From, 0.0.0.0/0]
    Assertions: [{Assert: !Not [!Equals [!Ref Certificate, '']]}]
Conditions: {Tls: !Not [!Equals [!Ref Certificate, '']]}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Public: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Private: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Table: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  Route: {Type: 'AWS::EC2::Route', Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}}
  Association: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !Ref Public, RouteTableId: !Ref Table}}
  BalancerGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: !Ref From}]
      SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 8080, ToPort: 8081, DestinationSecurityGroupId: !GetAtt TaskGroup.GroupId}]
  TaskGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]
  Traffic: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {GroupId: !GetAtt TaskGroup.GroupId, IpProtocol: tcp, FromPort: 8080, ToPort: 8080, SourceSecurityGroupId: !GetAtt BalancerGroup.GroupId}}
  Health: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {GroupId: !Ref TaskGroup, IpProtocol: tcp, FromPort: 8081, ToPort: 8081, SourceSecurityGroupId: !Ref BalancerGroup}}
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Type: network, Scheme: internet-facing, Subnets: [!Ref Public], SecurityGroups: [!Ref BalancerGroup]}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      Port: 443
      Protocol: !If [Tls, TLS, TCP_QUIC]
      DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]
  Group: {Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {VpcId: !Ref Vpc, TargetType: ip, HealthCheckPort: '8081'}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {Name: web, PortMappings: [{ContainerPort: 8080}], Environment: [{Name: STORE, Value: !Sub 'https://${Domain.DomainEndpoint}'}]}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      NetworkConfiguration: {AwsvpcConfiguration: {AssignPublicIp: DISABLED, Subnets: [!Ref Private], SecurityGroups: [!Ref TaskGroup]}}
      LoadBalancers: [{ContainerName: web, ContainerPort: 8080, TargetGroupArn: !Ref Group}]
  DomainGroup:
    Type: AWS::EC2::SecurityGroup
    Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, SourceSecurityGroupId: !Ref TaskGroup}]}
  Domain: {Type: 'AWS::OpenSearchService::Domain', Properties: {VPCOptions: {SecurityGroupIds: [!Ref DomainGroup]}}}
";

/// What is found once `from`, which must be there, has become `to`.
fn found(from: &str, to: &str, id: &str) -> Vec<String> {
    assert!(RIGHT.contains(from), "{from}");
    findings(&[("t.yaml", &RIGHT.replace(from, to))], id)
}

#[test]
fn what_is_right_is_not_found() {
    for id in ["P501", "P503", "P504", "P505", "P506", "P507", "P508", "P509"] {
        let found = findings(&[("t.yaml", RIGHT)], id);
        assert!(found.is_empty(), "{id}: {found:?}");
    }
}

#[test]
fn what_everybody_reaches_is_found_with_its_path_in_the_case_that_opens_it() {
    let proof = proof_of(&[("t.yaml", RIGHT)], "P502");
    let [finding] = &proof.findings[..] else { panic!("one finding") };
    let case: Vec<String> = finding.case.iter().map(ToString::to_string).collect();
    assert_eq!(case.len(), 2, "{case:?}");
    assert!(case.iter().any(|choice| choice == "From=0.0.0.0/0"), "{case:?}");
    let expected = [
        "0.0.0.0/0: everybody on the internet",
        "BalancerGroup: security group, admits port 443",
        "Listener: listener 443 (TLS)",
        "Group: target group",
        "Service: container web port 8080",
    ];
    assert_eq!(finding.problem.steps, expected);
}

#[test]
fn whoever_is_signed_in_or_has_a_certificate_is_known() {
    let signed_in = "DefaultActions: [{Type: authenticate-oidc}, {Type: forward, TargetGroupArn: !Ref Group}]";
    assert!(found("DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]", signed_in, "P502").is_empty());
    assert!(found("      Port: 443", "      Port: 443\n      MutualAuthentication: {Mode: verify}", "P502").is_empty());
}

#[test]
fn clear_text_over_the_internet_is_found() {
    let clear = found("!If [Tls, TLS, TCP_QUIC]", "HTTP", "P501");
    assert!(clear[0].contains("port 8080 of Service is reachable from the internet in clear text"), "{clear:?}");
    let narrow = RIGHT.replace("!If [Tls, TLS, TCP_QUIC]", "HTTP").replace("!Ref From", "198.51.100.0/24");
    assert!(findings(&[("t.yaml", &narrow)], "P501").is_empty(), "a range that somebody chose is deliberate");
}

#[test]
fn what_is_internal_or_cut_off_is_not_open_to_the_internet() {
    for (from, to) in [
        ("Scheme: internet-facing", "Scheme: internal"),
        ("GatewayId: !Ref Gateway", "NatGatewayId: !Ref Nat"),
        ("\n  Gateway:", "
  Acl: {Type: 'AWS::EC2::NetworkAcl', Properties: {VpcId: !Ref Vpc}}
  AclAssociation: {Type: 'AWS::EC2::SubnetNetworkAclAssociation', Properties: {SubnetId: !Ref Public, NetworkAclId: !Ref Acl}}
  Entry: {Type: 'AWS::EC2::NetworkAclEntry', Properties: {NetworkAclId: !Ref Acl, RuleNumber: 100, Protocol: 6, RuleAction: allow, CidrBlock: 0.0.0.0/0, PortRange: {From: 80, To: 80}}}
  Gateway:"),
    ] {
        let nat = "  Nat: {Type: 'AWS::EC2::NatGateway', Properties: {SubnetId: !Ref Public}}\n";
        let text = RIGHT.replace(from, to) + nat;
        assert!(findings(&[("t.yaml", &text)], "P502").is_empty(), "{to}");
    }
    let private = found("Subnets: [!Ref Public], SecurityGroups", "Subnets: [!Ref Private], SecurityGroups", "P508");
    assert_eq!(
        private,
        ["Balancer: Private has no route to an internet gateway, and the load balancer faces the internet []"]
    );
}

#[test]
fn a_load_balancer_that_cannot_reach_its_targets_is_found() {
    let expected = [
        "Group: the load balancer cannot reach port 8081 of Service (health check): its security group does not let it out []",
    ];
    assert_eq!(found("FromPort: 8080, ToPort: 8081", "FromPort: 8080, ToPort: 8080", "P504"), expected);
    let unasked = found(
        "FromPort: 8081, ToPort: 8081, SourceSecurityGroupId: !Ref BalancerGroup",
        "FromPort: 8081, ToPort: 8081, CidrIp: 192.168.0.0/16",
        "P504",
    );
    assert!(
        unasked[0].contains("port 8081 of Service (health check): the security group of the tasks does not admit it")
    );
    assert!(
        found(
            "FromPort: 8081, ToPort: 8081, SourceSecurityGroupId: !Ref BalancerGroup",
            "FromPort: 8081, ToPort: 8081, CidrIp: 10.0.0.0/8",
            "P504"
        )
        .is_empty()
    );
    let acl = "
  Acl: {Type: 'AWS::EC2::NetworkAcl', Properties: {VpcId: !Ref Vpc}}
  AclAssociation: {Type: 'AWS::EC2::SubnetNetworkAclAssociation', Properties: {SubnetId: !Ref Private, NetworkAclId: !Ref Acl}}
";
    let blocked = findings(&[("t.yaml", &format!("{RIGHT}{acl}"))], "P504");
    assert!(blocked[0].contains("port 8080 of Service (traffic): a network ACL does not admit it"), "{blocked:?}");
}

#[test]
fn a_load_balancer_without_groups_is_admitted_by_its_address() {
    let bare = RIGHT.replace(", SecurityGroups: [!Ref BalancerGroup]", "");
    let found = findings(&[("t.yaml", &bare)], "P504");
    assert!(found[0].contains("the security group of the tasks does not admit it"), "{found:?}");
    let by_address = bare
        .replace("SourceSecurityGroupId: !GetAtt BalancerGroup.GroupId", "CidrIp: 10.0.0.0/16")
        .replace("SourceSecurityGroupId: !Ref BalancerGroup", "CidrIp: 10.0.0.0/16");
    assert!(findings(&[("t.yaml", &by_address)], "P504").is_empty());
    assert_eq!(findings(&[("t.yaml", &bare)], "P502").len(), 1, "nothing guards it");
}

#[test]
fn tasks_that_cannot_reach_their_domain_are_found() {
    let closed = found("SourceSecurityGroupId: !Ref TaskGroup}", "SourceSecurityGroupId: !Ref BalancerGroup}", "P505");
    let expected =
        "Service: its tasks cannot reach Domain on port 443: the security group of the domain does not admit them []";
    assert_eq!(closed, [expected]);
    let kept =
        found("FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0", "FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0", "P505");
    assert!(kept[0].contains("the security group of the tasks does not let it out"), "{kept:?}");
}

#[test]
fn ports_of_administration_and_public_tasks_and_domains_are_found() {
    let ssh = found("\n  DomainGroup:", "
  Ssh: {Type: 'AWS::EC2::SecurityGroup', Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 20, ToPort: 25, CidrIpv6: '::/0'}]}}
  DomainGroup:", "P503");
    assert_eq!(ssh, ["Ssh: everybody on the internet is admitted on port 22 (SSH) []"]);
    let open = RIGHT
        .replace("AssignPublicIp: DISABLED, Subnets: [!Ref Private]", "AssignPublicIp: ENABLED, Subnets: [!Ref Public]")
        .replace("SourceSecurityGroupId: !GetAtt BalancerGroup.GroupId", "CidrIp: 0.0.0.0/0");
    let tasks = findings(&[("t.yaml", &open)], "P506");
    assert!(tasks[0].starts_with("Service: port 8080 of its tasks is reachable from the internet"), "{tasks:?}");
    let public = found("Properties: {VPCOptions: {SecurityGroupIds: [!Ref DomainGroup]}}", "Properties: {}", "P507");
    assert_eq!(public, ["Domain: the domain lies outside of any VPC, its endpoint is public []"]);
}

#[test]
fn an_endpoint_that_does_not_admit_the_tasks_is_found() {
    let endpoint = "  Endpoint: {Type: 'AWS::EC2::VPCEndpoint', Properties: {VpcId: !Ref Vpc, VpcEndpointType: Interface, SecurityGroupIds: [!Ref Own]}}\n";
    let group = "  Own: {Type: 'AWS::EC2::SecurityGroup', Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 172.16.0.0/12}]}}\n";
    let found = findings(&[("t.yaml", &format!("{RIGHT}{endpoint}{group}"))], "P509");
    assert!(found[0].contains("the security group of the endpoint does not admit them"), "{found:?}");
    let admitting = group.replace("172.16.0.0/12", "10.0.0.0/16");
    assert!(findings(&[("t.yaml", &format!("{RIGHT}{endpoint}{admitting}"))], "P509").is_empty());
}
