//! The little that is asked of other services on the way: who is calling, how services, tasks and targets are, what they log.

use super::answer::{Answer, Refusal, Xml, json, json_error};
use super::call::Call;
use super::shape::SERVICE;
use super::world::World;
use crate::run::ACCOUNT;
use serde_json::{Value, json};

pub(crate) const LOG_GROUP: &str = "/jqs/traces";
/// The stream of a task, as ECS names it.
pub(crate) const LOG_STREAM: &str = "jqs/jqs/0123456789abcdef";
const TASK: &str = "arn:aws:ecs:eu-west-1:123456789012:task/traces/0123456789abcdef";

/// How the services of the account get on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Services {
    /// Tasks that stopped, as ECS tells of them.
    pub(crate) stopped: Vec<Value>,
    /// What ECS says of a service.
    pub(crate) messages: Vec<&'static str>,
    /// Why targets are not healthy.
    pub(crate) unhealthy: Option<&'static str>,
    pub(crate) logs: Vec<LogEvent>,
    /// How far a change of the domain has come.
    pub(crate) domain_progress: Option<Value>,
    /// How deployments of services end, where not well.
    pub(crate) rollout: Option<&'static str>,
    /// Looks at the logs so far.
    pub(crate) log_looks: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct LogEvent {
    /// In milliseconds of Unix time.
    pub(crate) time: i64,
    /// The look at the logs from which on it can be seen.
    pub(crate) shown_at: usize,
    pub(crate) message: String,
}

/// A task that stopped, with the one container that it had.
pub(crate) fn stopped_task(code: &str, reason: &str, container: Value) -> Value {
    let mut container = container;
    container["name"] = json!("jqs");
    json!({
        "taskArn": TASK,
        "taskDefinitionArn": "jqs:1",
        "lastStatus": "STOPPED",
        "stopCode": code,
        "stoppedReason": reason,
        "stoppedAt": 1_767_225_600.5,
        "containers": [container],
    })
}

pub(crate) fn caller(world: &World, call: &Call) -> Result<Xml, Refusal> {
    if world.account.closed_regions.contains(&call.region.as_str()) {
        let words = "The security token included in the request is invalid.";
        return Err(Refusal(403, "InvalidClientTokenId", words.to_owned()));
    }
    Ok(Xml::default().text("Account", ACCOUNT).text("Arn", &world.account.arn))
}

pub(crate) fn target_health(world: &World) -> Result<Xml, Refusal> {
    let health = match world.services.unhealthy {
        None => Xml::default().text("State", "healthy"),
        Some(why) => Xml::default().text("State", "unhealthy").text("Description", why),
    };
    Ok(Xml::default().list("TargetHealthDescriptions", [Xml::default().inside("TargetHealth", health)]))
}

/// ECS, ECR and CloudWatch Logs: every service runs, and every image is there, unless a test wants it otherwise.
pub(crate) fn answer(world: &mut World, call: &Call) -> Answer {
    let input: Value = serde_json::from_str(&call.body).unwrap_or_default();
    match call.operation.as_str() {
        "DescribeServices" => {
            world.look();
            match is_there(world, &input["services"][0]) {
                true => json(&json!({"services": [service(world, &input["services"][0])]})),
                false => json(&json!({"services": []})),
            }
        }
        "UpdateService" => json(&json!({"service": service(world, &input["service"])})),
        "DescribeTaskDefinition" => json(&json!({"taskDefinition": {"containerDefinitions": [{
            "name": "jqs",
            "image": "jqs:1",
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": LOG_GROUP, "awslogs-stream-prefix": "jqs"},
            },
        }]}})),
        "ListTasks" if !is_there(world, &input["serviceName"]) => {
            json_error(400, "ServiceNotFoundException", "Service not found.")
        }
        "ListTasks" if input["desiredStatus"] == "STOPPED" && world.services.stopped.is_empty() => {
            json(&json!({"taskArns": []}))
        }
        "ListTasks" => json(&json!({"taskArns": [input["desiredStatus"]]})),
        "DescribeTasks" if input["tasks"][0] == "STOPPED" => json(&json!({"tasks": world.services.stopped})),
        "DescribeTasks" => json(&json!({"tasks": [{
            "taskArn": TASK,
            "lastStatus": "RUNNING",
            "healthStatus": "HEALTHY",
            "startedAt": 1_767_225_600,
            "containers": [{"name": "jqs", "imageDigest": "sha256:0123456789abcdef0123456789abcdef"}],
        }]})),
        "DescribeImages" => json(&json!({"imageDetails": [{"imageDigest": "sha256:0"}]})),
        "GetLogEvents" => {
            let events = world.services.logs.iter().map(|event| json!({"message": event.message}));
            json(&json!({"events": events.collect::<Vec<_>>()}))
        }
        "FilterLogEvents" => filter_log_events(world, &input),
        other => json_error(400, "InvalidAction", other),
    }
}

/// The progress of a change of a domain: the one call of OpenSearch Service that a failure leads to.
pub(crate) fn domain_progress(world: &World) -> Answer {
    match &world.services.domain_progress {
        Some(progress) => json(&json!({"ChangeProgressStatus": progress})),
        None => json_error(404, "ResourceNotFoundException", "Domain not found"),
    }
}

fn filter_log_events(world: &mut World, input: &Value) -> Answer {
    if input["filterPattern"] == "{" {
        return json_error(400, "InvalidParameterException", "Invalid filter pattern");
    }
    let from: usize = input["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    if from == 0 {
        world.services.log_looks += 1;
    }
    let (since, looks) = (input["startTime"].as_i64().unwrap_or(0), world.services.log_looks);
    let all = world.services.logs.iter().enumerate();
    let mut found: Vec<_> = all.filter(|(_, event)| event.time >= since && event.shown_at <= looks).collect();
    found.sort_by_key(|(_, event)| event.time);
    let events: Vec<Value> = found
        .iter()
        .skip(from)
        .take(world.page)
        .map(|(id, event)| {
            json!({
                "eventId": id.to_string(),
                "timestamp": event.time,
                "logStreamName": LOG_STREAM,
                "message": event.message,
            })
        })
        .collect();
    let next = from + world.page;
    match next < found.len() {
        true => json(&json!({"events": events, "nextToken": next.to_string()})),
        false => json(&json!({"events": events})),
    }
}

/// What a rollback has taken away can be asked no longer.
fn is_there(world: &World, name: &Value) -> bool {
    let end = format!("/{}", name.as_str().unwrap_or_default());
    let resources = world.stacks.iter().flat_map(|stack| stack.resources.values());
    let mut services = resources.filter(|one| one.kind == SERVICE && one.status != "DELETE_COMPLETE");
    services.any(|service| service.physical_id.ends_with(&end))
}

fn service(world: &World, name: &Value) -> Value {
    let messages = world.services.messages.iter().map(|message| json!({"message": message}));
    json!({
        "serviceName": name,
        "status": "ACTIVE",
        "desiredCount": 1,
        "runningCount": 1,
        "pendingCount": 0,
        "taskDefinition": "jqs:1",
        "events": messages.collect::<Vec<_>>(),
        "loadBalancers": [{"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/query/1"}],
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": world.services.rollout.unwrap_or("COMPLETED")}],
    })
}
