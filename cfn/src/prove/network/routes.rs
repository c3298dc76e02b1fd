//! Where a subnet's packets go that leave the VPC.

use super::resource_of;
use crate::eval::{Address, Outcome, Value};
use crate::prove::scene::Scene;

pub(in crate::prove) const SUBNET: &str = "AWS::EC2::Subnet";
pub(in crate::prove) const VPC: &str = "AWS::EC2::VPC";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::prove) enum Exit {
    /// The subnet is public: what has a public address is reached from the internet, and reaches it.
    InternetGateway,
    Nat(Address),
    /// A transit gateway, a virtual private gateway, an appliance.
    Elsewhere,
    /// Nothing leaves the VPC, save through endpoints.
    Closed,
    /// The subnet, its route table or its gateway is not in the templates.
    Unknown,
}

/// The default route of a subnet.
pub(in crate::prove) fn exit(scene: &Scene<'_>, subnet: &Value) -> Outcome<Exit> {
    let Some(subnet) = resource_of(scene, subnet, SUBNET) else { return Ok(Exit::Unknown) };
    match table(scene, subnet)? {
        Some(table) => match resource_of(scene, &table, "AWS::EC2::RouteTable") {
            Some(table) => default_route(scene, table),
            None => Ok(Exit::Unknown),
        },
        // The main route table of a VPC that the templates make leads nowhere else.
        None if resource_of(scene, &scene.property(subnet, "VpcId")?, VPC).is_some() => Ok(Exit::Closed),
        None => Ok(Exit::Unknown),
    }
}

/// The route table that a subnet is associated with.
pub(in crate::prove) fn table(scene: &Scene<'_>, subnet: &Address) -> Outcome<Option<Value>> {
    let associations = super::naming(scene, "AWS::EC2::SubnetRouteTableAssociation", "SubnetId", subnet)?;
    associations.first().map(|at| scene.property(at, "RouteTableId")).transpose()
}

fn default_route(scene: &Scene<'_>, table: &Address) -> Outcome<Exit> {
    for route in super::naming(scene, "AWS::EC2::Route", "RouteTableId", table)? {
        if scene.property(route, "DestinationCidrBlock")?.as_text() != Some("0.0.0.0/0") {
            continue;
        }
        let gateway = scene.property(route, "GatewayId")?;
        if resource_of(scene, &gateway, "AWS::EC2::InternetGateway").is_some() {
            return Ok(Exit::InternetGateway);
        }
        let nat = scene.property(route, "NatGatewayId")?;
        if let Some(nat) = resource_of(scene, &nat, "AWS::EC2::NatGateway") {
            return Ok(Exit::Nat(nat.clone()));
        }
        let is_elsewhere = gateway.resource().is_some() || (gateway.is_absent() && nat.is_absent());
        return Ok(if is_elsewhere { Exit::Elsewhere } else { Exit::Unknown });
    }
    Ok(Exit::Closed)
}
