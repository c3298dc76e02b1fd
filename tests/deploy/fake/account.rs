//! What else the account has, as checks and the end of a teardown ask for it: that of an account which is fit for a deployment,
//! and what a test says instead.

use super::answer::{Answer, Refusal, Xml, json, json_error};
use super::call::{Call, Protocol};
use super::world::World;
use crate::run::{ACCOUNT, REGION};
use serde_json::{Value, json};
use std::collections::VecDeque;

#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Whoever asks.
    pub(crate) arn: String,
    /// Actions that the policies of whoever asks do not allow,
    pub(crate) denied: Vec<&'static str>,
    /// or allow on a condition.
    pub(crate) conditional: Vec<&'static str>,
    /// Regions that it has not enabled.
    pub(crate) closed_regions: Vec<&'static str>,
    /// Answers to an operation, in place of the usual ones.
    said: Vec<(&'static str, Said)>,
    /// What the tagging API tells of, look by look; the last for ever.
    pub(crate) tagged: VecDeque<Vec<String>>,
    /// ECS has given up its task definitions.
    pub(crate) is_forgotten: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Said {
    /// Elements of XML.
    Xml(&'static str),
    /// Status, code and words.
    Refusal(u16, &'static str, &'static str),
}

impl Default for Account {
    fn default() -> Self {
        Self {
            arn: format!("arn:aws:iam::{ACCOUNT}:user/tester"),
            denied: Vec::new(),
            conditional: Vec::new(),
            closed_regions: Vec::new(),
            said: Vec::new(),
            tagged: VecDeque::new(),
            is_forgotten: false,
        }
    }
}

impl Account {
    pub(crate) fn says(&mut self, operation: &'static str, said: Said) {
        self.said.push((operation, said));
    }

    fn said(&self, call: &Call) -> Option<Said> {
        self.said.iter().find(|(operation, _)| *operation == call.operation).map(|(_, said)| *said)
    }

    fn decision(&self, action: &str) -> Xml {
        let is_in = |list: &[&str]| list.contains(&action);
        let decision = if is_in(&self.denied) || is_in(&self.conditional) { "implicitDeny" } else { "allowed" };
        let xml = Xml::default().text("EvalActionName", action).text("EvalDecision", decision);
        let missing = is_in(&self.conditional).then(|| Xml::default().text("member", "aws:PrincipalTag/team"));
        xml.inside("MissingContextValues", missing.unwrap_or_default())
    }
}

/// Operations of the Query protocol; nothing for those that are not known here.
pub(crate) fn query(world: &World, call: &Call) -> Option<Result<Xml, Refusal>> {
    let account = &world.account;
    match account.said(call) {
        Some(Said::Xml(xml)) => return Some(Ok(Xml::raw(xml))),
        Some(Said::Refusal(status, code, words)) => return Some(Err(Refusal(status, code, words.to_owned()))),
        None => {}
    }
    Some(Ok(match call.operation.as_str() {
        "DescribeRegions" => {
            let region = Xml::default().text("regionName", REGION).text("optInStatus", "opt-in-not-required");
            Xml::default().inside("regionInfo", Xml::default().inside("item", region))
        }
        "GetRole" => {
            let arn = format!("arn:aws:iam::{ACCOUNT}:role/path/{}", call.required("RoleName"));
            Xml::default().inside("Role", Xml::default().text("Arn", &arn))
        }
        "SimulatePrincipalPolicy" => {
            let principal = call.required("PolicySourceArn");
            if !principal.starts_with(&format!("arn:aws:iam::{ACCOUNT}:user/")) && !principal.contains(":role/path/") {
                return Some(Err(Refusal(404, "NoSuchEntity", format!("{principal} does not exist"))));
            }
            let decisions = call.members("ActionNames").into_iter().map(|action| account.decision(&action));
            Xml::default().list("EvaluationResults", decisions)
        }
        "DescribeAddresses"
        | "DescribeAvailabilityZones"
        | "DescribeInternetGateways"
        | "DescribeLoadBalancers"
        | "DescribeNatGateways"
        | "DescribeRouteTables"
        | "DescribeSubnets"
        | "DescribeVpcEndpoints"
        | "DescribeVpcs"
        | "GetMetricStatistics" => Xml::default(),
        _ => return None,
    }))
}

/// Operations in JSON; nothing for those that are not known here.
pub(crate) fn json_answer(world: &mut World, call: &Call) -> Option<Answer> {
    debug_assert_eq!(call.protocol, Protocol::Json);
    if let Some(Said::Refusal(status, code, words)) = world.account.said(call) {
        return Some(json_error(status, code, words));
    }
    Some(match call.operation.as_str() {
        "DescribeTaskDefinition" if world.account.is_forgotten => {
            json(&json!({"taskDefinition": {"status": "INACTIVE"}}))
        }
        "GetServiceQuota" => json(&json!({"Quota": {"Value": 1_000.0}})),
        "GetResources" => {
            let tagged = &mut world.account.tagged;
            let now = if tagged.len() > 1 { tagged.pop_front() } else { tagged.front().cloned() };
            let found: Vec<Value> = now.unwrap_or_default().iter().map(|arn| json!({"ResourceARN": arn})).collect();
            json(&json!({"ResourceTagMappingList": found, "PaginationToken": ""}))
        }
        _ => return None,
    })
}
