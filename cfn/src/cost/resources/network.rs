//! NAT gateways, endpoints and load balancers.

use super::super::estimate::Bill;
use super::super::scene::{Scene, Subject};
use super::super::usage::MONTH_HOURS;
use super::Outcome;

const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
/// The attribute that lets a network load balancer send to other zones than that of the client.
const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
/// What crosses a zone is paid for on both sides.
pub(super) const SIDES: f64 = 2.0;

fn is_interface(endpoint: &Subject<'_>) -> bool {
    endpoint.text(&["VpcEndpointType"]) == Some("Interface")
}

fn interfaces(scene: &Scene<'_>) -> f64 {
    scene.of_kind("AWS::EC2::VPCEndpoint").filter(is_interface).count() as f64
}

pub(super) fn nat_gateway(scene: &Scene<'_>, bill: &mut Bill<'_>) {
    bill.add("hours", "nat-gateway/hour", MONTH_HOURS);
    // Where there are interface endpoints, what tasks fetch and send passes through those.
    if interfaces(scene) == 0.0 {
        let gateways = scene.of_kind("AWS::EC2::NatGateway").count() as f64;
        bill.add("data", "nat-gateway/data", scene.usage.nat_gb / gateways);
    }
}

pub(super) fn vpc_endpoint(scene: &Scene<'_>, endpoint: Subject<'_>, bill: &mut Bill<'_>) -> Outcome {
    match endpoint.text_or(&["VpcEndpointType"], "Gateway")? {
        "Gateway" => bill.free("gateway endpoints are free"),
        "Interface" => {
            let zones = scene.zones(endpoint.value(&["SubnetIds"]));
            bill.add("hours in each zone", "vpc-endpoint/hour", zones * MONTH_HOURS);
            bill.add("data", "vpc-endpoint/data", scene.usage.nat_gb / interfaces(scene));
        }
        other => return Err(format!("endpoints of the kind {other}")),
    }
    Ok(())
}

pub(super) fn load_balancer(scene: &Scene<'_>, balancer: Subject<'_>, bill: &mut Bill<'_>) -> Outcome {
    let subnets = balancer.value(&["Subnets"]).or_else(|| balancer.value(&["SubnetMappings"]));
    let zones = scene.zones(subnets);
    // Several share the traffic evenly.
    let share = 1.0 / scene.of_kind(LOAD_BALANCER).count() as f64;
    let (received, answered) = (scene.usage.received_gb() * share, scene.usage.answered_gb() * share);
    // A unit of capacity takes 1 GB an hour, which spans need long before they need its connections.
    match balancer.text_or(&["Type"], "application")? {
        "network" => {
            bill.add("hours", "network-load-balancer/hour", MONTH_HOURS);
            bill.add("capacity", "network-load-balancer/capacity", received + answered);
            if balancer.named_or("LoadBalancerAttributes", "Key", CROSS_ZONE, "false")? == "true" {
                let crossing = (received + answered) * scene.crossing(zones) * SIDES;
                bill.add("data between zones", "transfer/zones", crossing);
            }
        }
        "application" => {
            bill.add("hours", "application-load-balancer/hour", MONTH_HOURS);
            bill.add("capacity", "application-load-balancer/capacity", received + answered);
        }
        other => return Err(format!("load balancers of the kind {other}")),
    }
    if balancer.text_or(&["Scheme"], "internet-facing")? == "internet-facing" {
        bill.add("public IPv4 addresses", "public-ipv4/hour", zones * MONTH_HOURS);
        bill.add("data to the internet", "transfer/internet", answered);
    }
    Ok(())
}
