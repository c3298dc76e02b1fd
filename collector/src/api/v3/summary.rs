//! `jaeger.api_v3.TraceSummary` in protobuf's JSON: zero and empty fields are left out.

use serde::Serialize;

use super::super::json::{Decimal, Hex};
use crate::model::{ServiceSummary, TraceSummary};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SummaryJson<'a> {
    trace_id: Hex<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    root_service_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    root_operation_name: &'a str,
    #[serde(skip_serializing_if = "is_zero_time")]
    min_start_time_unix_nano: Decimal<u64>,
    #[serde(skip_serializing_if = "is_zero_time")]
    max_end_time_unix_nano: Decimal<u64>,
    #[serde(skip_serializing_if = "is_zero")]
    span_count: usize,
    #[serde(skip_serializing_if = "is_zero")]
    error_span_count: usize,
    #[serde(skip_serializing_if = "is_zero")]
    orphan_span_count: usize,
    services: Vec<ServiceJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceJson<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    span_count: usize,
    #[serde(skip_serializing_if = "is_zero")]
    error_span_count: usize,
}

impl<'a> From<&'a TraceSummary> for SummaryJson<'a> {
    fn from(summary: &'a TraceSummary) -> Self {
        Self {
            trace_id: Hex(&summary.id.0),
            root_service_name: &summary.root_service,
            root_operation_name: &summary.root_operation,
            min_start_time_unix_nano: Decimal(summary.start_ns),
            max_end_time_unix_nano: Decimal(summary.end_ns),
            span_count: summary.spans,
            error_span_count: summary.errors,
            orphan_span_count: summary.orphans,
            services: summary.services.iter().map(ServiceJson::from).collect(),
        }
    }
}

impl<'a> From<&'a ServiceSummary> for ServiceJson<'a> {
    fn from(service: &'a ServiceSummary) -> Self {
        Self { name: &service.name, span_count: service.spans, error_span_count: service.errors }
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn is_zero_time(time: &Decimal<u64>) -> bool {
    time.0 == 0
}
