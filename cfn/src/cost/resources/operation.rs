//! Logs, alarms and metrics.

use super::super::estimate::Bill;
use super::super::scene::{Scene, Subject};
use super::super::usage::{MONTH_DAYS, MONTH_HOURS};
use super::Outcome;
use super::compute::insights;

/// CloudWatch keeps logs compressed, to about this part of what came in.
const LOG_COMPRESSION: f64 = 0.15;
/// What a group without retention holds after its first year.
const ENDLESS_RETENTION_DAYS: f64 = 365.0;
const SAMPLES_PER_HOUR: f64 = 60.0;

pub(super) fn log_group(scene: &Scene<'_>, group: Subject<'_>, bill: &mut Bill<'_>) -> Outcome {
    let is_for_insights =
        group.value(&["LogGroupName"]).is_some_and(|name| name.to_string().contains("containerinsights"));
    let is_off = |cluster: Subject<'_>| insights(cluster).is_ok_and(|setting| setting == "disabled");
    if is_for_insights && scene.of_kind("AWS::ECS::Cluster").all(is_off) {
        bill.free("stays empty: Container Insights is off");
        return Ok(());
    }
    let days = group.number_or(&["RetentionInDays"], ENDLESS_RETENTION_DAYS)?;
    bill.add("ingestion", "logs/ingestion", scene.usage.log_gb);
    bill.add("storage", "logs/storage", scene.usage.log_gb * days / MONTH_DAYS * LOG_COMPRESSION);
    Ok(())
}

/// An alarm is paid for by the metrics that it looks at.
pub(super) fn alarm(alarm: Subject<'_>, bill: &mut Bill<'_>) {
    let metrics = alarm.items(&["Metrics"]).iter().filter(|metric| metric.get("MetricStat").is_some()).count();
    bill.add("metrics", "cloudwatch/alarm", metrics.max(1) as f64);
}

/// A filter makes metrics, which are paid for as any others of one's own.
pub(super) fn metric_filter(filter: Subject<'_>, bill: &mut Bill<'_>) {
    let metrics = filter.items(&["MetricTransformations"]).len();
    bill.add("metrics", "cloudwatch/metric", metrics.max(1) as f64);
}

pub(super) fn prometheus_workspace(scene: &Scene<'_>, bill: &mut Bill<'_>) {
    let samples = scene.usage.metric_series * SAMPLES_PER_HOUR * MONTH_HOURS;
    bill.add("ingestion", "prometheus/ingestion", samples / 1e6);
}
