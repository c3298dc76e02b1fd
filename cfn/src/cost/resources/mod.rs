//! How each type of resource is charged for.

mod compute;
mod network;
mod operation;
mod storage;

use super::estimate::Bill;
use super::scene::{Scene, Subject};
use super::usage::MONTH_HOURS;

/// Why a resource cannot be priced, or not wholly.
type Outcome = Result<(), String>;

pub(super) fn price(scene: &Scene<'_>, subject: Subject<'_>, bill: &mut Bill<'_>) {
    if let Err(why) = charges(scene, subject, bill) {
        bill.not_priced(why);
    }
}

fn charges(scene: &Scene<'_>, subject: Subject<'_>, bill: &mut Bill<'_>) -> Outcome {
    match subject.resource.kind.as_str() {
        "AWS::APS::Workspace" => operation::prometheus_workspace(scene, bill),
        "AWS::CloudFormation::Stack" if !subject.has_template() => {
            return Err("its template is not there, and so nothing that it makes is in the sums".to_owned());
        }
        "AWS::CloudWatch::Alarm" => operation::alarm(subject, bill),
        "AWS::CloudWatch::CompositeAlarm" => bill.add("composite alarm", "cloudwatch/composite-alarm", 1.0),
        "AWS::CloudWatch::Dashboard" => bill.add("dashboard", "cloudwatch/dashboard", 1.0),
        "AWS::EC2::EIP" => bill.add("public IPv4 address", "public-ipv4/hour", MONTH_HOURS),
        "AWS::EC2::NatGateway" => network::nat_gateway(scene, bill),
        "AWS::EC2::VPCEndpoint" => network::vpc_endpoint(scene, subject, bill)?,
        "AWS::ECS::Cluster" => compute::cluster(scene, subject, bill)?,
        "AWS::ECS::Service" => compute::service(scene, subject, bill)?,
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => network::load_balancer(scene, subject, bill)?,
        "AWS::KMS::Key" | "AWS::KMS::ReplicaKey" => bill.add("key", "kms/key", 1.0),
        "AWS::Logs::LogGroup" => operation::log_group(scene, subject, bill)?,
        "AWS::Logs::MetricFilter" => operation::metric_filter(subject, bill),
        "AWS::OpenSearchService::Domain" => storage::domain(scene, subject, bill)?,
        "AWS::Route53::HostedZone"
        | "AWS::ServiceDiscovery::PrivateDnsNamespace"
        | "AWS::ServiceDiscovery::PublicDnsNamespace" => bill.add("hosted zone", "hosted-zone/month", 1.0),
        "AWS::S3::Bucket" => storage::bucket(scene, subject, bill)?,
        "AWS::SecretsManager::Secret" => bill.add("secret", "secrets-manager/secret", 1.0),
        kind => match scene.prices.free(kind) {
            Some(why) => bill.free(why),
            None => return Err("this type of resource is not known here".to_owned()),
        },
    }
    Ok(())
}

/// What a reader must know beside the sums.
pub(super) fn notes(scene: &Scene<'_>) -> Vec<String> {
    let domains = scene.of_kind("AWS::OpenSearchService::Domain").filter_map(|domain| storage::shortage(scene, domain));
    let tasks = scene.of_kind("AWS::ECS::TaskDefinition").filter_map(|task| storage::memory_span(scene, task));
    domains.chain(tasks).collect()
}
