//! Estimates of whole templates, worked out by hand beside them.

use super::*;
use crate::eval::{Folder, Given, Library, ResolvedResource, ResolvedStack, StackId, StackTree, Value, resolve};
use crate::template::{Position, Span, Template};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

fn prices(region: &str) -> Prices {
    PriceList::built_in().and_then(|list| list.in_region(region)).expect("a region with prices")
}

fn library(text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("t.yaml".to_owned(), text.to_owned())])
}

fn resolved(text: &str, given: &Given) -> ResolvedStack {
    let tree = StackTree::open(&library(text), "t.yaml").expect("a valid template");
    resolve(&tree, given).expect("no fault")
}

/// What the resources of one template cost, by their logical ids.
fn costs(text: &str, usage: &Usage) -> BTreeMap<String, (f64, f64)> {
    let estimate = estimate(&resolved(text, &Given::new("us-east-1")), &prices("us-east-1"), usage);
    let resources = estimate.stacks[0].resources.iter();
    resources.map(|each| (each.logical_id.clone(), (cents(each.total.least), cents(each.total.most)))).collect()
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

#[test]
fn a_service_costs_its_tasks_between_the_bounds_of_its_scaling() {
    let text = "
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Cpu: '512', Memory: '2048', RuntimePlatform: {CpuArchitecture: ARM64}}
  Fixed:
    Type: AWS::ECS::Service
    Properties: {LaunchType: FARGATE, DesiredCount: 3, TaskDefinition: !Ref Task}
  Scaled:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      CapacityProviderStrategy: [{CapacityProvider: FARGATE, Weight: 1}, {CapacityProvider: FARGATE_SPOT, Weight: 3}]
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: {ResourceId: !Sub 'service/c/${Scaled.Name}', MinCapacity: 1, MaxCapacity: 10}
  Elsewhere:
    Type: AWS::ECS::Service
    Properties: {LaunchType: EC2, TaskDefinition: !Ref Task}
";
    let costs = costs(text, &Usage::default());
    // Half a vCPU and 2 GB for 730 hours: 0.03238 / 2 + 0.00356 × 2 an hour.
    let task = 730.0 * (0.03238 / 2.0 + 0.00356 * 2.0);
    assert_eq!(costs["Fixed"], (cents(3.0 * task), cents(3.0 * task)));
    // Three of four tasks on Spot, at 30 % of the price.
    let mixed = task / 4.0 + task * 0.75 * 0.3;
    assert_eq!(costs["Scaled"], (cents(mixed), cents(10.0 * mixed)));
    assert_eq!((costs["Task"], costs["Target"], costs["Elsewhere"]), ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0)));
}

#[test]
fn networks_cost_hours_and_what_passes_through() {
    let text = "
Resources:
  NatA: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: subnet-1}}
  NatB: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: subnet-2}}
  Address: {Type: AWS::EC2::EIP}
  Free: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcEndpointType: Gateway}}
  Inside:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Type: network
      Scheme: internal
      Subnets: [subnet-1, subnet-2]
      LoadBalancerAttributes: [{Key: load_balancing.cross_zone.enabled, Value: 'true'}]
  Outside:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Type: application, Scheme: internet-facing, Subnets: [subnet-1, subnet-2, subnet-3]}
";
    // 24 million spans of 1000 bytes a day are 730 GB a month; no queries.
    let usage =
        Usage { spans_per_day: 24e6, span_bytes: 1000.0, queries_per_day: 0.0, nat_gb: 100.0, ..Usage::default() };
    let found = costs(text, &usage);
    assert_eq!(found["NatA"].0, cents(730.0 * 0.045 + 50.0 * 0.045));
    assert_eq!(found["Address"].0, cents(730.0 * 0.005));
    assert_eq!(found["Free"].0, 0.0);
    // Either takes half of the traffic. Half of what the first takes crosses between its two zones, paid for twice.
    assert_eq!(found["Inside"].0, cents(730.0 * 0.0225 + 365.0 * 0.006 + 182.5 * 2.0 * 0.01));
    assert_eq!(found["Outside"].0, cents(730.0 * 0.0225 + 365.0 * 0.008 + 3.0 * 730.0 * 0.005));

    let endpoint =
        "  Logs: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcEndpointType: Interface, SubnetIds: [a, b]}}\n";
    let found = costs(&format!("{text}{endpoint}"), &usage);
    assert_eq!(found["Logs"].0, cents(2.0 * 730.0 * 0.01 + 100.0 * 0.01));
    assert_eq!(found["NatA"].0, cents(730.0 * 0.045), "the data takes the endpoint");
}

const DOMAIN: &str = "
Parameters: {TraceRetentionDays: {Type: Number, Default: 7}}
Resources:
  Domain:
    Type: AWS::OpenSearchService::Domain
    Properties:
      ClusterConfig:
        InstanceType: m7g.medium.search
        InstanceCount: 2
        DedicatedMasterEnabled: true
        DedicatedMasterType: m7g.large.search
        DedicatedMasterCount: 3
        ZoneAwarenessConfig: {AvailabilityZoneCount: 2}
      EBSOptions: {EBSEnabled: true, VolumeType: gp3, VolumeSize: 100, Iops: 4000, Throughput: 225}
";

#[test]
fn a_domain_costs_its_nodes_and_their_volumes() {
    let usage = Usage { spans_per_day: 24e6, span_bytes: 1000.0, queries_per_day: 0.0, ..Usage::default() };
    let nodes = 730.0 * (2.0 * 0.068 + 3.0 * 0.135);
    let volumes = 200.0 * 0.122 + 2.0 * 1000.0 * 0.008 + 2.0 * 100.0 * 0.064;
    let crossing = 365.0 * 2.0 * 0.01;
    assert_eq!(costs(DOMAIN, &usage)["Domain"].0, cents(nodes + volumes + crossing));
}

#[test]
fn warm_nodes_cost_their_hours_and_what_they_store_is_told_of() {
    let warm =
        "ClusterConfig:\n        WarmEnabled: true\n        WarmCount: 2\n        WarmType: ultrawarm1.medium.search\n";
    let text = DOMAIN.replace("ClusterConfig:\n", warm);
    let usage = Usage { spans_per_day: 10e6, span_bytes: 1000.0, ..Usage::default() };
    let added = costs(&text, &usage)["Domain"].0 - costs(DOMAIN, &usage)["Domain"].0;
    assert_eq!(cents(added), cents(730.0 * 2.0 * 0.238));
    let estimate = estimate(&resolved(&text, &Given::new("us-east-1")), &prices("us-east-1"), &usage);
    assert_eq!(estimate.stacks[0].resources[0].not_priced.len(), 1);
    assert!(estimate.notes.is_empty(), "what is moved need not fit into the volumes: {:?}", estimate.notes);
}

#[test]
fn spans_that_do_not_fit_are_told_of() {
    let notes = |given: &Given, spans_per_day| {
        let usage = Usage { spans_per_day, span_bytes: 1000.0, ..Usage::default() };
        estimate(&resolved(DOMAIN, given), &prices("us-east-1"), &usage).notes
    };
    // 10 GB a day for 7 days, twice, with 45 % for the system and its reserve: 203 GB in 200.
    let given = Given::new("us-east-1");
    assert!(notes(&given, 10e6)[0].contains("has 200 GB of volumes, and the spans of 7 days need 203 GB"));
    assert!(notes(&given, 9e6).is_empty());
    assert!(notes(&given.with("TraceRetentionDays", "6"), 10e6).is_empty());
}

#[test]
fn memory_tells_for_how_long_it_lasts() {
    let text = "
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Environment: [{Name: JQS_MEMORY_MAX_BYTES, Value: '1250000000'}]}]}
";
    let usage = Usage { spans_per_day: 10e6, span_bytes: 500.0, ..Usage::default() };
    let notes = estimate(&resolved(text, &Given::new("us-east-1")), &prices("us-east-1"), &usage).notes;
    assert_eq!(notes, ["`Task` keeps traces in memory, of these spans those of the last 6 hours"]);
}

#[test]
fn logs_alarms_and_metrics_cost_what_they_hold() {
    let text = "
Resources:
  Group: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}
  Insights: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /aws/ecs/containerinsights/c/performance}}
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {MetricName: M}}
  Ratio:
    Type: AWS::CloudWatch::Alarm
    Properties: {Metrics: [{Expression: a/b}, {Id: a, MetricStat: {}}, {Id: b, MetricStat: {}}]}
  Filter: {Type: AWS::Logs::MetricFilter, Properties: {MetricTransformations: [{MetricName: a}, {MetricName: b}]}}
  Board: {Type: AWS::CloudWatch::Dashboard, Properties: {DashboardBody: '{}'}}
  Workspace: {Type: AWS::APS::Workspace}
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {LifecycleConfiguration: {Rules: [{ExpirationInDays: 30}, {ExpirationInDays: 10}]}}
";
    let usage = Usage { spans_per_day: 10e6, span_bytes: 500.0, log_gb: 2.0, ..Usage::default() };
    let found = costs(text, &usage);
    assert_eq!(found["Group"].0, cents(2.0 * 0.5 + 2.0 * (30.0 / (730.0 / 24.0)) * 0.15 * 0.03));
    assert_eq!(found["Insights"].0, 0.0);
    assert_eq!(found["Filter"].0, 0.6);
    assert_eq!((found["Alarm"].0, found["Ratio"].0, found["Board"].0), (0.1, 0.2, 3.0));
    // A thousand series, once a minute: 43.8 million samples.
    assert_eq!(found["Workspace"].0, cents(43.8 * 0.09));
    // 5 GB a day for 10 days; an object a minute; a thousand queries a day of 20 objects each.
    let requests = 43_800.0 * 0.000_005 + 1000.0 * (730.0 / 24.0) * 20.0 * 0.000_000_4;
    assert_eq!(found["Bucket"].0, cents(50.0 * 0.023 + requests));

    let cluster = "  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterSettings: [{Name: containerInsights, Value: enabled}]}}\n";
    let found = costs(&format!("{text}{cluster}"), &usage);
    assert_eq!(found["Cluster"].0, cents(8.0 * 0.3));
    assert!(found["Insights"].0 > 0.0, "it fills as soon as Container Insights is on");
}

#[test]
fn the_same_spans_on_xray_are_beside_it() {
    let usage = Usage { spans_per_day: 10e6, spans_per_trace: 10.0, span_bytes: 500.0, ..Usage::default() };
    let estimate = estimate(
        &resolved("Resources: {A: {Type: AWS::SNS::Topic}}", &Given::new("us-east-1")),
        &prices("us-east-1"),
        &usage,
    );
    let days = 730.0 / 24.0;
    let [xray, search] = &estimate.alternatives[..] else { panic!("two of them") };
    // A million traces a day, and a thousand queries of twenty traces each.
    assert_eq!(cents(xray.cost), cents(days * 5.0 + days * 20_000.0 / 1e6 * 0.5));
    assert_eq!(cents(search.cost), cents(days * 5.0 * 0.35));
}

#[test]
fn what_only_a_deployment_knows_is_said_and_not_guessed() {
    let text = "
Parameters: {Open: {Type: String}}
Resources:
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Cpu: '256', Memory: '512'}}
  Service: {Type: AWS::ECS::Service, Properties: {LaunchType: FARGATE, DesiredCount: !Ref Open, TaskDefinition: !Ref Task}}
  Endpoint: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcEndpointType: !Ref Open}}
  Group: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !Ref Open}}
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterSettings: [{Name: containerInsights, Value: !Ref Open}]}}
  Domain:
    Type: AWS::OpenSearchService::Domain
    Properties:
      ClusterConfig: {InstanceType: m7g.medium.search, InstanceCount: 1}
      EBSOptions: {EBSEnabled: true, VolumeSize: !Ref Open}
";
    let estimate = estimate(&resolved(text, &Given::new("us-east-1")), &prices("us-east-1"), &Usage::default());
    for resource in estimate.stacks[0].resources.iter().filter(|resource| resource.logical_id != "Task") {
        assert_eq!(resource.not_priced.len(), 1, "{}: {:?}", resource.logical_id, resource.not_priced);
    }
}

#[test]
fn what_has_no_price_is_named_and_never_zero_in_silence() {
    let text = "
Resources:
  Cache: {Type: AWS::ElastiCache::ReplicationGroup}
  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./nobody.yaml}}
  Domain:
    Type: AWS::OpenSearchService::Domain
    Properties: {ClusterConfig: {InstanceType: x9.huge.search}}
";
    let estimate = estimate(&resolved(text, &Given::new("us-east-1")), &prices("us-east-1"), &Usage::default());
    let report = super::text(&estimate);
    for line in [
        "  Cache (AWS::ElastiCache::ReplicationGroup): this type of resource is not known here",
        "  Nested (AWS::CloudFormation::Stack): its template is not there, and so nothing that it makes is in the sums",
        "  Domain (AWS::OpenSearchService::Domain): data nodes, x9.huge.search: there is no price `opensearch-instance/x9.huge.search`",
    ] {
        assert!(report.contains(line), "{report}");
    }
}

/// Every type that our templates use, whatever their conditions.
fn kinds_of_our_templates() -> BTreeSet<String> {
    let folder = Folder::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates")).expect("our templates");
    let mut kinds = BTreeSet::new();
    for name in folder.names().expect("listed") {
        let text = folder.text(&name).expect("read").expect("there");
        let template = Template::read(&name, &text).expect("a valid template");
        kinds.extend(template.resources.into_iter().map(|resource| resource.kind));
    }
    kinds
}

#[test]
fn every_type_of_our_templates_is_priced_or_said_to_be_free() {
    let kinds = kinds_of_our_templates();
    assert!(kinds.contains("AWS::ECS::Service"));
    let resource = |kind: &String| ResolvedResource {
        logical_id: kind.clone(),
        kind: kind.clone(),
        properties: Value::Map(Arc::from([])),
        depends_on: Vec::new(),
        deletion_policy: None,
        update_replace_policy: None,
        span: Span { start: Position::START, end: Position::START },
    };
    let stack = ResolvedStack {
        id: StackId::ROOT,
        path: Vec::new(),
        file: String::new(),
        description: None,
        parameters: Vec::new(),
        resources: kinds.iter().map(resource).collect(),
        outputs: Vec::new(),
        children: Vec::new(),
    };
    let estimate = estimate(&stack, &prices("eu-west-1"), &Usage::default());
    for resource in &estimate.stacks[0].resources {
        let is_known = !resource.not_priced.iter().any(|why| why.contains("not known here"));
        assert!(is_known, "{} has neither a price nor a reason to be free", resource.kind);
    }
}

#[test]
fn our_entry_is_priced_whole_in_every_region_that_has_prices() {
    let folder = Folder::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates")).expect("our templates");
    let tree = StackTree::open(&folder, "jaeger-new-vpc.yaml").expect("valid");
    for (storage, region) in [("memory", "us-east-1"), ("opensearch", "eu-central-1"), ("opensearch", "sa-east-1")] {
        let given = Given::new(region).with("StorageBackend", storage);
        let estimate = estimate(&resolve(&tree, &given).expect("no fault"), &prices(region), &Usage::default());
        let all = || estimate.stacks.iter().flat_map(|stack| &stack.resources);
        let missing: Vec<_> = all().flat_map(|resource| &resource.not_priced).collect();
        assert!(missing.is_empty(), "{storage} {region}: {missing:?}");
        let sum: f64 = all().flat_map(|resource| &resource.charges).map(|charge| charge.cost.least).sum();
        assert!((sum - estimate.total.least).abs() < 1e-6 && estimate.total.least > 50.0, "{:?}", estimate.total);
        assert_eq!(storage == "opensearch", estimate.total.most > estimate.total.least);
    }
}

#[test]
fn both_reports_show_sums_marks_and_assumptions() {
    let text = "Resources:\n  Nat: {Type: AWS::EC2::NatGateway}\n  Role: {Type: AWS::IAM::Role}\n";
    let estimate = estimate(&resolved(text, &Given::new("eu-west-3")), &prices("eu-west-3"), &Usage::default());
    let (plain, table) = (super::text(&estimate), markdown(&estimate));
    // 730 × 0.045 × 1.17 and 10 × 0.045 × 1.17.
    for part in ["Total", "38.96", "~0.05265 per hour", "identities are free: 1 IAM::Role", "spans-per-day: 10M"] {
        assert!(plain.contains(part) && table.contains(part), "{part}\n{plain}\n{table}");
    }
    assert!(table.contains("| **Total** |  |  |  | **38.96** | **38.96** |"), "{table}");
    assert!(plain.contains("USD") && plain.contains("eu-west-3") && plain.contains(&estimate.as_of), "{plain}");
}
