//! How much of a quota is used: counted, or as CloudWatch knows it where counting would take long.

use super::Subject;
use jqs_stacks::query::{CLOUDWATCH, EC2, ELB, Element, MARKER, OPENSEARCH, Outcome, TOKEN};
use serde_json::Value;
use std::collections::BTreeMap;

/// AWS tells the use of Fargate every five minutes.
const METRIC_WINDOW_SECONDS: i64 = 3_600;
const METRIC_PERIOD_SECONDS: &str = "300";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    /// The quota is that of the new thing itself.
    Nothing,
    Vpcs,
    InternetGateways,
    NatGateways,
    Addresses,
    /// Of a type.
    Balancers(&'static str),
    /// vCPUs of a class of capacity.
    Fargate(&'static str),
    Domains,
}

/// In the zone with the least of it, and in the one with the most; the same where zones do not matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Used {
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Used {
    fn of(number: f64) -> Self {
        Self { least: number, most: number }
    }
}

impl Usage {
    pub(super) async fn of(self, subject: &Subject) -> Outcome<Used> {
        let count = |action: &'static str, list: &'static str| async move {
            let found = subject.query.list(EC2, action, &[], list, TOKEN).await?;
            Ok(Used::of(found.len() as f64))
        };
        match self {
            Self::Nothing => Ok(Used::of(0.0)),
            Self::Vpcs => count("DescribeVpcs", "vpcSet").await,
            Self::InternetGateways => count("DescribeInternetGateways", "internetGatewaySet").await,
            Self::Addresses => count("DescribeAddresses", "addressesSet").await,
            Self::NatGateways => nat_gateways(subject).await,
            Self::Balancers(kind) => {
                let all = subject.query.list(ELB, "DescribeLoadBalancers", &[], "LoadBalancers", MARKER).await?;
                Ok(Used::of(all.iter().filter(|one| one.text("Type") == kind).count() as f64))
            }
            Self::Domains => {
                let answer = subject.query.get_json(OPENSEARCH, "domain", "ListDomainNames").await?;
                Ok(Used::of(answer["DomainNames"].as_array().map_or(0.0, |all: &Vec<Value>| all.len() as f64)))
            }
            Self::Fargate(class) => fargate(subject, class).await,
        }
    }
}

/// By zone; one that is gone, or failed to come, does not count.
async fn nat_gateways(subject: &Subject) -> Outcome<Used> {
    let all = subject.query.list(EC2, "DescribeNatGateways", &[], "natGatewaySet", TOKEN).await?;
    let subnets = subject.query.list(EC2, "DescribeSubnets", &[], "subnetSet", TOKEN).await?;
    let zones = subject.query.query(EC2, "DescribeAvailabilityZones", &[]).await?;
    Ok(by_zone(&all, &subnets, zones.list("availabilityZoneInfo")))
}

fn by_zone(gateways: &[Element], subnets: &[Element], zones: &[Element]) -> Used {
    let mut counts: BTreeMap<&str, f64> = zones.iter().map(|zone| (zone.text("zoneName"), 0.0)).collect();
    for gateway in gateways.iter().filter(|one| matches!(one.text("state"), "pending" | "available" | "deleting")) {
        let subnet = subnets.iter().find(|subnet| subnet.text("subnetId") == gateway.text("subnetId"));
        *counts.entry(subnet.map_or("", |subnet| subnet.text("availabilityZone"))).or_default() += 1.0;
    }
    let least = counts.values().copied().reduce(f64::min).unwrap_or_default();
    Used { least, most: counts.values().copied().fold(0.0, f64::max) }
}

async fn fargate(subject: &Subject, class: &str) -> Outcome<Used> {
    let now = jiff::Timestamp::now();
    let begin = jiff::Timestamp::from_second(now.as_second() - METRIC_WINDOW_SECONDS).unwrap_or(now);
    let (begin, end) = (begin.to_string(), now.to_string());
    let mut parameters = vec![
        ("Namespace", "AWS/Usage"),
        ("MetricName", "ResourceCount"),
        ("StartTime", &begin),
        ("EndTime", &end),
        ("Period", METRIC_PERIOD_SECONDS),
        ("Statistics.member.1", "Maximum"),
    ];
    let dimensions = [
        ("Dimensions.member.1.Name", "Service", "Dimensions.member.1.Value", "Fargate"),
        ("Dimensions.member.2.Name", "Type", "Dimensions.member.2.Value", "Resource"),
        ("Dimensions.member.3.Name", "Resource", "Dimensions.member.3.Value", "vCPU"),
        ("Dimensions.member.4.Name", "Class", "Dimensions.member.4.Value", class),
    ];
    parameters.extend(dimensions.iter().flat_map(|(name, of, value, is)| [(*name, *of), (*value, *is)]));
    let answer = subject.query.query(CLOUDWATCH, "GetMetricStatistics", &parameters).await?;
    let points = answer.list("Datapoints");
    // Points come in no order. Where none is told, nothing runs.
    let last = points.iter().max_by_key(|point| point.text("Timestamp").to_owned());
    Ok(Used::of(last.and_then(|point| point.text("Maximum").parse().ok()).unwrap_or_default()))
}
