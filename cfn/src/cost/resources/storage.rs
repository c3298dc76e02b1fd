//! Where traces are kept.

use super::super::estimate::Bill;
use super::super::scene::{Scene, Subject, number};
use super::super::usage::{MONTH_DAYS, MONTH_HOURS};
use super::Outcome;
use super::network::SIDES;
use crate::eval::Value;

/// Of gp3, what comes with a volume.
const FREE_IOPS: f64 = 3_000.0;
const FREE_THROUGHPUT: f64 = 125.0;
/// What AWS adds to the size of the indices for the system, for merges and as a reserve.
const OPENSEARCH_OVERHEAD: f64 = 1.45;
/// Objects that a bucket of traces takes in, one a minute.
const OBJECTS_PER_HOUR: f64 = 60.0;
/// Objects that a query reads.
const OBJECTS_PER_QUERY: f64 = 20.0;
const HOURS_PER_DAY: f64 = 24.0;
/// What tells our image how many bytes of spans it may keep in memory.
const MEMORY_LIMIT_VARIABLE: &str = "JQS_MEMORY_MAX_BYTES";

fn data_nodes(domain: Subject<'_>) -> Result<f64, String> {
    domain.number_or(&["ClusterConfig", "InstanceCount"], 1.0)
}

pub(super) fn domain(scene: &Scene<'_>, domain: Subject<'_>, bill: &mut Bill<'_>) -> Outcome {
    let nodes = data_nodes(domain)?;
    instances("data nodes", domain.text(&["ClusterConfig", "InstanceType"]), nodes, bill);
    if domain.is_true(&["ClusterConfig", "DedicatedMasterEnabled"])? {
        let masters = domain.number_or(&["ClusterConfig", "DedicatedMasterCount"], 3.0)?;
        instances("dedicated masters", domain.text(&["ClusterConfig", "DedicatedMasterType"]), masters, bill);
    }
    if domain.is_true(&["ClusterConfig", "WarmEnabled"])? {
        let warm =
            domain.number(&["ClusterConfig", "WarmCount"]).ok_or("the number of its UltraWarm nodes is not known")?;
        instances("UltraWarm nodes", domain.text(&["ClusterConfig", "WarmType"]), warm, bill);
        bill.not_priced("the indices on UltraWarm nodes: how much is moved there is not known");
    }
    if domain.is_true(&["EBSOptions", "EBSEnabled"])? {
        volumes(domain, nodes, bill)?;
    }
    // Copies between the nodes are free; what tasks send and read is not.
    let zones =
        domain.number_or(&["ClusterConfig", "ZoneAwarenessConfig", "AvailabilityZoneCount"], scene.usage.zones)?;
    let exchanged = scene.usage.received_gb() + scene.usage.answered_gb();
    bill.add("data between zones", "transfer/zones", exchanged * scene.crossing(zones) * SIDES);
    Ok(())
}

fn volumes(domain: Subject<'_>, nodes: f64, bill: &mut Bill<'_>) -> Outcome {
    let kind = domain.text_or(&["EBSOptions", "VolumeType"], "gp2")?;
    let size = domain.number(&["EBSOptions", "VolumeSize"]).ok_or("the size of its volumes is not known")?;
    bill.add("volumes", &format!("opensearch-volume/{kind}"), size * nodes);
    if kind == "gp3" {
        let iops = domain.number_or(&["EBSOptions", "Iops"], FREE_IOPS)?;
        let throughput = domain.number_or(&["EBSOptions", "Throughput"], FREE_THROUGHPUT)?;
        bill.add("IOPS", "opensearch-volume/iops", (iops - FREE_IOPS).max(0.0) * nodes);
        bill.add("throughput", "opensearch-volume/throughput", (throughput - FREE_THROUGHPUT).max(0.0) * nodes);
    }
    Ok(())
}

fn instances(what: &str, kind: Option<&str>, count: f64, bill: &mut Bill<'_>) {
    match kind {
        Some(kind) => {
            bill.add(&format!("{what}, {kind}"), &format!("opensearch-instance/{kind}"), count * MONTH_HOURS);
        }
        None => bill.not_priced(format!("{what}: their type is not known")),
    }
}

/// Says so where the spans do not fit into the volumes of a domain.
pub(super) fn shortage(scene: &Scene<'_>, domain: Subject<'_>) -> Option<String> {
    // How many of the spans are moved to UltraWarm nodes is not known, and so not what the volumes must hold.
    if domain.is_true(&["ClusterConfig", "WarmEnabled"]).unwrap_or(false) {
        return None;
    }
    let nodes = data_nodes(domain).ok()?;
    let has = domain.number(&["EBSOptions", "VolumeSize"])? * nodes;
    let copies = if nodes > 1.0 { 2.0 } else { 1.0 };
    let days = scene.retention_days();
    let needs = scene.usage.stored_gb(days) * copies * OPENSEARCH_OVERHEAD;
    (needs > has).then(|| {
        let replicas = if copies > 1.0 { ", replicas among them" } else { "" };
        format!(
            "the domain `{}` has {has:.0} GB of volumes, and the spans of {days:.0} days need {needs:.0} GB{replicas}: \
             give it larger volumes or more nodes, or keep traces for fewer days",
            domain.resource.logical_id
        )
    })
}

/// Says for how long a task that keeps traces in memory keeps them.
pub(super) fn memory_span(scene: &Scene<'_>, task: Subject<'_>) -> Option<String> {
    let is_limit = |variable: &&Value| variable.get("Name").and_then(Value::as_text) == Some(MEMORY_LIMIT_VARIABLE);
    let containers = task.items(&["ContainerDefinitions"]).iter();
    let mut variables = containers.flat_map(|container| container.get("Environment").map_or(&[][..], Value::items));
    let bytes = number(variables.find(is_limit)?.get("Value")?)?;
    let hours = bytes / (scene.usage.spans_per_day * scene.usage.span_bytes * scene.usage.stored_ratio) * HOURS_PER_DAY;
    let name = &task.resource.logical_id;
    hours
        .is_finite()
        .then(|| format!("`{name}` keeps traces in memory, of these spans those of the last {hours:.0} hours"))
}

pub(super) fn bucket(scene: &Scene<'_>, bucket: Subject<'_>, bill: &mut Bill<'_>) -> Outcome {
    let rules = bucket.items(&["LifecycleConfiguration", "Rules"]).iter();
    let days = rules.filter_map(|rule| number(rule.get("ExpirationInDays")?)).reduce(f64::min);
    let days = days.unwrap_or(scene.usage.retention_days);
    bill.add("storage", "s3/storage", scene.usage.stored_gb(days));
    bill.add("objects written", "s3/put", OBJECTS_PER_HOUR * MONTH_HOURS);
    bill.add("objects read", "s3/get", scene.usage.queries_per_day * MONTH_DAYS * OBJECTS_PER_QUERY);
    match bucket.text_or(&["VersioningConfiguration", "Status"], "Suspended")? {
        "Enabled" => Err("versions that are no longer current".to_owned()),
        _ => Ok(()),
    }
}
