//! What EC2 tells of subnets and of the rules of security groups.

use jqs_cfn::Result;
use jqs_stacks::Session;
use jqs_stacks::query::{EC2, Element, Query, TOKEN};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subnet {
    pub(crate) vpc: String,
    pub(crate) range: String,
}

/// One rule of a security group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) group: String,
    pub(crate) is_egress: bool,
    pub(crate) protocol: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// The IPv4 range that it admits, where it admits one.
    pub(crate) range: Option<String>,
    /// The group whose members it admits.
    pub(crate) peer: Option<String>,
    /// The list of ranges that it admits.
    pub(crate) list: Option<String>,
}

pub(crate) async fn subnets(session: &Session, ids: &[String]) -> Result<BTreeMap<String, Subnet>> {
    let items = ask(session, "DescribeSubnets", "subnetSet", "SubnetId", ids, &[]).await?;
    let subnet = |item: &Element| {
        let text = |name: &str| item.text(name).to_owned();
        (text("subnetId"), Subnet { vpc: text("vpcId"), range: text("cidrBlock") })
    };
    Ok(items.iter().map(subnet).collect())
}

pub(crate) async fn rules(session: &Session, groups: &[String]) -> Result<Vec<Rule>> {
    let filter = [("Filter.1.Name", "group-id")];
    let items = ask(session, "DescribeSecurityGroupRules", "securityGroupRuleSet", "Filter.1.Value", groups, &filter);
    Ok(items.await?.iter().map(rule).collect())
}

fn rule(item: &Element) -> Rule {
    let given = |name: &str| Some(item.text(name).to_owned()).filter(|text| !text.is_empty());
    let port = |name: &str| item.text(name).parse().unwrap_or(-1);
    Rule {
        group: item.text("groupId").to_owned(),
        is_egress: item.text("isEgress") == "true",
        protocol: item.text("ipProtocol").to_owned(),
        from: port("fromPort"),
        to: port("toPort"),
        range: given("cidrIpv4"),
        peer: given("referencedGroupInfo/groupId"),
        list: given("prefixListId"),
    }
}

/// The items of a list, of which `ids` are asked for under numbered names.
async fn ask(
    session: &Session,
    action: &str,
    list: &str,
    name: &str,
    ids: &[String],
    more: &[(&str, &str)],
) -> Result<Vec<Element>> {
    let names: Vec<String> = (1..=ids.len()).map(|index| format!("{name}.{index}")).collect();
    let named = names.iter().map(String::as_str).zip(ids.iter().map(String::as_str));
    let parameters: Vec<(&str, &str)> = more.iter().copied().chain(named).collect();
    let items = Query::new(session)?.list(EC2, action, &parameters, list, TOKEN).await;
    items.map_err(|refusal| refusal.error)
}
