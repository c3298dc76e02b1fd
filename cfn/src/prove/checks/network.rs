//! Subnets fit into their VPC, what runs in them survives the loss of a zone, and tasks find a way out.

use crate::eval::{Address, Outcome, Stack, StackTree, Value};
use crate::prove::check::{Check, Grain, Problem, Severity, one_part};
use crate::prove::network::balancing::{self, BALANCER, SERVICE};
use crate::prove::network::routes::{self, Exit, SUBNET, VPC};
use crate::prove::network::{Range, naming, resource_of};
use crate::prove::scene::Scene;

/// A subnet has between 2^(32-28) and 2^(32-16) addresses.
const SUBNET_PREFIXES: std::ops::RangeInclusive<u8> = 16..=28;
const ZONES_LEAST: usize = 2;

pub(super) const RANGES: Check = Check {
    id: "P301",
    title: "subnets lie in their VPC and do not overlap",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[SUBNET],
    explanation: "EC2 refuses a subnet whose range is not part of its VPC's, that overlaps another one, or that is larger than \
        /16 or smaller than /28. Each range that the parameters admit is tried; subnets whose range the user \
        writes out are left to the user.",
    parts: pairs,
    run: ranges,
};

pub(super) const ZONES: Check = Check {
    id: "P302",
    title: "services and load balancers span two zones",
    severity: Severity::Warning,
    grain: Grain::Values,
    kinds: &[BALANCER, SERVICE],
    explanation: "With subnets in one Availability Zone alone, the loss of that zone is the loss of the service. Subnets that \
        the user names count each as a zone of its own.",
    parts: one_part,
    run: zones,
};

pub(super) const DISTINCT: Check = Check {
    id: "P303",
    title: "the subnets of a load balancer or a domain lie in different zones",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[BALANCER, "AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain"],
    explanation: "Elastic Load Balancing and OpenSearch take at most one subnet of each Availability Zone.",
    parts: one_part,
    run: distinct,
};

pub(super) const WAY_OUT: Check = Check {
    id: "P304",
    title: "tasks find a way out to their image and their logs",
    severity: Severity::Error,
    grain: Grain::Values,
    kinds: &[SERVICE],
    explanation: "A task that cannot reach the registry never starts, and ECS says so only after minutes. Its subnets need a \
        route to a NAT gateway that itself lies in a public subnet, or to an internet gateway together with a public address, \
        or else endpoints for ECR (`ecr.api`, `ecr.dkr`), S3 and CloudWatch Logs.",
    parts: one_part,
    run: way_out,
};

/// The range that a template gives; nothing where the user writes it out, who alone knows what it goes with.
fn range_of(scene: &Scene<'_>, at: &Address) -> Outcome<Option<Range>> {
    let written = scene.cursor(at).get("CidrBlock")?;
    if scene.kind(at) == SUBNET && written.is_free_choice()? {
        return Ok(None);
    }
    Ok(written.text()?.as_deref().and_then(Range::parse))
}

/// One question about the VPC, and one about each subnet.
fn pairs(tree: &StackTree, _: &Address) -> usize {
    let subnets =
        |stack: &Stack| stack.program.template.resources.iter().filter(|resource| resource.kind == SUBNET).count();
    1 + tree.stacks().iter().map(subnets).sum::<usize>()
}

fn ranges(scene: &Scene<'_>, at: &Address, part: usize) -> Outcome<Vec<Problem>> {
    let all = scene.inventory.of(SUBNET);
    // Each pair once.
    let other = part.checked_sub(1).map(|part| &all[part]);
    if other.is_some_and(|other| (other.stack, &other.logical_id) <= (at.stack, &at.logical_id)) {
        return Ok(Vec::new());
    }
    let Some(own) = range_of(scene, at)? else { return Ok(Vec::new()) };
    let vpc = scene.property(at, "VpcId")?;
    let span = scene.span(at, "CidrBlock");
    let Some(other) = other else {
        return Ok(place(scene, &own, &vpc)?.into_iter().map(|each| each.at(span)).collect());
    };
    if !scene.exists(other)? || scene.property(other, "VpcId")? != vpc {
        return Ok(Vec::new());
    }
    let problem = range_of(scene, other)?.filter(|range| range.overlaps(&own)).map(|range| {
        let message = format!("the subnet {own} overlaps {range} of {}", scene.path(other));
        Problem::new(scene.path(other), message).at(span)
    });
    Ok(problem.into_iter().collect())
}

/// The subnet by itself, and in its VPC.
fn place(scene: &Scene<'_>, own: &Range, vpc: &Value) -> Outcome<Vec<Problem>> {
    let mut problems = Vec::new();
    if !SUBNET_PREFIXES.contains(&own.prefix()) {
        problems.push(Problem::new("size", format!("the subnet {own} is not between /16 and /28")));
    }
    let Some(vpc) = resource_of(scene, vpc, VPC) else { return Ok(problems) };
    let mut blocks: Vec<Range> = range_of(scene, vpc)?.into_iter().collect();
    for block in naming(scene, "AWS::EC2::VPCCidrBlock", "VpcId", vpc)? {
        blocks.extend(range_of(scene, block)?);
    }
    if !blocks.is_empty() && !blocks.iter().any(|block| block.contains(own)) {
        let message = format!("the subnet {own} does not lie in its VPC, {}", blocks[0]);
        problems.push(Problem::new("vpc", message));
    }
    Ok(problems)
}

/// The subnets of a resource, and where they are written.
fn subnets(scene: &Scene<'_>, at: &Address) -> Outcome<(Vec<Value>, crate::template::Span)> {
    let properties = scene.cursor(at);
    let cursor = match scene.kind(at) {
        SERVICE => balancing::network_of(scene, at)?.get("Subnets")?,
        BALANCER => {
            let plain = properties.get("Subnets")?;
            if plain.is_absent()? { properties.get("SubnetMappings")? } else { plain }
        }
        _ => properties.at(&["VPCOptions", "SubnetIds"])?,
    };
    let ids = cursor.items()?.into_iter().map(|item| {
        let value = item.value()?;
        Ok(value.get("SubnetId").cloned().unwrap_or(value))
    });
    Ok((ids.collect::<Outcome<_>>()?, cursor.span))
}

/// The zone of each subnet, or what stands for it where it is not known.
fn zones_of(scene: &Scene<'_>, subnets: &[Value]) -> Outcome<Vec<Value>> {
    let zone = |subnet: &Value| match resource_of(scene, subnet, SUBNET) {
        Some(at) => {
            let zone = scene.property(at, "AvailabilityZone")?;
            Ok(if zone.is_absent() { subnet.clone() } else { zone })
        }
        None => Ok(subnet.clone()),
    };
    subnets.iter().map(zone).collect()
}

fn zones(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let (subnets, span) = subnets(scene, at)?;
    // A list that the user gives: how many there are is not known.
    if subnets.is_empty() || matches!(&subnets[..], [Value::Unknown(unknown)] if unknown.resource().is_none()) {
        return Ok(Vec::new());
    }
    let mut zones = zones_of(scene, &subnets)?;
    zones.dedup();
    if zones.len() >= ZONES_LEAST {
        return Ok(Vec::new());
    }
    Ok(vec![Problem::new("zones", "all of it lies in one Availability Zone").at(span)])
}

fn distinct(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let (subnets, span) = subnets(scene, at)?;
    let zones = zones_of(scene, &subnets)?;
    let twice = zones.iter().enumerate().find(|(at, zone)| zones[..*at].contains(zone));
    let problem =
        twice.map(|(_, zone)| Problem::new("zones", format!("two of its subnets lie in the zone {zone}")).at(span));
    Ok(problem.into_iter().collect())
}

fn way_out(scene: &Scene<'_>, at: &Address, _: usize) -> Outcome<Vec<Problem>> {
    let (subnets, span) = subnets(scene, at)?;
    for subnet in &subnets {
        if let Some((reason, hint)) = dead_end(scene, at, subnet)? {
            let name = subnet.resource().map_or_else(|| subnet.to_string(), |subnet| scene.path(subnet));
            let message = format!("a task in {name} cannot fetch its image or write its logs: {reason}");
            return Ok(vec![Problem::new("way out", message).hint(hint).at(span)]);
        }
    }
    Ok(Vec::new())
}

/// Why nothing leaves a subnet, and what to do about it.
fn dead_end(scene: &Scene<'_>, service: &Address, subnet: &Value) -> Outcome<Option<(String, &'static str)>> {
    match routes::exit(scene, subnet)? {
        Exit::Unknown | Exit::Elsewhere => Ok(None),
        Exit::InternetGateway => {
            let assigned = balancing::network_of(scene, service)?.get("AssignPublicIp")?.value()?;
            if assigned.as_text() == Some("ENABLED") || !assigned.is_known() {
                return Ok(None);
            }
            let reason = "it has no public address, and the subnet no other way than an internet gateway".to_owned();
            Ok(Some((reason, "use private subnets with a NAT gateway, or set `AssignPublicIp` to ENABLED")))
        }
        Exit::Nat(nat) => {
            let gateway = scene.property(&nat, "SubnetId")?;
            Ok(match routes::exit(scene, &gateway)? {
                Exit::Closed | Exit::Nat(_) => {
                    let reason = format!("{} does not lie in a public subnet", scene.path(&nat));
                    Some((reason, "give the subnet of the NAT gateway a route to an internet gateway"))
                }
                _ => None,
            })
        }
        Exit::Closed => {
            let missing = missing_endpoints(scene, subnet)?;
            let reason = format!("no route leaves the subnet, and it lacks endpoints for {}", missing.join(", "));
            let hint = "add a NAT gateway, or these endpoints with private DNS names";
            Ok((!missing.is_empty()).then_some((reason, hint)))
        }
    }
}

/// The services that a task needs and that have no endpoint in the VPC of a subnet.
fn missing_endpoints(scene: &Scene<'_>, subnet: &Value) -> Outcome<Vec<&'static str>> {
    let Some(subnet) = resource_of(scene, subnet, SUBNET) else { return Ok(Vec::new()) };
    let (vpc, table) = (scene.property(subnet, "VpcId")?, routes::table(scene, subnet)?);
    let mut missing = vec!["ecr.api", "ecr.dkr", "logs", "s3"];
    for endpoint in scene.existing("AWS::EC2::VPCEndpoint")? {
        let properties = scene.cursor(endpoint);
        if properties.get("VpcId")?.value()? != vpc {
            continue;
        }
        let name = properties.get("ServiceName")?.value()?.to_string();
        // A gateway endpoint serves the route tables that it names.
        let tables = properties.get("RouteTableIds")?.values()?;
        if tables.is_empty() || table.as_ref().is_some_and(|table| tables.contains(table)) {
            missing.retain(|service| !name.ends_with(&format!(".{service}")));
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use crate::prove::tests::findings;

    const VPC: &str = "
Parameters: {Second: {Type: String, Default: 10.0.1.0/24, AllowedValues: [10.0.1.0/24, 10.0.0.0/25, 10.1.0.0/24]}}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  One: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: a}}
  Two: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: !Ref Second, AvailabilityZone: b}}
";

    #[test]
    fn ranges_outside_of_the_vpc_and_over_each_other_are_found() {
        let expected = [
            "One: the subnet 10.0.0.0/24 overlaps 10.0.0.0/25 of Two [Second=10.0.0.0/25]",
            "Two: the subnet 10.1.0.0/24 does not lie in its VPC, 10.0.0.0/16 [Second=10.1.0.0/24]",
        ];
        assert_eq!(findings(&[("t.yaml", VPC)], "P301"), expected);
    }

    #[test]
    fn ranges_that_the_user_writes_out_are_left_to_the_user() {
        let free = VPC.replace("AllowedValues: [10.0.1.0/24, 10.0.0.0/25, 10.1.0.0/24]", "AllowedPattern: '.*'");
        assert!(findings(&[("t.yaml", &free)], "P301").is_empty());
        let default = free.replace("Default: 10.0.1.0/24", "Default: 10.0.0.0/24");
        assert_eq!(findings(&[("t.yaml", &default)], "P301").len(), 1, "the default is the template's own");
    }

    fn balancer(subnets: &str) -> String {
        format!(
            "{VPC}  Balancer: {{Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {{Subnets: {subnets}}}}}"
        )
    }

    #[test]
    fn one_zone_is_not_enough_and_no_zone_may_be_there_twice() {
        assert_eq!(
            findings(&[("t.yaml", &balancer("[!Ref One]"))], "P302"),
            ["Balancer: all of it lies in one Availability Zone []"]
        );
        let both = balancer("[!Ref One, !Ref Two]");
        assert!(findings(&[("t.yaml", &both)], "P302").is_empty() && findings(&[("t.yaml", &both)], "P303").is_empty());
        let same = both.replace("AvailabilityZone: b", "AvailabilityZone: a");
        assert_eq!(findings(&[("t.yaml", &same)], "P303"), ["Balancer: two of its subnets lie in the zone a []"]);
    }

    fn service(rest: &str) -> String {
        format!(
            "{VPC}
  Service: {{Type: 'AWS::ECS::Service', Properties: {{NetworkConfiguration: {{AwsvpcConfiguration: {{Subnets: [!Ref One]}}}}}}}}
  Table: {{Type: 'AWS::EC2::RouteTable', Properties: {{VpcId: !Ref Vpc}}}}
  Association: {{Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {{SubnetId: !Ref One, RouteTableId: !Ref Table}}}}
{rest}"
        )
    }

    #[test]
    fn a_task_without_a_way_out_is_found() {
        let found = findings(&[("t.yaml", &service(""))], "P304");
        assert!(found[0].contains("it lacks endpoints for ecr.api, ecr.dkr, logs, s3"), "{found:?}");
        let mut endpoints = String::new();
        for (at, name) in ["ecr.api", "ecr.dkr", "logs"].iter().enumerate() {
            endpoints.push_str(&format!(
                "  E{at}: {{Type: 'AWS::EC2::VPCEndpoint', Properties: {{VpcId: !Ref Vpc, ServiceName: !Sub 'com.amazonaws.${{AWS::Region}}.{name}'}}}}\n"
            ));
        }
        let found = findings(&[("t.yaml", &service(&endpoints))], "P304");
        assert!(found[0].contains("it lacks endpoints for s3"), "{found:?}");
        endpoints.push_str("  S3: {Type: 'AWS::EC2::VPCEndpoint', Properties: {VpcId: !Ref Vpc, RouteTableIds: [!Ref Table], ServiceName: com.amazonaws.eu-west-1.s3}}\n");
        assert!(findings(&[("t.yaml", &service(&endpoints))], "P304").is_empty());
    }

    #[test]
    fn a_nat_gateway_must_lie_in_a_public_subnet() {
        let nat = "
  Nat: {Type: 'AWS::EC2::NatGateway', Properties: {SubnetId: !Ref Two}}
  Out: {Type: 'AWS::EC2::Route', Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref Nat}}
";
        let found = findings(&[("t.yaml", &service(nat))], "P304");
        assert!(found[0].contains("Nat does not lie in a public subnet"), "{found:?}");
        let public = "
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Public: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
  PublicRoute: {Type: 'AWS::EC2::Route', Properties: {RouteTableId: !Ref Public, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}}
  PublicTwo: {Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: {SubnetId: !Ref Two, RouteTableId: !Ref Public}}
";
        assert!(findings(&[("t.yaml", &service(&format!("{nat}{public}")))], "P304").is_empty());
    }

    #[test]
    fn a_task_behind_an_internet_gateway_needs_a_public_address() {
        let public = "
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Out: {Type: 'AWS::EC2::Route', Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}}
";
        assert!(findings(&[("t.yaml", &service(public))], "P304")[0].contains("it has no public address"));
        let assigned = service(public).replace("Subnets: [!Ref One]}", "Subnets: [!Ref One], AssignPublicIp: ENABLED}");
        assert!(findings(&[("t.yaml", &assigned)], "P304").is_empty());
    }
}
