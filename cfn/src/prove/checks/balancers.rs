//! Where load balancers lie, and what guards them.

use crate::eval::{Address, Outcome};
use crate::prove::check::{Check, Grain, Problem, Severity, one_part};
use crate::prove::network::balancing;
use crate::prove::network::routes::{self, Exit};
use crate::prove::scene::Scene;

const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";

pub(super) const GUARDED: Check = Check {
    id: "P510",
    title: "load balancers have a security group of their own",
    severity: Severity::Error,
    grain: Grain::Structure,
    kinds: &[BALANCER],
    explanation: "A network load balancer that is made without a security group can never be given one: it takes whatever \
        reaches it, and the tasks must then admit every client's address. An application load balancer falls back on the \
        default group of the VPC, which nobody looks after.",
    parts: one_part,
    run: guarded,
};

pub(super) const INSIDE: Check = Check {
    id: "P511",
    title: "internal load balancers lie in private subnets",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[BALANCER],
    explanation: "An internal load balancer in a public subnet is one change of its scheme away from the internet, and takes \
        addresses of the subnets that are for what must be public.",
    parts: one_part,
    run: inside,
};

fn guarded(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    // A gateway load balancer takes none.
    if scene.property(at, "Type")?.as_text() == Some("gateway") || !scene.items(at, "SecurityGroups")?.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Problem::new("SecurityGroups", "the load balancer has no security group, and takes whatever reaches it")])
}

fn inside(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let balancer = scene.cursor(at);
    if balancing::is_internet_facing(&balancer)? {
        return Ok(Vec::new());
    }
    for subnet in balancer.get("Subnets")?.values()? {
        if routes::exit(scene, &subnet)? == Exit::InternetGateway {
            let name = subnet.resource().map(|subnet| scene.path(subnet)).unwrap_or_default();
            let message = format!("the load balancer is internal, and lies in the public subnet {name}");
            return Ok(vec![Problem::new("Subnets", message).at(scene.span(at, "Subnets"))]);
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use crate::prove::tests::findings;

    const SAMPLE: &str = "
Parameters: {Scheme: {Type: String, Default: internal, AllowedValues: [internal, internet-facing]}}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Table: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  Route:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
  Association: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Table}}
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Type: network, Scheme: !Ref Scheme, Subnets: [!Ref Subnet]}
";

    #[test]
    fn a_load_balancer_without_a_group_is_found() {
        let expected = "Balancer: the load balancer has no security group, and takes whatever reaches it []";
        assert_eq!(findings(&[("t.yaml", SAMPLE)], "P510"), [expected]);
        let guarded = SAMPLE.replace("Type: network,", "Type: network, SecurityGroups: [sg-0aaaaaaaaaaaaaaa1],");
        assert!(findings(&[("t.yaml", &guarded)], "P510").is_empty());
    }

    #[test]
    fn an_internal_one_in_a_public_subnet_is_found() {
        let expected = "Balancer: the load balancer is internal, and lies in the public subnet Subnet []";
        assert_eq!(findings(&[("t.yaml", SAMPLE)], "P511"), [expected]);
        let private = SAMPLE.replace("GatewayId: !Ref Gateway", "NatGatewayId: nat-0aaaaaaaaaaaaaaa1");
        assert!(findings(&[("t.yaml", &private)], "P511").is_empty());
    }
}
