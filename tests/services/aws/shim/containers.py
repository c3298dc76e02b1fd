"""ECS: what it drops of services and task definitions, what it does not refuse, and deployments that take their time."""

import json
import os

import ministack.services.cloudformation.provisioners as provisioners
from ministack.core.responses import error_response_json
from ministack.services import ecs

ROLLOUT_LOOKS = int(os.environ.get("SHIM_ROLLOUT_LOOKS", "0"))
FAILING_REVISIONS = os.environ.get("SHIM_FAIL_REVISIONS", "").split(",")

create_ecs_service = provisioners._ecs_service_create
execute_command = ecs._execute_command
register_task_definition = ecs._register_task_definition
describe_task_definition = ecs._describe_task_definition
update_service = ecs._update_service
describe_services = ecs._describe_services
list_services = ecs._list_services


def create_service_in_full(logical_id, properties, stack_name):
    """MiniStack's service drops the Cloud Map services in which its tasks register, and ECS Exec."""
    service_arn, attributes = create_ecs_service(logical_id, properties, stack_name)
    registries = properties.get("ServiceRegistries") or []
    service = provisioners._ecs._services[f"{properties['Cluster']}/{attributes['Name']}"]
    service["serviceRegistries"] = [{"registryArn": each["RegistryArn"]} for each in registries]
    service["enableExecuteCommand"] = properties.get("EnableExecuteCommand") in (True, "true")
    for task in ecs._tasks.values():
        if task["group"] == f"service:{attributes['Name']}" and task["clusterArn"].endswith(f"/{properties['Cluster']}"):
            task["enableExecuteCommand"] = service["enableExecuteCommand"]
    return service_arn, attributes


def execute_command_where_it_is_on(data):
    """AWS refuses a task that was started without it."""
    task = ecs._resolve_task(data.get("task", ""), ecs._resolve_cluster_name(data.get("cluster", "default")))
    if task and not task.get("enableExecuteCommand"):
        message = (
            "The execute command failed because execute command was not enabled when the task was run or the execute "
            "command agent isn't running. Wait and try again or run a new task with execute command enabled and try again."
        )
        return error_response_json("InvalidParameterException", message, 400)
    return execute_command(data)


# Deployments that go on: how often each is still looked at, and what the service ran before.
rollouts = {}


def faults_of_definition(data):
    """What ECS refuses in a task definition and MiniStack takes."""
    containers = data.get("containerDefinitions", [])
    names = {container.get("name") for container in containers}
    volumes = {volume.get("name") for volume in data.get("volumes") or []}
    if not any(container.get("essential", True) for container in containers):
        yield "At least one container in a task definition must be marked as essential."
    for container in containers:
        for key, part in (("containerName", "dependsOn"), ("sourceContainer", "volumesFrom")):
            for each in container.get(part) or []:
                if each[key] not in names:
                    yield f"Unknown container: '{each[key]}' in {part}."
        for link in container.get("links") or []:
            if link.split(":")[0] not in names:
                yield f"Link to container '{link}' refers to no container."
        for mount in container.get("mountPoints") or []:
            if mount["sourceVolume"] not in volumes:
                yield f"Unknown volume '{mount['sourceVolume']}'."
        variables = [each["name"] for each in container.get("environment") or []]
        for secret in container.get("secrets") or []:
            if secret["name"] in variables:
                yield (
                    "The secret name must be unique and not shared with any new or existing environment variables "
                    f"set on the container, such as '{secret['name']}'."
                )
    for tag in data.get("tags") or []:
        if tag["key"].startswith("aws:"):
            yield "Tag keys starting with 'aws:' are reserved for system use."


def register_definition_in_full(data):
    fault = next(faults_of_definition(data), None)
    if fault:
        return error_response_json("ClientException", fault, 400)
    answer = register_task_definition(data)
    if answer[0] == 200:
        arn = json.loads(answer[2])["taskDefinition"]["taskDefinitionArn"]
        definition = ecs._task_defs[arn.rsplit("/", 1)[1]]
        for key, value in data.items():
            if key != "tags":
                definition.setdefault(key, value)
    return answer


def describe_definition_without_blanks(data):
    """A field that has no value is not told. A family is described by its newest revision that is active."""
    name = data.get("taskDefinition", "").rsplit("/", 1)[-1]
    if ":" not in name:
        family = [each for each in ecs._task_defs.values() if each["family"] == name]
        revisions = [each["revision"] for each in family if each["status"] == "ACTIVE"]
        if not revisions:
            return error_response_json("ClientException", "Unable to describe task definition.", 400)
        data = {**data, "taskDefinition": f"{name}:{max(revisions)}"}
    status, headers, body = describe_task_definition(data)
    answer = json.loads(body)
    if status == 200:
        told = answer["taskDefinition"]
        answer["taskDefinition"] = {key: value for key, value in told.items() if value not in (None, "")}
        if "TAGS" not in data.get("include", []):
            answer.pop("tags", None)
    return status, headers, json.dumps(answer).encode()


def service_of(data):
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    name, _ = ecs._resolve_service_ref(data.get("service", "")) or ("", None)
    return ecs._services.get(f"{cluster}/{name}")


def update_service_in_time(data):
    service = service_of(data)
    before = service and service["taskDefinition"]
    definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", "")) or "")
    if definition and definition["status"] != "ACTIVE":
        return error_response_json("ClientException", "TaskDefinition is inactive", 400)
    answer = update_service(data)
    if answer[0] != 200:
        return answer
    # What failed is gone once another deployment takes its place.
    service["deployments"] = [
        each for each in service["deployments"] if each["status"] == "PRIMARY" or each["rolloutState"] != "FAILED"
    ]
    arn, after = service["serviceArn"], service["taskDefinition"]
    rollouts.pop(arn, None)
    is_failing = after.rsplit("/", 1)[-1] in FAILING_REVISIONS
    if after == before or not (ROLLOUT_LOOKS or is_failing):
        return answer
    rollouts[arn] = {"looks": max(ROLLOUT_LOOKS, 1), "before": before, "is_failing": is_failing}
    return answer[0], answer[1], json.dumps({"service": with_rollout(json.loads(answer[2])["service"])}).encode()


def with_rollout(service):
    """The service while its new deployment goes on."""
    rollout = rollouts.get(service["serviceArn"])
    if rollout is None:
        return service
    newest = {**service["deployments"][0], "rolloutState": "IN_PROGRESS", "runningCount": 0}
    earlier = {
        **newest,
        "id": "ecs-svc/earlier",
        "status": "ACTIVE",
        "taskDefinition": rollout["before"],
        "rolloutState": "COMPLETED",
        "runningCount": service["desiredCount"],
    }
    return {**service, "deployments": [newest, earlier]}


def end_rollout(service):
    """The circuit breaker gives up: it goes back by itself where it may, else the deployment stays failed."""
    rollout = rollouts.pop(service["serviceArn"])
    if not rollout["is_failing"]:
        return
    breaker = (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
    if breaker.get("rollback"):
        cluster = service["clusterArn"]
        update_service({"cluster": cluster, "service": service["serviceName"], "taskDefinition": rollout["before"]})
    else:
        newest = service["deployments"][0]
        newest["rolloutState"] = "FAILED"
        newest["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."


def list_services_of_cluster(data):
    cluster = ecs._clusters.get(ecs._resolve_cluster_name(data.get("cluster", "default")))
    if cluster is None or cluster["status"] != "ACTIVE":
        return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
    return list_services(data)


def describe_services_in_time(data):
    for rollout_arn, rollout in list(rollouts.items()):
        if rollout_arn in data.get("services", []) or rollout_arn.rsplit("/", 1)[1] in data.get("services", []):
            rollout["looks"] -= 1
            if rollout["looks"] < 0:
                end_rollout(next(each for each in ecs._services.values() if each["serviceArn"] == rollout_arn))
    status, headers, body = describe_services(data)
    answer = json.loads(body)
    if status == 200:
        answer["services"] = [with_rollout(service) for service in answer["services"]]
    return status, headers, json.dumps(answer).encode()


provisioners._RESOURCE_HANDLERS["AWS::ECS::Service"]["create"] = create_service_in_full
ecs._ACTION_MAP |= {
    "ExecuteCommand": execute_command_where_it_is_on,
    "RegisterTaskDefinition": register_definition_in_full,
    "DescribeTaskDefinition": describe_definition_without_blanks,
    "UpdateService": update_service_in_time,
    "DescribeServices": describe_services_in_time,
    "ListServices": list_services_of_cluster,
}
