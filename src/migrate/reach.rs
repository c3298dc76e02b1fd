//! Whether the tasks of a service reach the collector: same VPC, and security groups that let them through. What cannot be
//! looked at is said, and stops nobody.

use super::cluster::Member;
use super::destination::{Destination, Through};
use crate::ec2::{self, Rule, Subnet};
use jqs_cfn::Result;
use jqs_stacks::Session;
use jqs_stacks::stack::{self, Stack, StackResource};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Reached,
    Unknown,
    Unreachable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Reach {
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
}

impl Reach {
    fn unknown(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, reason: reason.into() }
    }
}

/// Where the stack's collector is, for whoever wants to reach it.
pub(crate) struct Gate {
    through: Through,
    /// Who comes through a load balancer that faces the internet has the address of a NAT gateway.
    is_public: bool,
    ports: Vec<i64>,
    vpc: Option<String>,
    group: Option<String>,
    /// The rules of the group; an error says why they are not known.
    rules: Result<Vec<Rule>, String>,
}

impl Gate {
    pub(crate) async fn of(session: &Session, stack: &Stack, destination: &Destination) -> Result<Self> {
        let resources = stack::resources(session, &stack.id).await?;
        let group = group(&resources, stack, destination.through);
        let rules = match &group {
            Some(group) => ec2::rules(session, std::slice::from_ref(group)).await.map_err(|error| error.full()),
            None => Err("its security group is not in the stack".to_owned()),
        };
        let vpc = resources.iter().find(|each| each.kind == "AWS::EC2::VPC").map(|each| each.physical_id.clone());
        let vpc = vpc.or_else(|| stack.parameters.get("VPCID").cloned());
        let is_public = stack.parameters.get("LoadBalancerScheme").is_some_and(|scheme| scheme == "internet-facing");
        Ok(Self { through: destination.through, is_public, ports: ports(destination), vpc, group, rules })
    }

    pub(crate) async fn reach(&self, session: &Session, member: &Member) -> Reach {
        if member.subnets.is_empty() {
            return Reach::unknown("its tasks share the network of their instances, whose subnets are not known here");
        }
        let subnets = match ec2::subnets(session, &member.subnets).await {
            Ok(subnets) => subnets,
            Err(error) => return Reach::unknown(error.full()),
        };
        let own = match &member.groups[..] {
            [] => Vec::new(),
            groups => match ec2::rules(session, groups).await {
                Ok(rules) => rules,
                Err(error) => return Reach::unknown(error.full()),
            },
        };
        self.judge(member, &subnets, &own)
    }

    fn judge(&self, member: &Member, subnets: &BTreeMap<String, Subnet>, own: &[Rule]) -> Reach {
        let unreachable = |reason: String| Reach { verdict: Verdict::Unreachable, reason };
        if self.through == Through::LoadBalancer && self.is_public {
            return Reach::unknown(
                "the load balancer faces the internet: by which address its tasks come was not looked at",
            );
        }
        let (Some(vpc), Some(subnet)) = (&self.vpc, member.subnets.first().and_then(|id| subnets.get(id))) else {
            return Reach::unknown("which VPC it is in, or the collector, is not known");
        };
        if subnet.vpc != *vpc {
            return match self.through {
                Through::Discovery => unreachable(format!(
                    "its tasks are in `{}`, and the collector's private name is known in `{vpc}` only: try `--through load-balancer`",
                    subnet.vpc
                )),
                Through::LoadBalancer => Reach::unknown(format!(
                    "its tasks are in `{}` and the load balancer is in `{vpc}`: the way between them was not looked at",
                    subnet.vpc
                )),
            };
        }
        let (Some(group), Ok(rules)) = (&self.group, &self.rules) else {
            let why = self.rules.as_ref().err().cloned().unwrap_or_default();
            return Reach::unknown(format!(
                "it is in the collector's VPC; who may send to the collector is not known: {why}"
            ));
        };
        for port in &self.ports {
            let let_in = |range: &str| {
                rules.iter().filter(|rule| !rule.is_egress && rule.is_for(*port)).any(|rule| {
                    rule.range.as_deref().is_some_and(|admitted| covers(admitted, range))
                        || rule.peer.as_ref().is_some_and(|peer| member.groups.contains(peer))
                })
            };
            let closed = member.subnets.iter().filter_map(|id| subnets.get(id)).find(|subnet| !let_in(&subnet.range));
            let mut lists = rules.iter().filter(|rule| !rule.is_egress && rule.is_for(*port));
            if let (Some(_), Some(list)) = (closed, lists.find_map(|rule| rule.list.as_ref())) {
                return Reach::unknown(format!(
                    "what `{list}` admits to the collector's security group was not looked at"
                ));
            }
            if let Some(subnet) = closed {
                return unreachable(format!(
                    "the collector's security group `{group}` does not let `{}` in at port {port}",
                    subnet.range
                ));
            }
            let lets_out = own.iter().any(|rule| rule.is_egress && rule.is_for(*port));
            if !lets_out && !member.groups.is_empty() {
                let groups = member.groups.join("`, `");
                return unreachable(format!("its own security group `{groups}` lets nothing out at port {port}"));
            }
        }
        let ports = self.ports.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let reason = format!(
            "it is in the collector's VPC, and security groups let it through at {ports}; routes and network ACLs were not looked at"
        );
        Reach { verdict: Verdict::Reached, reason }
    }
}

impl Rule {
    fn is_for(&self, port: i64) -> bool {
        match self.protocol.as_str() {
            "-1" => true,
            "tcp" | "6" => (self.from..=self.to).contains(&port) || self.from == -1,
            _ => false,
        }
    }
}

/// The group that guards the way in: of the tasks, or of their load balancer.
fn group(resources: &[StackResource], stack: &Stack, through: Through) -> Option<String> {
    let mut groups = resources.iter().filter(|each| each.kind == "AWS::EC2::SecurityGroup");
    let found = groups.find(|each| match through {
        Through::Discovery => each.path.last().is_some_and(|name| name == "TaskSecurityGroup"),
        Through::LoadBalancer => each.path.iter().any(|name| name.ends_with("LoadBalancer")),
    });
    let given = || match through {
        Through::Discovery => None,
        Through::LoadBalancer => {
            stack.parameters.get("LoadBalancerSecurityGroupID").filter(|id| !id.is_empty()).cloned()
        }
    };
    found.map(|each| each.physical_id.clone()).or_else(given)
}

/// The ports of both endpoints.
fn ports(destination: &Destination) -> Vec<i64> {
    let port = |url: &str| {
        let place = url.split_once("://").map_or(url, |(_, rest)| rest);
        let given = place.split('/').next().and_then(|place| place.rsplit_once(':')?.1.parse().ok());
        given.unwrap_or(if url.starts_with("https") { 443 } else { 80 })
    };
    let mut ports = vec![port(&destination.grpc), port(&destination.http)];
    ports.dedup();
    ports
}

/// Every address of the one range is in the other.
fn covers(outer: &str, inner: &str) -> bool {
    let read = |range: &str| {
        let (address, length) = range.split_once('/')?;
        let (address, length) = (address.parse::<Ipv4Addr>().ok()?, length.parse::<u32>().ok()?);
        (length <= 32).then(|| (u32::from(address), length))
    };
    let (Some((outer, length)), Some((inner, inner_length))) = (read(outer), read(inner)) else { return false };
    let differing = u64::from(outer ^ inner) >> (32 - length);
    length <= inner_length && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::ServiceAddress;
    use crate::migrate::destination;

    fn rule(group: &str, is_egress: bool, port: i64) -> Rule {
        Rule {
            group: group.to_owned(),
            is_egress,
            protocol: "tcp".to_owned(),
            from: port,
            to: port,
            range: None,
            peer: None,
            list: None,
        }
    }

    fn member() -> Member {
        Member {
            address: ServiceAddress { cluster: "apps".to_owned(), name: "shop".to_owned() },
            definition: String::new(),
            desired: 1,
            is_underway: false,
            deployment: String::new(),
            controller: "ECS".to_owned(),
            launch_type: None,
            strategy: Vec::new(),
            exposed: super::super::find::Exposed::default(),
            subnets: vec!["subnet-1".to_owned()],
            groups: vec!["sg-shop".to_owned()],
            tags: BTreeMap::new(),
        }
    }

    fn judged(through: Through, vpc: &str, rules: Vec<Rule>) -> Reach {
        let gate = Gate {
            through,
            is_public: false,
            ports: vec![4317],
            vpc: Some("vpc-1".to_owned()),
            group: Some("sg-jaeger".to_owned()),
            rules: Ok(rules.clone()),
        };
        let subnet = Subnet { vpc: vpc.to_owned(), range: "10.0.1.0/24".to_owned() };
        gate.judge(&member(), &BTreeMap::from([("subnet-1".to_owned(), subnet)]), &rules)
    }

    #[test]
    fn groups_decide_within_a_vpc() {
        let out = rule("sg-shop", true, 4317);
        let range = |range: &str| Rule { range: Some(range.to_owned()), ..rule("sg-jaeger", false, 4317) };
        let list = Rule { list: Some("pl-1".to_owned()), ..rule("sg-jaeger", false, 4317) };
        let peer = Rule { peer: Some("sg-shop".to_owned()), ..rule("sg-jaeger", false, 4317) };
        for (rules, verdict, says) in [
            (vec![out.clone(), range("10.0.0.0/16")], Verdict::Reached, "let it through at 4317"),
            (vec![out.clone(), peer], Verdict::Reached, "let it through"),
            (
                vec![out.clone(), range("10.1.0.0/16")],
                Verdict::Unreachable,
                "does not let `10.0.1.0/24` in at port 4317",
            ),
            (vec![range("10.0.0.0/16")], Verdict::Unreachable, "`sg-shop` lets nothing out"),
            (vec![out.clone(), list], Verdict::Unknown, "`pl-1`"),
            (vec![out, rule("sg-jaeger", false, 4318)], Verdict::Unreachable, "does not let"),
        ] {
            let reach = judged(Through::Discovery, "vpc-1", rules);
            assert!(reach.verdict == verdict && reach.reason.contains(says), "{reach:?}");
        }
    }

    #[test]
    fn a_private_name_ends_with_its_vpc_and_a_load_balancer_may_not() {
        assert_eq!(judged(Through::Discovery, "vpc-2", Vec::new()).verdict, Verdict::Unreachable);
        assert_eq!(judged(Through::LoadBalancer, "vpc-2", Vec::new()).verdict, Verdict::Unknown);
    }

    #[test]
    fn what_could_not_be_asked_is_not_known() {
        let gate = |rules| Gate {
            through: Through::Discovery,
            is_public: false,
            ports: vec![4317],
            vpc: Some("vpc-1".to_owned()),
            group: Some("sg".to_owned()),
            rules,
        };
        let subnet = Subnet { vpc: "vpc-1".to_owned(), range: "10.0.1.0/24".to_owned() };
        let subnets = BTreeMap::from([("subnet-1".to_owned(), subnet)]);
        let denied = gate(Err("access denied".to_owned())).judge(&member(), &subnets, &[]);
        assert!(denied.verdict == Verdict::Unknown && denied.reason.ends_with("access denied"), "{denied:?}");
        assert_eq!(gate(Ok(Vec::new())).judge(&member(), &BTreeMap::new(), &[]).verdict, Verdict::Unknown);
    }

    #[test]
    fn ranges_and_ports() {
        for (outer, inner, expected) in [
            ("10.0.0.0/16", "10.0.1.0/24", true),
            ("0.0.0.0/0", "10.0.1.0/24", true),
            ("10.0.1.0/25", "10.0.1.0/24", false),
            ("10.0.0.0/16", "10.1.0.0/24", false),
            ("10.0.1.7/32", "10.0.1.7/32", true),
            ("pl-1", "10.0.1.0/24", false),
        ] {
            assert_eq!(covers(outer, inner), expected, "{outer} {inner}");
        }
        assert_eq!(ports(&destination::example()), [4317, 4318]);
    }
}
