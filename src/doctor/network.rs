//! The VPC: a new one beside those that are there, or the one that the deployment is to go into.

use super::Subject;
use super::finding::{About, Finding};
use super::subject::text;
use jqs_cfn::range::Range;
use jqs_stacks::query::{EC2, Element, TOKEN};
use std::sync::Arc;

const RANGE: About = About { id: "vpc-range", title: "Range of the VPC" };
pub(super) const VPC: About = About { id: "vpc", title: "VPC" };

pub(super) async fn check(subject: Arc<Subject>) -> Vec<Finding> {
    let id = subject.parameter("VPCID");
    if !id.is_empty() {
        return vec![existing(&subject, id).await];
    }
    let new = subject.added("AWS::EC2::VPC").next().map(|vpc| text(vpc, &["CidrBlock"]));
    match new.and_then(Range::parse) {
        Some(range) => vec![beside(&subject, range).await],
        None => Vec::new(),
    }
}

async fn beside(subject: &Subject, range: Range) -> Finding {
    let vpcs = match subject.query.list(EC2, "DescribeVpcs", &[], "vpcSet", TOKEN).await {
        Ok(vpcs) => vpcs,
        Err(refusal) => return RANGE.unanswered(refusal),
    };
    let overlapping: Vec<String> = vpcs
        .iter()
        .filter_map(|vpc| {
            let same = ranges(vpc).into_iter().find(|other| other.overlaps(&range))?;
            Some(format!("{} ({same})", named(vpc)))
        })
        .collect();
    if overlapping.is_empty() {
        return RANGE.ok(format!("{range} overlaps with no other VPC of the region"));
    }
    RANGE
        .warning(format!("{range} overlaps with {}: the VPCs can never be peered", overlapping.join(", ")))
        .advice("take another range if programs of theirs are to send traces: `--vpc-cidr 10.42.0.0/16`")
}

async fn existing(subject: &Subject, id: &str) -> Finding {
    let answer = match subject.query.query(EC2, "DescribeVpcs", &[("VpcId.1", id)]).await {
        Ok(answer) => answer,
        Err(refusal) if refusal.is("InvalidVpcID.NotFound") || refusal.is("InvalidVpcID.Malformed") => {
            return absent(subject, id);
        }
        Err(refusal) => return VPC.unanswered(refusal),
    };
    let Some(vpc) = answer.list("vpcSet").first() else { return absent(subject, id) };
    let given = subject.parameter("VPCCIDR");
    let own = ranges(vpc);
    let is_own = Range::parse(given).is_some_and(|given| own.iter().any(|range| range.contains(&given)));
    if !is_own {
        let own: Vec<String> = own.iter().map(ToString::to_string).collect();
        return VPC
            .warning(format!("{id} has the range {}, and not {given}, which is what is let in", own.join(", ")))
            .advice(format!("give its own: `--vpc-cidr {}`", own.first().map_or("…", String::as_str)));
    }
    for (attribute, name) in [("enableDnsSupport", "DNS support"), ("enableDnsHostnames", "DNS host names")] {
        match has(subject, id, attribute).await {
            Ok(true) => {}
            Ok(false) => {
                return VPC
                    .failed(format!("{id} has no {name}, so that names of its endpoints and tasks lead nowhere"))
                    .advice(format!(
                        "`aws ec2 modify-vpc-attribute --vpc-id {id} --{} '{{\"Value\":true}}'`",
                        kebab(attribute)
                    ));
            }
            Err(finding) => return finding,
        }
    }
    VPC.ok(format!("{} with {given}, DNS support and DNS host names", named(vpc)))
}

fn absent(subject: &Subject, id: &str) -> Finding {
    let found = format!("there is no VPC {id} in {}", subject.identity.region);
    VPC.failed(found).advice("`aws ec2 describe-vpcs` lists them; a region is named by `--region`")
}

async fn has(subject: &Subject, vpc: &str, attribute: &str) -> Result<bool, Finding> {
    let parameters = [("VpcId", vpc), ("Attribute", attribute)];
    let answer = subject.query.query(EC2, "DescribeVpcAttribute", &parameters).await;
    answer.map(|answer| answer.text(&format!("{attribute}/value")) == "true").map_err(|refusal| VPC.unanswered(refusal))
}

/// `enableDnsSupport` as the AWS CLI says it.
fn kebab(name: &str) -> String {
    name.chars()
        .flat_map(|letter| letter.is_uppercase().then_some('-').into_iter().chain(letter.to_lowercase()))
        .collect()
}

fn ranges(vpc: &Element) -> Vec<Range> {
    let associated = vpc.list("cidrBlockAssociationSet").iter().map(|one| one.text("cidrBlock"));
    let mut found: Vec<Range> =
        std::iter::once(vpc.text("cidrBlock")).chain(associated).filter_map(Range::parse).collect();
    found.dedup();
    found
}

/// Its id, and the name that somebody gave it.
fn named(vpc: &Element) -> String {
    let name = vpc.list("tagSet").iter().find(|tag| tag.text("key") == "Name").map(|tag| tag.text("value"));
    match name {
        Some(name) if !name.is_empty() => format!("{} \"{name}\"", vpc.text("vpcId")),
        _ => vpc.text("vpcId").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn attributes_are_said_as_the_cli_says_them() {
        assert_eq!(super::kebab("enableDnsHostnames"), "enable-dns-hostnames");
    }
}
