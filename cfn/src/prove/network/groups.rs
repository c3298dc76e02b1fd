//! Security groups: which rule of theirs admits a port, and whom. Inline rules and rules that are resources of their own
//! are the same here.

use super::Range;
use crate::eval::{Address, Outcome, Value};
use crate::prove::cursor::Cursor;
use crate::prove::scene::Scene;
use crate::template::Span;

pub(in crate::prove) const GROUP: &str = "AWS::EC2::SecurityGroup";
pub(in crate::prove) const RULE_INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
const RULE_EGRESS: &str = "AWS::EC2::SecurityGroupEgress";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::prove) enum Direction {
    Ingress,
    Egress,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::prove) enum Peer {
    Range(Range),
    /// One of the templates' own groups.
    Group(Address),
    /// A prefix list, or a group or range that the user names.
    Unknown(Value),
}

#[derive(Debug, Clone)]
pub(in crate::prove) struct Rule {
    pub peer: Peer,
    /// The group or the rule's own resource.
    pub at: Address,
    pub span: Span,
}

/// What is known of the ports of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coverage {
    Covers,
    Misses,
    Unknown,
}

/// The groups of a list of ids: those of the templates, and whether there are others.
pub(in crate::prove) struct Attached {
    pub own: Vec<Address>,
    pub has_unknown: bool,
}

impl Attached {
    pub(in crate::prove) fn of(scene: &Scene<'_>, ids: &Cursor<'_>) -> Outcome<Self> {
        let mut attached = Self { own: Vec::new(), has_unknown: false };
        for id in ids.values()? {
            match super::resource_of(scene, &id, GROUP) {
                Some(address) => attached.own.push(address.clone()),
                None => attached.has_unknown = true,
            }
        }
        Ok(attached)
    }

    pub(in crate::prove) fn is_empty(&self) -> bool {
        self.own.is_empty() && !self.has_unknown
    }

    /// The rules of all of them that bear on a TCP port.
    pub(in crate::prove) fn rules(&self, scene: &Scene<'_>, direction: Direction, port: u16) -> Outcome<Vec<Rule>> {
        let mut found = Vec::new();
        for group in &self.own {
            found.extend(rules(scene, group, direction, port)?);
        }
        Ok(found)
    }
}

/// The rules of a group that admit a TCP port, or may do so.
pub(in crate::prove) fn rules(
    scene: &Scene<'_>,
    group: &Address,
    direction: Direction,
    port: u16,
) -> Outcome<Vec<Rule>> {
    let (inline, kind) = match direction {
        Direction::Ingress => ("SecurityGroupIngress", RULE_INGRESS),
        Direction::Egress => ("SecurityGroupEgress", RULE_EGRESS),
    };
    let mut found = Vec::new();
    let items = scene.cursor(group).get(inline)?.items()?;
    if direction == Direction::Egress && items.is_empty() {
        // AWS lets everything out where nothing is said.
        let everybody = Range::parse("0.0.0.0/0").map_or(Peer::Unknown(Value::Null), Peer::Range);
        found.push(Rule { peer: everybody, at: group.clone(), span: scene.span(group, inline) });
    }
    for item in items {
        found.extend(rule(scene, &item, group, port)?);
    }
    for at in super::naming(scene, kind, "GroupId", group)? {
        found.extend(rule(scene, &scene.cursor(at), at, port)?);
    }
    Ok(found)
}

fn rule(scene: &Scene<'_>, written: &Cursor<'_>, at: &Address, port: u16) -> Outcome<Option<Rule>> {
    Ok(match coverage(written, port)? {
        Coverage::Misses => None,
        Coverage::Covers => Some(Rule { peer: peer(scene, written)?, at: at.clone(), span: written.span }),
        Coverage::Unknown => Some(Rule { peer: Peer::Unknown(Value::Null), at: at.clone(), span: written.span }),
    })
}

fn coverage(written: &Cursor<'_>, port: u16) -> Outcome<Coverage> {
    match written.get("IpProtocol")?.text()?.as_deref() {
        Some("-1") => return Ok(Coverage::Covers),
        Some("tcp" | "6") => {}
        Some(_) => return Ok(Coverage::Misses),
        None => return Ok(Coverage::Unknown),
    }
    let bounds = (written.get("FromPort")?.integer()?, written.get("ToPort")?.integer()?);
    let (Some(from), Some(to)) = bounds else { return Ok(Coverage::Unknown) };
    let covers = (from..=to).contains(&i64::from(port)) || from == -1;
    Ok(if covers { Coverage::Covers } else { Coverage::Misses })
}

fn peer(scene: &Scene<'_>, written: &Cursor<'_>) -> Outcome<Peer> {
    for key in ["CidrIp", "CidrIpv6", "SourceSecurityGroupId", "DestinationSecurityGroupId"] {
        let value = written.get(key)?.value()?;
        if value.is_absent() {
            continue;
        }
        if let Some(group) = super::resource_of(scene, &value, GROUP) {
            return Ok(Peer::Group(group.clone()));
        }
        let range = value.as_text().and_then(Range::parse);
        return Ok(range.map_or(Peer::Unknown(value), Peer::Range));
    }
    Ok(Peer::Unknown(Value::Null))
}

/// The rule that is a resource of its own, if it bears on a TCP port.
pub(in crate::prove) fn rules_of_resource(scene: &Scene<'_>, at: &Address, port: u16) -> Outcome<Vec<Rule>> {
    Ok(rule(scene, &scene.cursor(at), at, port)?.into_iter().collect())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::prove) enum Reach {
    /// The way is open, or it cannot be told.
    Open,
    /// The groups that it comes from do not let it out.
    NotLeft,
    /// The groups that it goes to do not let it in.
    NotAdmitted,
}

/// Whether what is behind the groups `from` is let out by them, and let in by the groups `to`. Both sides have addresses of
/// `range`, where that is known. Without any group of its own, as network load balancers may be, one is let out, and let in
/// by one's address alone.
pub(in crate::prove) fn can_reach(
    scene: &Scene<'_>,
    from: &Attached,
    to: &Attached,
    port: u16,
    range: Option<&Range>,
) -> Outcome<Reach> {
    let admits = |rules: &[Rule], peers: &Attached| {
        rules.iter().any(|rule| match &rule.peer {
            Peer::Group(group) => peers.own.contains(group) || peers.has_unknown,
            Peer::Range(allowed) => range.is_none_or(|range| allowed.overlaps(range)),
            Peer::Unknown(_) => true,
        })
    };
    if !from.is_empty() && !from.has_unknown && !admits(&from.rules(scene, Direction::Egress, port)?, to) {
        return Ok(Reach::NotLeft);
    }
    if !to.is_empty() && !to.has_unknown && !admits(&to.rules(scene, Direction::Ingress, port)?, from) {
        return Ok(Reach::NotAdmitted);
    }
    Ok(Reach::Open)
}
