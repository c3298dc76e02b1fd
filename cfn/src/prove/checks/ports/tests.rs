//! A listener, a target group and a service that go together, and what is found when they do not.

use crate::prove::network::balancing::BALANCER;
use crate::prove::tests::findings;

fn stack(listener: &str, group: &str, registered: &str, rest: &str) -> String {
    format!(
        "
Parameters: {{Tls: {{Type: String, Default: 'no', AllowedValues: ['no', 'yes']}}}}
Conditions: {{Tls: !Equals [!Ref Tls, 'yes']}}
Resources:
  Balancer: {{Type: '{BALANCER}', Properties: {{Type: network}}}}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties: {{LoadBalancerArn: !Ref Balancer, DefaultActions: [{{Type: forward, TargetGroupArn: !Ref Group}}], {listener}}}
  Group: {{Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {{Protocol: TCP, {group}}}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      NetworkMode: awsvpc
      ContainerDefinitions:
        - {{Name: web, PortMappings: [{{ContainerPort: 80}}, {{ContainerPort: 4317}}], Environment: [{{Name: ADMIN, Value: '0.0.0.0:9000'}}]}}
  Service:
    Type: AWS::ECS::Service
    Properties: {{TaskDefinition: !Ref Task, LoadBalancers: [{{{registered}, TargetGroupArn: !Ref Group}}]}}
{rest}"
    )
}
const LISTENER: &str = "Protocol: TCP, Port: 80";
const GROUP: &str = "TargetType: ip";
const WEB: &str = "ContainerName: web, ContainerPort: 80";

fn found(listener: &str, group: &str, registered: &str, id: &str) -> Vec<String> {
    findings(&[("t.yaml", &stack(listener, group, registered, ""))], id)
}

#[test]
fn what_goes_together_is_not_found() {
    for id in ["P401", "P402", "P403"] {
        assert!(found(LISTENER, GROUP, WEB, id).is_empty(), "{id}");
    }
}

#[test]
fn services_register_ports_that_their_containers_map() {
    let expected = ["Service: the container `web` does not map the port 81 []"];
    assert_eq!(found(LISTENER, GROUP, "ContainerName: web, ContainerPort: 81", "P401"), expected);
    let expected = ["Service: the task has no container `app` []"];
    assert_eq!(found(LISTENER, GROUP, "ContainerName: app, ContainerPort: 80", "P401"), expected);
    assert!(found(LISTENER, "Port: 80", WEB, "P401")[0].contains("takes instances"));
    let other = stack(
        LISTENER,
        GROUP,
        WEB,
        "  Other: {Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {TargetType: ip}}\n",
    );
    let unused = other.replace("TargetGroupArn: !Ref Group}]}}\n  Group", "TargetGroupArn: !Ref Other}]}}\n  Group");
    let unused =
        unused.replace("{Type: forward, TargetGroupArn: !Ref Group}", "{Type: forward, TargetGroupArn: !Ref Other}");
    assert_eq!(findings(&[("t.yaml", &unused)], "P401"), ["Service: no listener leads to Group []"]);
}

#[test]
fn health_checks_ask_a_port_that_is_served_in_its_protocol() {
    let asks = |port: &str| format!("TargetType: ip, HealthCheckProtocol: HTTP, HealthCheckPort: '{port}'");
    let expected = ["Group: the health check asks port 13133, which no container of Service serves []"];
    assert_eq!(found(LISTENER, &asks("13133"), WEB, "P402"), expected);
    assert!(found(LISTENER, &asks("4317"), WEB, "P402")[0].contains("where it speaks gRPC"));
    assert!(found(LISTENER, &asks("9000"), WEB, "P402").is_empty(), "the environment names it");
    assert!(found(LISTENER, &asks("traffic-port"), WEB, "P402").is_empty());
}

#[test]
fn protocols_that_do_not_go_together_are_found_in_the_case_that_has_them() {
    let listener = "Protocol: !If [Tls, TLS, TCP], Port: 80, Certificates: [{CertificateArn: arn}]";
    let expected = ["Listener: a listener for TCP takes no certificate []"];
    assert_eq!(found(listener, GROUP, WEB, "P403"), expected);
    let listener = "Protocol: !If [Tls, TLS, TCP], Port: 80";
    let expected = ["Listener: a listener for TLS needs a certificate [Tls=yes]"];
    assert_eq!(found(listener, GROUP, WEB, "P403"), expected);
    assert!(found("Protocol: HTTP, Port: 80", GROUP, WEB, "P403")[0].contains("cannot lead to Group"));
    let twice = "  Zwei: {Type: 'AWS::ElasticLoadBalancingV2::Listener', Properties: {LoadBalancerArn: !Ref Balancer, Port: 80}}\n";
    let found = findings(&[("t.yaml", &stack(LISTENER, GROUP, WEB, twice))], "P403");
    assert_eq!(found, ["Listener: Zwei listens on port 80 as well []"]);
}

#[test]
fn a_missing_health_check_and_a_missing_order_are_mentioned() {
    assert!(found(LISTENER, GROUP, WEB, "P404")[0].contains("`web` has no health check"));
    let text = stack(LISTENER, GROUP, WEB, "");
    assert!(findings(&[("t.yaml", &text)], "P405")[0].contains("wait for Listener"));
    let waits = text.replace("  Service:\n", "  Service:\n    DependsOn: Listener\n");
    assert!(findings(&[("t.yaml", &waits)], "P405").is_empty());
}
