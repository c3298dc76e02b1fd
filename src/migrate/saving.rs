//! What a task needs less without its sidecars, and what that is worth.

use super::definition::{containers, items, text};
use jqs_cfn::cost::{MONTH_HOURS, PriceList, Prices};
use jqs_cfn::fargate;
use serde::Serialize;
use serde_json::Value;

const UNITS_PER_CPU: f64 = 1024.0;
const MIB_PER_GB: f64 = 1024.0;
/// A task for Windows has one processor at least.
const WINDOWS_CPU_MIN: i64 = 1024;

/// CPU units and MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Size {
    pub(crate) cpu: i64,
    pub(crate) memory: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Saving {
    /// What the sidecars of one task have reserved.
    pub(crate) reserved: Size,
    pub(crate) tasks: i32,
    /// The task's size, where it runs on Fargate.
    pub(crate) size: Option<Size>,
    /// The size that is enough without the sidecars.
    pub(crate) smaller: Option<Size>,
    /// In USD, for all tasks, once they have the smaller size.
    pub(crate) monthly: Option<f64>,
    /// Why there is no price, or no saving.
    pub(crate) note: Option<&'static str>,
}

/// Where the tasks of a service run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Place {
    /// The part of them that runs on Spot.
    Fargate {
        spot: f64,
    },
    Elsewhere,
}

/// List prices of a region; a region without any has no savings in money.
pub(crate) fn prices(region: &str) -> Option<Prices> {
    PriceList::built_in().and_then(|list| list.in_region(region)).ok()
}

/// `before` with its sidecars, `after` without them.
pub(crate) fn saving(before: &Value, after: &Value, tasks: i32, place: Place, prices: Option<&Prices>) -> Saving {
    let (all, kept) = (reserved(before), reserved(after));
    let reserved = Size { cpu: all.cpu - kept.cpu, memory: all.memory - kept.memory };
    let mut saving = Saving { reserved, tasks, size: None, smaller: None, monthly: None, note: None };
    let Place::Fargate { spot } = place else {
        saving.note = Some("the tasks run on instances: the room is free for other tasks");
        return saving;
    };
    let Some(size) = size(before) else {
        saving.note = Some("the size of the task is not known");
        return saving;
    };
    saving.size = Some(size);
    let Some(smaller) = smaller(before, size, reserved, kept) else {
        saving.note = Some(if reserved == (Size { cpu: 0, memory: 0 }) {
            "the sidecars reserve nothing of their own: the other containers get what they used"
        } else {
            "Fargate has no smaller size that is enough: the other containers get the room"
        });
        return saving;
    };
    saving.smaller = Some(smaller);
    saving.monthly = prices.filter(|_| !is_windows(before)).and_then(|prices| {
        let is_arm = before.pointer("/runtimePlatform/cpuArchitecture").and_then(Value::as_str) == Some("ARM64");
        let architecture = if is_arm { "arm64" } else { "x86_64" };
        let cpu = (size.cpu - smaller.cpu) as f64 / UNITS_PER_CPU;
        let memory = (size.memory - smaller.memory) as f64 / MIB_PER_GB;
        let hour = |family: &str| {
            let price = |what: &str| Some(prices.get(&format!("{family}/{architecture}-{what}"))?.amount);
            Some(cpu * price("cpu")? + memory * price("memory")?)
        };
        let hours = f64::from(tasks) * MONTH_HOURS;
        Some(hours * ((1.0 - spot) * hour("fargate")? + spot * hour("fargate-spot")?))
    });
    if saving.monthly.is_none() {
        saving.note = Some("there is no price for it");
    }
    saving
}

/// Gives the task that size.
pub(crate) fn resize(body: &mut Value, size: Size) {
    body["cpu"] = Value::String(size.cpu.to_string());
    body["memory"] = Value::String(size.memory.to_string());
}

/// The smallest size that is enough for what the task had without its sidecars, and for what its containers ask for.
fn smaller(body: &Value, size: Size, freed: Size, kept: Size) -> Option<Size> {
    let least = if is_windows(body) { WINDOWS_CPU_MIN } else { 0 };
    let cpu = (size.cpu - freed.cpu).max(kept.cpu).max(least);
    let memory = (size.memory - freed.memory).max(kept.memory);
    let (cpu, memory) = fargate::smallest(cpu, memory)?;
    let is_smaller = cpu <= size.cpu && memory <= size.memory && (cpu, memory) != (size.cpu, size.memory);
    is_smaller.then_some(Size { cpu, memory })
}

fn size(body: &Value) -> Option<Size> {
    let amount = |key: &str| fargate::amount(text(body, key));
    Some(Size { cpu: amount("cpu")?, memory: amount("memory")? })
}

fn is_windows(body: &Value) -> bool {
    let system = body.pointer("/runtimePlatform/operatingSystemFamily").and_then(Value::as_str);
    system.is_some_and(|system| system.starts_with("WINDOWS"))
}

/// What all containers reserve: memory as reserved, or else as limited.
fn reserved(body: &Value) -> Size {
    let number = |container: &Value, key: &str| container.get(key).and_then(Value::as_i64).filter(|number| *number > 0);
    let all = containers(body).iter();
    let memory = |each: &Value| number(each, "memoryReservation").or_else(|| number(each, "memory"));
    Size { cpu: all.clone().filter_map(|each| number(each, "cpu")).sum(), memory: all.filter_map(memory).sum() }
}

/// Of a service: the part of its tasks that runs on Spot, as its strategy or else its launch type says.
pub(crate) fn place(strategy: &[(String, i32)], launch_type: Option<&str>, body: &Value) -> Place {
    let weight = |name: &str| -> i32 {
        strategy.iter().filter(|(provider, _)| provider == name).map(|(_, weight)| (*weight).max(1)).sum()
    };
    let (spot, on_demand) = (weight("FARGATE_SPOT"), weight("FARGATE"));
    let wants_fargate = || items(body, "requiresCompatibilities").iter().any(|each| each.as_str() == Some("FARGATE"));
    match launch_type {
        _ if spot + on_demand > 0 => Place::Fargate { spot: f64::from(spot) / f64::from(spot + on_demand) },
        Some("FARGATE") => Place::Fargate { spot: 0.0 },
        None if strategy.is_empty() && wants_fargate() => Place::Fargate { spot: 0.0 },
        _ => Place::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHOP: (i64, i64) = (256, 512);

    fn task(size: (&str, &str), containers: &[(i64, i64)]) -> Value {
        let containers = containers.iter().map(|(cpu, memory)| json!({"cpu": cpu, "memoryReservation": memory}));
        json!({"cpu": size.0, "memory": size.1, "containerDefinitions": containers.collect::<Value>()})
    }

    fn saved(size: (&str, &str), sidecar: (i64, i64), place: Place) -> Saving {
        let prices = prices("us-east-1").expect("prices");
        saving(&task(size, &[SHOP, sidecar]), &task(size, &[SHOP]), 3, place, Some(&prices))
    }

    #[test]
    fn the_next_smaller_size_is_priced_for_all_tasks() {
        let saving = saved(("512", "1024"), (256, 512), Place::Fargate { spot: 0.0 });
        assert_eq!(saving.reserved, Size { cpu: 256, memory: 512 });
        assert_eq!(saving.smaller, Some(Size { cpu: 256, memory: 512 }));
        let hour = 0.25 * 0.04048 + 0.5 * 0.004_445;
        assert!((saving.monthly.expect("a price") - 3.0 * MONTH_HOURS * hour).abs() < 1e-9, "{saving:?}");
        let half = saved(("512", "1024"), (256, 512), Place::Fargate { spot: 0.5 }).monthly.expect("a price");
        let spot = 0.25 * 0.012_144 + 0.5 * 0.001_333_5;
        assert!((half - 3.0 * MONTH_HOURS * (hour + spot) / 2.0).abs() < 1e-9);
    }

    #[test]
    fn only_sizes_that_fargate_has_and_that_are_enough_count() {
        let fargate = Place::Fargate { spot: 0.0 };
        for (size, sidecar, expected) in [
            (("1 vCPU", "2 GB"), (256, 512), Some(Size { cpu: 1024, memory: 2048 })),
            (("512", "2048"), (128, 1024), Some(Size { cpu: 512, memory: 1024 })),
            (("256", "1024"), (64, 256), None),
            (("256", "512"), (0, 0), None),
        ] {
            let found = saved(size, sidecar, fargate);
            let expected = expected.filter(|smaller| Some(*smaller) != found.size);
            assert_eq!(found.smaller, expected, "{size:?}");
            assert_eq!(found.note.is_some(), expected.is_none(), "{found:?}");
        }
        let mut before = task(("2048", "4096"), &[(512, 512), (1024, 1024)]);
        before["runtimePlatform"] = json!({"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"});
        let mut after = task(("2048", "4096"), &[(512, 512)]);
        after["runtimePlatform"] = before["runtimePlatform"].clone();
        let windows = saving(&before, &after, 1, fargate, prices("us-east-1").as_ref());
        assert_eq!((windows.smaller, windows.monthly), (Some(Size { cpu: 1024, memory: 3072 }), None));
    }

    #[test]
    fn what_has_no_price_says_so() {
        assert!(prices("cn-north-1").is_none());
        let (before, after) = (task(("512", "1024"), &[SHOP, (256, 512)]), task(("512", "1024"), &[SHOP]));
        let unpriced = saving(&before, &after, 1, Place::Fargate { spot: 0.0 }, None);
        assert!(unpriced.smaller.is_some() && unpriced.monthly.is_none() && unpriced.note.is_some());
        let instances = saving(&before, &after, 1, Place::Elsewhere, None);
        assert_eq!((instances.size, instances.reserved.cpu), (None, 256));
    }

    #[test]
    fn the_place_is_the_strategys_or_the_launch_types() {
        let strategy = |pairs: &[(&str, i32)]| -> Vec<(String, i32)> {
            pairs.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect()
        };
        let fargate = json!({"requiresCompatibilities": ["FARGATE"]});
        for (strategy, launch, expected) in [
            (strategy(&[("FARGATE_SPOT", 3), ("FARGATE", 1)]), None, Place::Fargate { spot: 0.75 }),
            (strategy(&[("instances", 1)]), None, Place::Elsewhere),
            (strategy(&[]), Some("FARGATE"), Place::Fargate { spot: 0.0 }),
            (strategy(&[]), Some("EC2"), Place::Elsewhere),
            (strategy(&[]), None, Place::Fargate { spot: 0.0 }),
        ] {
            assert_eq!(place(&strategy, launch, &fargate), expected);
        }
    }
}
