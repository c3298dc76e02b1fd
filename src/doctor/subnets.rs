//! The subnets of an existing VPC: whether they are there, apart, large enough, and lead the tasks to where they must get.

use super::Subject;
use super::finding::{About, Finding};
use jqs_stacks::query::{EC2, Element, Outcome, TOKEN};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A load balancer asks for eight free addresses in each of its subnets.
const DEFAULT_FREE_ADDRESSES_MIN: u64 = 8;
/// What a task must reach before it starts: its image, and its logs. The layers of the image are in S3.
const NEEDED_ENDPOINTS: [&str; 3] = ["ecr.api", "ecr.dkr", "logs"];
const GATEWAY_ENDPOINT: &str = "s3";

pub(super) const SUBNETS: About = About { id: "subnets", title: "Subnets" };
const WAY_OUT: About = About { id: "way-out", title: "Way out of the subnets" };

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    let vpc = subject.parameter("VPCID");
    if vpc.is_empty() {
        return Vec::new();
    }
    let ids = |name: &str| -> Vec<String> {
        let parts = subject.parameter(name).split(',').map(str::trim).filter(|id| !id.is_empty());
        parts.map(str::to_owned).collect()
    };
    let (private, public) = (ids("PrivateSubnetIDs"), ids("PublicSubnetIDs"));
    let network = match Network::look(&subject, vpc).await {
        Ok(network) => network,
        Err(refusal) => return vec![SUBNETS.unanswered(refusal)],
    };
    let is_facing = subject.parameter("LoadBalancerScheme") == "internet-facing";
    vec![network.subnets(vpc, &private, &public, is_facing), network.way_out(&subject, &private)]
}

struct Network {
    subnets: BTreeMap<String, Element>,
    tables: Vec<Element>,
    endpoints: Vec<Element>,
}

impl Network {
    async fn look(subject: &Subject, vpc: &str) -> Outcome<Self> {
        let filter = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc)];
        let list = |action: &'static str, list: &'static str| subject.query.list(EC2, action, &filter, list, TOKEN);
        let subnets = list("DescribeSubnets", "subnetSet").await?;
        let tables = list("DescribeRouteTables", "routeTableSet").await?;
        let endpoints = list("DescribeVpcEndpoints", "vpcEndpointSet").await?;
        let subnets = subnets.into_iter().map(|subnet| (subnet.text("subnetId").to_owned(), subnet)).collect();
        Ok(Self { subnets, tables, endpoints })
    }

    fn subnets(&self, vpc: &str, private: &[String], public: &[String], is_facing: bool) -> Finding {
        let all: Vec<&String> = private.iter().chain(public).collect();
        let absent: Vec<&str> =
            all.iter().filter(|id| !self.subnets.contains_key(**id)).map(|id| id.as_str()).collect();
        if !absent.is_empty() {
            let advice = format!("`aws ec2 describe-subnets --filters Name=vpc-id,Values={vpc}` lists those it has");
            return SUBNETS.failed(format!("{vpc} has no {}", absent.join(", "))).advice(advice);
        }
        let zones: BTreeSet<&str> = private.iter().map(|id| self.subnets[id].text("availabilityZone")).collect();
        if zones.len() < 2 || zones.len() < private.len() {
            let found = format!("the {} private subnets lie in {}", private.len(), listed(&zones));
            return SUBNETS.failed(found).advice("give one private subnet in each of two Availability Zones or more");
        }
        if is_facing && let Some(id) = public.iter().find(|id| self.exit(id) != Exit::Internet) {
            let found =
                format!("{id} has no route to an internet gateway, which an internet-facing load balancer needs");
            return SUBNETS.failed(found).advice("give public subnets with `--public-subnets`");
        }
        let free = |id: &&String| self.subnets[*id].text("availableIpAddressCount").parse::<u64>().unwrap_or_default();
        let Some(least) = all.into_iter().min_by_key(|id| free(id)) else { return SUBNETS.failed("none is given") };
        if free(&least) < DEFAULT_FREE_ADDRESSES_MIN {
            let found = format!(
                "{least} has {} free addresses: a load balancer wants {DEFAULT_FREE_ADDRESSES_MIN}",
                free(&least)
            );
            return SUBNETS.failed(found).advice("take a larger subnet, or free addresses in this one");
        }
        SUBNETS.ok(format!("in {}, with {} free addresses at least", listed(&zones), free(&least)))
    }

    fn way_out(&self, subject: &Subject, private: &[String]) -> Finding {
        let made = subject.parameter("CreateVpcEndpoints") == "Yes";
        if made && subject.adds("AWS::EC2::VPCEndpoint") {
            let there: Vec<&str> = NEEDED_ENDPOINTS.into_iter().filter(|name| self.has_endpoint(name)).collect();
            if !there.is_empty() {
                let found = format!("the VPC has endpoints for {} already, and takes each once", there.join(", "));
                return WAY_OUT
                    .failed(found)
                    .advice("leave `CreateVpcEndpoints` at No, and make those that are missing");
            }
        }
        for id in private.iter().filter(|id| self.subnets.contains_key(*id)) {
            match self.exit(id) {
                Exit::Somewhere(_) => {}
                Exit::Internet | Exit::None => {
                    let missing = self.missing(id, made, subject.parameter("PrivateRouteTableIDs"));
                    if !missing.is_empty() {
                        let found = format!(
                            "{id} has no NAT and no endpoint for {}: no task could start in it",
                            missing.join(", ")
                        );
                        let advice = "give private subnets with a route to a NAT gateway, or `-P CreateVpcEndpoints=Yes` \
                                      and `-P PrivateRouteTableIDs=…`";
                        return WAY_OUT.failed(found).advice(advice);
                    }
                }
            }
        }
        let exits: BTreeSet<String> = private.iter().map(|id| self.exit(id).words()).collect();
        WAY_OUT.ok(exits.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// What a task in the subnet could not reach.
    fn missing(&self, subnet: &str, made: bool, tables: &str) -> Vec<&'static str> {
        let mut missing: Vec<&'static str> =
            NEEDED_ENDPOINTS.into_iter().filter(|name| !made && !self.has_endpoint(name)).collect();
        let table = self.table(subnet).map_or("", |table| table.text("routeTableId"));
        let has_gateway = self.endpoints.iter().filter(|one| serves(one, GATEWAY_ENDPOINT)).any(|one| {
            let tables = one.list("routeTableIdSet");
            one.text("vpcEndpointType") == "Interface" || tables.iter().any(|other| other.own_text() == table)
        });
        let is_made = made && tables.split(',').any(|other| other.trim() == table);
        if !has_gateway && !is_made {
            missing.push(GATEWAY_ENDPOINT);
        }
        missing
    }

    fn has_endpoint(&self, name: &str) -> bool {
        self.endpoints.iter().any(|one| serves(one, name))
    }

    /// The table of the subnet; of one that names none, the main one of the VPC.
    fn table(&self, subnet: &str) -> Option<&Element> {
        let associated =
            |table: &&Element, wanted: &dyn Fn(&Element) -> bool| table.list("associationSet").iter().any(wanted);
        let own = self.tables.iter().find(|table| associated(table, &|one| one.text("subnetId") == subnet));
        own.or_else(|| self.tables.iter().find(|table| associated(table, &|one| one.text("main") == "true")))
    }

    fn exit(&self, subnet: &str) -> Exit {
        let routes = self.table(subnet).map_or(&[][..], |table| table.list("routeSet"));
        let Some(route) = routes.iter().find(|route| route.text("destinationCidrBlock") == "0.0.0.0/0") else {
            return Exit::None;
        };
        let targets = [
            "natGatewayId",
            "transitGatewayId",
            "networkInterfaceId",
            "instanceId",
            "vpcPeeringConnectionId",
            "gatewayId",
        ];
        match targets.map(|name| route.text(name)).into_iter().find(|target| !target.is_empty()) {
            Some(_) if route.text("state") == "blackhole" => Exit::None,
            Some(target) if target.starts_with("igw-") => Exit::Internet,
            Some(target) => Exit::Somewhere(target.to_owned()),
            None => Exit::None,
        }
    }
}

/// Where the default route of a subnet leads.
#[derive(Debug, PartialEq, Eq)]
enum Exit {
    Somewhere(String),
    /// Which is no way out for a task: it has no public address.
    Internet,
    None,
}

impl Exit {
    fn words(&self) -> String {
        match self {
            Self::Somewhere(target) => format!("by {target}"),
            Self::Internet | Self::None => "by VPC endpoints".to_owned(),
        }
    }
}

/// `com.amazonaws.eu-west-1.ecr.api` serves `ecr.api`.
fn serves(endpoint: &Element, name: &str) -> bool {
    let service = endpoint.text("serviceName");
    let is_usable = matches!(endpoint.text("state").to_ascii_lowercase().as_str(), "available" | "pending" | "");
    is_usable && service.strip_suffix(name).is_some_and(|before| before.ends_with('.'))
}

fn listed(zones: &BTreeSet<&str>) -> String {
    zones.iter().copied().collect::<Vec<_>>().join(", ")
}
