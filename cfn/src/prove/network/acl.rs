//! Network ACLs, which most VPCs leave at what AWS gives: everything may pass. Where a template writes one, its entries are
//! tried in the order of their numbers, and what none of them admits is refused.

use super::Range;
use crate::eval::{Address, Outcome, Value};
use crate::prove::cursor::Cursor;
use crate::prove::network::groups::Direction;
use crate::prove::scene::Scene;

/// The ACL that keeps a TCP port of a range of addresses from a subnet, if one surely does.
pub(in crate::prove) fn blocking(
    scene: &Scene<'_>,
    subnet: &Value,
    direction: Direction,
    port: u16,
    peers: &Range,
) -> Outcome<Option<Address>> {
    let Some(subnet) = super::resource_of(scene, subnet, super::routes::SUBNET) else { return Ok(None) };
    for association in super::naming(scene, "AWS::EC2::SubnetNetworkAclAssociation", "SubnetId", subnet)? {
        let acl = scene.property(association, "NetworkAclId")?;
        let Some(acl) = super::resource_of(scene, &acl, "AWS::EC2::NetworkAcl") else { continue };
        if !admits(scene, acl, direction, port, peers)? {
            return Ok(Some(acl.clone()));
        }
    }
    Ok(None)
}

fn admits(scene: &Scene<'_>, acl: &Address, direction: Direction, port: u16, peers: &Range) -> Outcome<bool> {
    let mut entries = Vec::new();
    for at in super::naming(scene, "AWS::EC2::NetworkAclEntry", "NetworkAclId", acl)? {
        let entry = scene.cursor(at);
        if entry.get("Egress")?.is_true()? == (direction == Direction::Egress) {
            entries.push((entry.get("RuleNumber")?.integer()?.unwrap_or(i64::MAX), entry));
        }
    }
    entries.sort_by_key(|(number, _)| *number);
    for (_, entry) in entries {
        match verdict(&entry, port, peers)? {
            Verdict::Passes => {}
            Verdict::Admits => return Ok(true),
            Verdict::Refuses => return Ok(false),
        }
    }
    Ok(false)
}

enum Verdict {
    /// The entry is about something else.
    Passes,
    Admits,
    Refuses,
}

fn verdict(entry: &Cursor<'_>, port: u16, peers: &Range) -> Outcome<Verdict> {
    let protocol = entry.get("Protocol")?.text()?;
    let ports = entry.get("PortRange")?;
    let bounds = (ports.get("From")?.integer()?, ports.get("To")?.integer()?);
    let is_about_port = match (protocol.as_deref(), bounds) {
        (Some("-1"), _) => true,
        (Some("6"), (Some(from), Some(to))) => (from..=to).contains(&i64::from(port)),
        (Some(_), _) => false,
        // Not known: it may admit.
        (None, _) => return Ok(Verdict::Admits),
    };
    if !is_about_port {
        return Ok(Verdict::Passes);
    }
    let range = entry.get("CidrBlock")?.text()?.as_deref().and_then(Range::parse);
    let is_allow = entry.get("RuleAction")?.text()?.as_deref() == Some("allow");
    Ok(match range {
        Some(range) if is_allow && range.overlaps(peers) => Verdict::Admits,
        Some(range) if !is_allow && range.contains(peers) => Verdict::Refuses,
        None if is_allow => Verdict::Admits,
        _ => Verdict::Passes,
    })
}
