//! The health of the targets behind the load balancer.

use jqs_cfn::Result;
use jqs_stacks::stack::StackResource;
use jqs_stacks::{Session, aws_error};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct TargetGroup {
    pub(crate) name: String,
    pub(crate) healthy: usize,
    pub(crate) total: usize,
    /// Why the others are not healthy.
    pub(crate) reasons: Vec<String>,
}

impl TargetGroup {
    /// A group without targets serves nobody.
    pub(crate) fn is_healthy(&self) -> bool {
        self.total > 0 && self.healthy == self.total
    }

    pub(crate) fn words(&self) -> String {
        match (self.total, self.reasons.is_empty()) {
            (0, _) => "no targets registered".to_owned(),
            (total, true) => format!("{}/{total} healthy", self.healthy),
            (total, false) => format!("{}/{total} healthy ({})", self.healthy, self.reasons.join(", ")),
        }
    }
}

/// All groups of the stack.
pub(crate) async fn of_stack(session: &Session, resources: &[StackResource]) -> Result<Vec<TargetGroup>> {
    let mut groups = Vec::new();
    let is_group = |resource: &&StackResource| resource.kind == "AWS::ElasticLoadBalancingV2::TargetGroup";
    for resource in resources.iter().filter(is_group) {
        groups.push(group(session, &resource.physical_id, &resource.path.join("/")).await?);
    }
    Ok(groups)
}

pub(crate) async fn group(session: &Session, arn: &str, name: &str) -> Result<TargetGroup> {
    let client = aws_sdk_elasticloadbalancingv2::Client::new(&session.config);
    let call = client.describe_target_health().target_group_arn(arn);
    let answer = call.send().await.map_err(|failure| aws_error(format!("read the health of `{name}`"), failure))?;
    let mut reasons = BTreeMap::<String, usize>::new();
    let mut healthy = 0;
    for target in answer.target_health_descriptions() {
        let health = target.target_health();
        let state = health.and_then(|health| health.state()).map_or("unknown", |state| state.as_str());
        if state == "healthy" {
            healthy += 1;
            continue;
        }
        let why = health.and_then(|health| health.description()).unwrap_or(state);
        *reasons.entry(why.to_owned()).or_default() += 1;
    }
    Ok(TargetGroup {
        name: name.to_owned(),
        healthy,
        total: answer.target_health_descriptions().len(),
        reasons: reasons.into_iter().map(|(why, count)| format!("{count} × {why}")).collect(),
    })
}
