//! Tasks on Fargate, and what watching them costs.

use super::super::estimate::{Bill, Range, sum};
use super::super::scene::{Scene, Subject, number};
use super::super::usage::MONTH_HOURS;
use super::Outcome;
use crate::eval::{Address, Value};

const SERVICE: &str = "AWS::ECS::Service";
const CPU_UNITS_PER_CPU: f64 = 1024.0;
const MIB_PER_GB: f64 = 1024.0;
/// Ephemeral storage that comes with every task.
const FREE_STORAGE_GB: f64 = 20.0;
/// Metrics of Container Insights as AWS's examples of prices count them.
const METRICS_PER_CLUSTER: f64 = 8.0;
const METRICS_PER_FAMILY: f64 = 6.0;
const METRICS_PER_SERVICE: f64 = 11.0;
/// What enhanced observability adds for each task and for the container in it; AWS gives no number.
const ENHANCED_METRICS_PER_TASK: f64 = 25.0;

struct Size {
    architecture: &'static str,
    cpu: f64,
    memory_gb: f64,
    extra_storage_gb: f64,
}

pub(super) fn service(scene: &Scene<'_>, service: Subject<'_>, bill: &mut Bill<'_>) -> Outcome {
    let spot = spot_share(service)?;
    let task = service.value(&["TaskDefinition"]).and_then(Value::resource).and_then(|task| scene.find(task));
    let size = size(task.ok_or("its task definition is not in these templates")?)?;
    let hours = tasks(scene, service)? * MONTH_HOURS;
    for (family, label, share) in [("fargate", "", 1.0 - spot), ("fargate-spot", " (Spot)", spot)] {
        let architecture = size.architecture;
        bill.add(&format!("vCPU{label}"), &format!("{family}/{architecture}-cpu"), hours * share * size.cpu);
        bill.add(&format!("memory{label}"), &format!("{family}/{architecture}-memory"), hours * share * size.memory_gb);
    }
    bill.add("ephemeral storage", "fargate/storage", hours * size.extra_storage_gb);
    if service.text_or(&["NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"], "DISABLED")? == "ENABLED" {
        bill.add("public IPv4 addresses", "public-ipv4/hour", hours);
    }
    Ok(())
}

/// The part of a service's tasks that runs on Spot.
fn spot_share(service: Subject<'_>) -> Result<f64, String> {
    let elsewhere = || "its tasks do not run on Fargate, or only a deployment knows whether they do".to_owned();
    let (mut spot, mut all) = (0.0, 0.0);
    for provider in service.items(&["CapacityProviderStrategy"]) {
        let weight = provider.get("Weight").and_then(number).unwrap_or(1.0);
        all += weight;
        match provider.get("CapacityProvider").and_then(Value::as_text) {
            Some("FARGATE_SPOT") => spot += weight,
            Some("FARGATE") => {}
            _ => return Err(elsewhere()),
        }
    }
    match service.text(&["LaunchType"]) {
        _ if all > 0.0 => Ok(spot / all),
        Some("FARGATE") => Ok(0.0),
        _ => Err(elsewhere()),
    }
}

fn size(task: Subject<'_>) -> Result<Size, String> {
    let number = |name: &str| task.number(&[name]).ok_or_else(|| format!("the `{name}` of its tasks is not known"));
    let is_arm = task.text_or(&["RuntimePlatform", "CpuArchitecture"], "X86_64")? == "ARM64";
    let storage = task.number_or(&["EphemeralStorage", "SizeInGiB"], FREE_STORAGE_GB)?;
    Ok(Size {
        architecture: if is_arm { "arm64" } else { "x86_64" },
        cpu: number("Cpu")? / CPU_UNITS_PER_CPU,
        memory_gb: number("Memory")? / MIB_PER_GB,
        extra_storage_gb: (storage - FREE_STORAGE_GB).max(0.0),
    })
}

/// The tasks of a service: as its scaling allows, else as many as it wants.
fn tasks(scene: &Scene<'_>, service: Subject<'_>) -> Result<Range, String> {
    let mut targets = scene.of_kind("AWS::ApplicationAutoScaling::ScalableTarget");
    let bound = |target: Subject<'_>, name: &str| {
        target.number(&[name]).ok_or_else(|| format!("the `{name}` of its scaling is not known"))
    };
    match targets.find(|target| service.is_named_in(target.value(&["ResourceId"]))) {
        Some(target) => Ok(Range { least: bound(target, "MinCapacity")?, most: bound(target, "MaxCapacity")? }),
        None => service.number_or(&["DesiredCount"], 1.0).map(Range::from),
    }
}

/// How Container Insights is set, as far as that is known.
pub(super) fn insights<'a>(cluster: Subject<'a>) -> Result<&'a str, String> {
    cluster.named_or("ClusterSettings", "Name", "containerInsights", "disabled")
}

pub(super) fn cluster(scene: &Scene<'_>, cluster: Subject<'_>, bill: &mut Bill<'_>) -> Outcome {
    let setting = insights(cluster)?;
    if setting == "disabled" {
        bill.free("paid for where a service runs; Container Insights is off");
        return Ok(());
    }
    let services: Vec<Subject<'_>> = scene.of_kind(SERVICE).collect();
    let mut families: Vec<&Address> =
        services.iter().filter_map(|service| service.value(&["TaskDefinition"])?.resource()).collect();
    families.sort_by_key(|family| (family.stack, &family.logical_id));
    families.dedup();
    let metrics =
        METRICS_PER_CLUSTER + METRICS_PER_FAMILY * families.len() as f64 + METRICS_PER_SERVICE * services.len() as f64;
    if setting == "enhanced" {
        let tasks: Vec<Range> = services.iter().map(|service| tasks(scene, *service)).collect::<Result<_, _>>()?;
        let metrics = Range::from(metrics) + sum(tasks.into_iter()) * ENHANCED_METRICS_PER_TASK;
        bill.add("Container Insights, enhanced", "cloudwatch/enhanced-metric", metrics);
    } else {
        bill.add("Container Insights", "cloudwatch/metric", metrics);
    }
    Ok(())
}
