//! What is still there of a stack that is gone: whatever carries its tag, as the Resource Groups Tagging API tells.

use crate::pace::Pace;
use crate::query::{EC2, ECS, Outcome, Query, TAGGING};
use crate::session::Session;
use crate::stack;
use serde_json::{Value, json};

/// How often the API is looked at again that goes on telling of what is deleted, before that is believed.
pub const DEFAULT_REMAINS_LOOKS_MAX: usize = 14;
/// Of a tag, in one look: the API's limit.
pub const VALUES_MAX: usize = 20;
/// Pages of one hundred; no deployment has nearly as many resources.
const DEFAULT_PAGES_MAX: usize = 50;

/// The ARNs of all that carry the tag and are not `expected`.
pub async fn remains(
    session: &Session,
    query: &Query,
    (key, value): (&str, &str),
    expected: &(dyn Fn(&str) -> bool + Sync),
) -> Outcome<Vec<String>> {
    let look = move || async move {
        let found = look(session, query, key, &[value], expected).await?;
        Ok(found.into_iter().map(|(_, arn)| arn).collect())
    };
    settled(session.pace, look).await
}

/// What is found once nothing is, or once that is believed: the API lags behind, so what it tells of is looked for again, within
/// a limit.
pub async fn settled<E, F>(pace: Pace, look: impl Fn() -> F) -> std::result::Result<Vec<String>, E>
where
    F: Future<Output = std::result::Result<Vec<String>, E>>,
{
    let mut pause = pace.min;
    for _ in 1..DEFAULT_REMAINS_LOOKS_MAX {
        let found = look().await?;
        if found.is_empty() {
            return Ok(found);
        }
        tokio::time::sleep(pause).await;
        pause = pace.slower(pause);
    }
    let mut found = look().await?;
    found.sort();
    Ok(found)
}

/// One look: the ARNs of all that carry the tag with one of the values and are not `expected`, each with its value. There may
/// be [`VALUES_MAX`] values.
pub async fn look(
    session: &Session,
    query: &Query,
    key: &str,
    values: &[&str],
    expected: &(dyn Fn(&str) -> bool + Sync),
) -> Outcome<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (value, arn) in tagged(query, key, values).await?.into_iter().filter(|(_, arn)| !expected(arn)) {
        if !is_gone(session, query, &arn).await {
            found.push((value, arn));
        }
    }
    Ok(found)
}

async fn tagged(query: &Query, key: &str, values: &[&str]) -> Outcome<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut token = String::new();
    for _ in 0..DEFAULT_PAGES_MAX {
        let input = json!({
            "TagFilters": [{"Key": key, "Values": values}],
            "ResourcesPerPage": 100,
            "PaginationToken": token,
        });
        let page = query.json(TAGGING, "GetResources", &input).await?;
        for one in page["ResourceTagMappingList"].as_array().into_iter().flatten() {
            let value = |tag: &Value| (tag["Key"] == key).then(|| tag["Value"].as_str().map(str::to_owned)).flatten();
            let value = one["Tags"].as_array().into_iter().flatten().find_map(value);
            found.extend(one["ResourceARN"].as_str().map(|arn| (value.unwrap_or_default(), arn.to_owned())));
        }
        token = page["PaginationToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// Some services go on telling of what is deleted, for an hour or for ever. What cannot be found out is taken to be there.
async fn is_gone(session: &Session, query: &Query, arn: &str) -> bool {
    let mut fields = arn.splitn(6, ':').skip(2);
    let (service, resource) = (fields.next().unwrap_or_default(), fields.nth(2).unwrap_or_default());
    let (kind, id) = resource.split_once('/').unwrap_or((resource, ""));
    let status = |answer: Outcome<Value>, pointer: &str| {
        answer.is_ok_and(|answer| match answer.pointer(pointer).and_then(Value::as_str) {
            Some(status) => status == "INACTIVE" || status == "DELETE_IN_PROGRESS",
            None => answer.pointer("/failures/0/reason").and_then(Value::as_str) == Some("MISSING"),
        })
    };
    match (service, kind) {
        ("cloudformation", "stack") => stack::find(session, arn)
            .await
            .is_ok_and(|stack| stack.is_none_or(|stack| stack.status == "DELETE_COMPLETE")),
        ("ecs", "task-definition") => {
            let input = json!({"taskDefinition": arn});
            status(query.json(ECS, "DescribeTaskDefinition", &input).await, "/taskDefinition/status")
        }
        ("ecs", "cluster") => {
            let input = json!({"clusters": [arn]});
            status(query.json(ECS, "DescribeClusters", &input).await, "/clusters/0/status")
        }
        ("ecs", "service") => {
            let cluster = id.split('/').next().unwrap_or_default();
            let input = json!({"cluster": cluster, "services": [arn]});
            match query.json(ECS, "DescribeServices", &input).await {
                Err(refusal) => refusal.is("ClusterNotFoundException"),
                answer => status(answer, "/services/0/status"),
            }
        }
        ("ec2", "natgateway") => match query.query(EC2, "DescribeNatGateways", &[("NatGatewayId.1", id)]).await {
            Ok(answer) => answer.list("natGatewaySet").iter().all(|one| one.text("state") == "deleted"),
            Err(refusal) => refusal.is("NatGatewayNotFound"),
        },
        _ => false,
    }
}
