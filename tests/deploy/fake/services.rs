//! The little that is asked of other services on the way: who is calling, and how services and targets are.

use super::answer::{Answer, Refusal, Xml, json, json_error};
use super::call::Call;
use super::world::World;
use crate::run::ACCOUNT;
use serde_json::{Value, json};

pub(crate) fn caller(world: &World, call: &Call) -> Result<Xml, Refusal> {
    if world.account.closed_regions.contains(&call.region.as_str()) {
        let words = "The security token included in the request is invalid.";
        return Err(Refusal(403, "InvalidClientTokenId", words.to_owned()));
    }
    Ok(Xml::default().text("Account", ACCOUNT).text("Arn", &world.account.arn))
}

pub(crate) fn target_health() -> Result<Xml, Refusal> {
    let health = Xml::default().inside("TargetHealth", Xml::default().text("State", "healthy"));
    Ok(Xml::default().list("TargetHealthDescriptions", [health]))
}

/// ECS and ECR: every service runs, and every image is there.
pub(crate) fn answer(world: &mut World, call: &Call) -> Answer {
    let input: Value = serde_json::from_str(&call.body).unwrap_or_default();
    match call.operation.as_str() {
        "DescribeServices" => {
            world.look();
            json(&json!({"services": [service(&input["services"][0])]}))
        }
        "UpdateService" => json(&json!({"service": service(&input["service"])})),
        "DescribeTaskDefinition" => {
            json(&json!({"taskDefinition": {"containerDefinitions": [{"name": "jqs", "image": "jqs:1"}]}}))
        }
        "ListTasks" => json(&json!({"taskArns": ["task/1"]})),
        "DescribeTasks" => json(&json!({"tasks": [{"stoppedReason": "Essential container in task exited"}]})),
        "DescribeImages" => json(&json!({"imageDetails": [{"imageDigest": "sha256:0"}]})),
        other => json_error(400, "InvalidAction", other),
    }
}

fn service(name: &Value) -> Value {
    json!({
        "serviceName": name,
        "status": "ACTIVE",
        "desiredCount": 1,
        "runningCount": 1,
        "pendingCount": 0,
        "taskDefinition": "jqs:1",
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
    })
}
