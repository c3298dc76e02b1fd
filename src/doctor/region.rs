//! Whether the region is open to the account.

use super::Subject;
use super::finding::{About, Finding};
use jqs_stacks::query::EC2;
use std::sync::Arc;

pub(super) const REGION: About = About { id: "region", title: "Region" };

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    let region = &subject.identity.region;
    let parameters = [("AllRegions", "true"), ("RegionName.1", region.as_str())];
    let answer = match subject.query.query(EC2, "DescribeRegions", &parameters).await {
        Ok(answer) => answer,
        Err(refusal) if refusal.is("InvalidParameterValue") => {
            return vec![REGION.failed(format!("AWS knows no region {region}"))];
        }
        // Where a region is not enabled, its EC2 takes no credentials.
        Err(refusal) if refusal.is("AuthFailure") || refusal.is("OptInRequired") => {
            return vec![REGION.failed(refusal.error.full()).advice(how_to_enable(region))];
        }
        Err(refusal) => return vec![REGION.unanswered(refusal)],
    };
    let found = answer.list("regionInfo").iter().find(|one| one.text("regionName") == region);
    vec![match found.map(|one| one.text("optInStatus")) {
        Some("not-opted-in") => {
            REGION.failed(format!("{region} is not enabled for the account")).advice(how_to_enable(region))
        }
        Some("opted-in") => REGION.ok(format!("{region} is enabled for the account")),
        Some(_) => REGION.ok(format!("{region} is open to every account")),
        None => REGION.unchecked(format!("AWS does not tell of {region}")),
    }]
}

pub(super) fn how_to_enable(region: &str) -> String {
    format!("enable it, which takes minutes: `aws account enable-region --region-name {region}`; or take another one")
}
