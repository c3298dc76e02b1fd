//! What the quotas of a region leave for a run. Where nobody may ask, nothing is limited by them.

use super::Site;
use super::turn::Needs;
use jqs_stacks::query::{EC2, QUOTAS, TOKEN};
use serde_json::json;

struct Quota {
    kind: &'static str,
    /// As Service Quotas names it.
    service: &'static str,
    code: &'static str,
    action: &'static str,
    list: &'static str,
}

const ASKED: [Quota; 3] = [
    Quota { kind: "AWS::EC2::VPC", service: "vpc", code: "L-F678F1CE", action: "DescribeVpcs", list: "vpcSet" },
    Quota {
        kind: "AWS::EC2::InternetGateway",
        service: "vpc",
        code: "L-A4707A72",
        action: "DescribeInternetGateways",
        list: "internetGatewaySet",
    },
    Quota {
        kind: "AWS::EC2::EIP",
        service: "ec2",
        code: "L-0263D0A3",
        action: "DescribeAddresses",
        list: "addressesSet",
    },
];

/// Of the types that something needs.
pub(super) async fn room(site: &Site, needed: &Needs) -> Needs {
    let mut room = Needs::new();
    for quota in ASKED.iter().filter(|quota| needed.contains_key(quota.kind)) {
        if let Some(left) = left(site, quota).await {
            room.insert(quota.kind.to_owned(), left);
        }
    }
    room
}

async fn left(site: &Site, quota: &Quota) -> Option<usize> {
    let input = json!({"ServiceCode": quota.service, "QuotaCode": quota.code});
    let answer = site.query.json(QUOTAS, "GetServiceQuota", &input).await.ok()?;
    let most = answer.pointer("/Quota/Value")?.as_f64()? as usize;
    let used = site.query.list(EC2, quota.action, &[], quota.list, TOKEN).await.ok()?.len();
    tracing::debug!(kind = quota.kind, most, used, region = site.session.region, "asked for a quota");
    Some(most.saturating_sub(used))
}
