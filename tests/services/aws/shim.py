"""MiniStack with what it lacks for CloudFormation templates like ours.

- Resource types: some are kept where the service's own API shows them (addresses, NAT gateways, security group rules,
  service-linked roles), the others are only recorded in the stack.
- What it drops or refuses: the Cloud Map services and the ECS Exec of an ECS service, alarms on an expression, how a
  listener's rule authenticates, the VPCs that make a hosted zone private, the id of a nested stack that begins, the logs
  that a domain publishes and its health, and of FilterLogEvents the prefix of streams and the pages.
- ECS: what it drops of a task definition, what it does not refuse in one, and deployments that take their time or fail.
- Template URLs with the bucket in the host name.
- `SHIM_DELAY_MS`: how long each resource takes, so that stacks stay in progress.
- `SHIM_FAIL_LOGICAL`: the logical id of a resource that fails.
- `SHIM_RECORD`: a file that gets a line of JSON for each resource that is made, with its properties as MiniStack resolved
  them.
- `SHIM_LOG_EVENTS_PER_PAGE`: how many events FilterLogEvents tells in one answer.
- `SHIM_ROLLOUT_LOOKS`: how often the deployment of a new task definition is looked at before it is done.
- `SHIM_FAIL_REVISIONS`: task definitions, as `FAMILY:REVISION,…`, whose deployment the circuit breaker gives up then.
- `SHIM_ECR_ENDPOINT`: the address of a registry that stands in for ECR's, told with the token to log in to it.
- Service-linked roles: those that an account has which has used these services before. `SHIM_WITHOUT_ROLES` names those
  that it lacks, comma-separated.
- Service Quotas: defaults of AWS for what the templates need. `SHIM_QUOTAS` has others that hold for the account, as JSON by
  the code of the quota.
"""

import contextvars
import json
import os
import random
import re
import string
import sys
import time
import uuid
from urllib.parse import urlparse

import ministack.services.cloudformation.helpers as helpers
import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.cloudformation.stacks  # imported so that rebind() reaches it
from ministack import app
from ministack.app import main
from ministack.core import router
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import cloudwatch_logs, ec2, ecr, ecs, iam, opensearch, route53
from ministack.services.cloudformation import _stacks

RESOURCE_DELAY_SECONDS = float(os.environ.get("SHIM_DELAY_MS", "0")) / 1000
FAILING_LOGICAL_ID = os.environ.get("SHIM_FAIL_LOGICAL")
RECORD = os.environ.get("SHIM_RECORD")
LOG_EVENTS_PER_PAGE = int(os.environ.get("SHIM_LOG_EVENTS_PER_PAGE", "10000"))
ROLLOUT_LOOKS = int(os.environ.get("SHIM_ROLLOUT_LOOKS", "0"))
FAILING_REVISIONS = os.environ.get("SHIM_FAIL_REVISIONS", "").split(",")
ECR_ENDPOINT = os.environ.get("SHIM_ECR_ENDPOINT")
ACCOUNT_QUOTAS = json.loads(os.environ.get("SHIM_QUOTAS", "{}"))
SERVICE_ROLES = {
    "AWSServiceRoleForAmazonOpenSearchService": "opensearchservice.amazonaws.com",
    "AWSServiceRoleForApplicationAutoScaling_ECSService": "ecs.application-autoscaling.amazonaws.com",
    "AWSServiceRoleForECS": "ecs.amazonaws.com",
    "AWSServiceRoleForElasticLoadBalancing": "elasticloadbalancing.amazonaws.com",
}
LACKING_ROLES = os.environ.get("SHIM_WITHOUT_ROLES", "").split(",")
DEFAULT_QUOTAS = {
    "L-F678F1CE": 5,  # VPCs
    "L-A4707A72": 5,  # internet gateways
    "L-FE5A380F": 5,  # NAT gateways of a zone
    "L-0263D0A3": 5,  # Elastic IP addresses
    "L-69A177A2": 50,  # network load balancers
    "L-53DA6B97": 50,  # application load balancers
    "L-3032A538": 6,  # Fargate vCPUs
    "L-36FBB829": 6,  # Fargate Spot vCPUs
    "L-076D529E": 100,  # OpenSearch domains
    "L-6408ABDE": 80,  # nodes of a domain
}
# Stack and logical id of the nested stack that is about to begin.
ANNOUNCED = contextvars.ContextVar("announced", default=None)


def hex_id(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:17]}"


def stack_style_id(stack_name, logical_id):
    suffix = "".join(random.choices(string.ascii_uppercase + string.digits, k=12))
    return f"{stack_name}-{logical_id}-{suffix}"


def arn(service, resource):
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


def register(resource_type, create, delete=lambda physical_id, properties: None):
    """Adds a resource type unless MiniStack has it: `create(logical_id, properties, stack_name)` answers the physical id
    and the attributes. An update keeps the physical id and computes the attributes anew."""

    def update(physical_id, old, new, stack_name, logical_id=None):
        delete(physical_id, old)
        return physical_id, create(logical_id or physical_id, new, stack_name)[1]

    handler = {"create": create, "delete": delete, "update": update}
    provisioners._RESOURCE_HANDLERS.setdefault(resource_type, handler)


def register_recorded(resource_type, prefix, id_attribute=None):
    """A type of which nothing is kept but a made-up id."""

    def create(logical_id, properties, stack_name):
        physical_id = hex_id(prefix)
        return physical_id, {id_attribute: physical_id} if id_attribute else {}

    register(resource_type, create)


# Kept where the service shows them


def create_address(logical_id, properties, stack_name):
    allocation_id = hex_id("eipalloc")
    public_ip = ".".join(["203", "0", "113", str(random.randint(1, 254))])
    ec2._addresses[allocation_id] = {
        "AllocationId": allocation_id,
        "PublicIp": public_ip,
        "Domain": "vpc",
        "AssociationId": None,
        "InstanceId": None,
        "NetworkInterfaceId": None,
        "PrivateIpAddress": None,
    }
    provisioners._ec2_apply_tags(allocation_id, properties)
    return f"{public_ip}|{allocation_id}", {"AllocationId": allocation_id, "PublicIp": public_ip}


def delete_address(physical_id, properties):
    ec2._addresses.pop(physical_id.split("|")[1], None)


def create_nat_gateway(logical_id, properties, stack_name):
    nat_gateway_id = hex_id("nat")
    subnet = ec2._subnets.get(properties["SubnetId"])
    if subnet is None:
        raise ValueError(f"The subnet ID '{properties['SubnetId']}' does not exist")
    ec2._nat_gateways[nat_gateway_id] = {
        "NatGatewayId": nat_gateway_id,
        "SubnetId": properties["SubnetId"],
        "VpcId": subnet["VpcId"],
        "AllocationId": properties.get("AllocationId"),
        "ConnectivityType": "public",
        "State": "available",
        "CreateTime": ec2._now_ts(),
        "Tags": [],
    }
    provisioners._ec2_apply_tags(nat_gateway_id, properties)
    return nat_gateway_id, {"NatGatewayId": nat_gateway_id}


def delete_nat_gateway(physical_id, properties):
    ec2._nat_gateways.pop(physical_id, None)


def create_ingress_rule(logical_id, properties, stack_name):
    group = ec2._security_groups.get(properties["GroupId"])
    if group is None:
        raise ValueError(f"The security group '{properties['GroupId']}' does not exist")
    group["IpPermissions"] += provisioners._ec2_sg_permissions([properties])
    rule_id = hex_id("sgr")
    return rule_id, {"Id": rule_id}


def delete_ingress_rule(physical_id, properties):
    group = ec2._security_groups.get(properties["GroupId"])
    for permission in provisioners._ec2_sg_permissions([properties]):
        if group and permission in group["IpPermissions"]:
            group["IpPermissions"].remove(permission)


def create_service_linked_role(logical_id, properties, stack_name):
    status, _, body = iam._create_service_linked_role({"AWSServiceName": [properties["AWSServiceName"]]})
    if status >= 400:
        raise ValueError(f"service-linked role: {body!r}")
    name = f"AWSServiceRoleFor{properties['AWSServiceName'].split('.')[0].capitalize()}"
    return name, {"RoleName": name}


def delete_service_linked_role(physical_id, properties):
    iam._roles.pop(physical_id, None)


register("AWS::EC2::EIP", create_address, delete_address)
register("AWS::EC2::NatGateway", create_nat_gateway, delete_nat_gateway)
register("AWS::EC2::SecurityGroupIngress", create_ingress_rule, delete_ingress_rule)
register("AWS::IAM::ServiceLinkedRole", create_service_linked_role, delete_service_linked_role)


# Recorded only


def create_scalable_target(logical_id, properties, stack_name):
    parts = (properties["ResourceId"], properties["ScalableDimension"], properties["ServiceNamespace"])
    return "|".join(parts), {}


def create_scaling_policy(logical_id, properties, stack_name):
    return arn("autoscaling", f"scalingPolicy:{uuid.uuid4()}"), {}


def create_prometheus_workspace(logical_id, properties, stack_name):
    workspace_id = f"ws-{uuid.uuid4()}"
    workspace_arn = arn("aps", f"workspace/{workspace_id}")
    endpoint = f"https://aps-workspaces.{get_region()}.amazonaws.com/workspaces/{workspace_id}/"
    return workspace_arn, {"WorkspaceId": workspace_id, "Arn": workspace_arn, "PrometheusEndpoint": endpoint}


def create_dhcp_options_association(logical_id, properties, stack_name):
    return f"{properties.get('DhcpOptionsId')}|{properties.get('VpcId')}", {}


def create_with_arn(logical_id, properties, stack_name):
    return stack_style_id(stack_name, logical_id), {"Arn": arn("x", logical_id)}


register("AWS::ApplicationAutoScaling::ScalableTarget", create_scalable_target)
register("AWS::ApplicationAutoScaling::ScalingPolicy", create_scaling_policy)
register("AWS::APS::Workspace", create_prometheus_workspace)
register("AWS::EC2::VPCDHCPOptionsAssociation", create_dhcp_options_association)
register_recorded("AWS::EC2::DHCPOptions", "dopt", "DhcpOptionsId")
register_recorded("AWS::EC2::FlowLog", "fl", "Id")
register_recorded("AWS::EC2::NetworkAcl", "acl", "Id")
register_recorded("AWS::EC2::NetworkAclEntry", "acle", "Id")
register_recorded("AWS::EC2::SecurityGroupEgress", "sgr", "Id")
register_recorded("AWS::EC2::SubnetNetworkAclAssociation", "aclassoc", "AssociationId")
for arn_type in (
    "AWS::Budgets::Budget",
    "AWS::Cassandra::Keyspace",
    "AWS::Cassandra::Table",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::MSK::Cluster",
    "AWS::MSK::ServerlessCluster",
    "AWS::Route53::HealthCheck",
):
    register(arn_type, create_with_arn)


# Service Quotas


async def service_quotas(method, path, headers, body, query_params):
    """What the account has been granted, or AWS's default: a quota that nobody ever asked to raise may be known as a default
    alone."""
    operation = headers.get("x-amz-target", "").split(".")[-1]
    code = json.loads(body)["QuotaCode"]
    known = {"GetServiceQuota": ACCOUNT_QUOTAS, "GetAWSDefaultServiceQuota": DEFAULT_QUOTAS}[operation]
    if code in known:
        status, answer = 200, {"Quota": {"QuotaCode": code, "Value": float(known[code])}}
    else:
        status, answer = 400, {"__type": "NoSuchResourceException", "Message": f"no quota {code} is known"}
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()


app.SERVICE_HANDLERS["servicequotas"] = service_quotas
# Without it, MiniStack reads all models of botocore to find out whether there is such a service.
router.SERVICE_PATTERNS["servicequotas"] = {"target_prefixes": ["ServiceQuotasV20190624"]}


# Changes to MiniStack's own functions

listener_actions = provisioners._elbv2_listener_actions
create_hosted_zone = provisioners._RESOURCE_HANDLERS["AWS::Route53::HostedZone"]["create"]
resolve_document = helpers._resolve_document
provision_resource = provisioners._provision_resource
update_resource = provisioners._update_resource
create_nested = provisioners._cfn_nested_stack_create
delete_nested = provisioners._cfn_nested_stack_delete
add_event = ministack.services.cloudformation.stacks._add_event
create_ecs_service = provisioners._ecs_service_create
alarm_record = provisioners._cw_metric_alarm_record
authorization_token = ecr._get_authorization_token
filter_log_events = cloudwatch_logs._filter_log_events
execute_command = ecs._execute_command
answer_opensearch = opensearch.handle_request
create_domain = provisioners._RESOURCE_HANDLERS["AWS::OpenSearchService::Domain"]["create"]
register_task_definition = ecs._register_task_definition
describe_task_definition = ecs._describe_task_definition
update_service = ecs._update_service
describe_services = ecs._describe_services
list_services = ecs._list_services
get_role = iam._get_role


def listener_actions_with_authentication(properties, load_balancer_arn, prop="DefaultActions"):
    actions = listener_actions(properties, load_balancer_arn, prop)
    for action, given in zip(actions, properties.get(prop) or [], strict=True):
        if "AuthenticateOidcConfig" in given:
            action["AuthenticateOidcConfig"] = given["AuthenticateOidcConfig"]
    return actions


def create_hosted_zone_for_vpcs(logical_id, properties, stack_name):
    zone_id, attributes = create_hosted_zone(logical_id, properties, stack_name)
    if properties.get("VPCs"):
        route53._zones[zone_id] |= {"private": True, "vpcs": properties["VPCs"]}
    return zone_id, attributes


def resolve_document_in_host(params, body_key, url_key, label):
    """Turns https://BUCKET.s3.REGION.SUFFIX/KEY into the path style that MiniStack reads."""
    url = helpers._p(params, url_key)
    host = urlparse(url).hostname or "" if url else ""
    if not helpers._p(params, body_key) and (".s3." in host or ".s3-" in host):
        bucket = host.split(".s3")[0]
        params = {**params, url_key: [f"http://localhost/{bucket}{urlparse(url).path}"]}
    return resolve_document(params, body_key, url_key, label)


def with_numeric_count(properties):
    """A DesiredCount that came from a parameter is a string."""
    count = properties.get("DesiredCount") if isinstance(properties, dict) else None
    return {**properties, "DesiredCount": int(count)} if isinstance(count, str) else properties


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


def alarm_record_of_expression(name, properties):
    """MiniStack knows no metric math: such an alarm is kept with the first metric of its expression."""
    metrics = [each["MetricStat"] for each in properties.get("Metrics") or [] if "MetricStat" in each]
    if metrics:
        metric = metrics[0]["Metric"]
        of_metric = {"Period": metrics[0]["Period"], "Statistic": metrics[0]["Stat"], **metric}
        properties = {**properties, **of_metric, "Metrics": None}
    return alarm_record(name, properties)


def record(resource_type, logical_id, properties, stack_name):
    line = {"stack": stack_name, "logical_id": logical_id, "type": resource_type, "properties": properties}
    with open(RECORD, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def provision_slowly(resource_type, logical_id, properties, stack_name):
    if RECORD:
        record(resource_type, logical_id, properties, stack_name)
    time.sleep(RESOURCE_DELAY_SECONDS)
    if FAILING_LOGICAL_ID and logical_id == FAILING_LOGICAL_ID:
        raise ValueError(
            f'Resource handler returned message: "injected failure for {logical_id}" '
            "(HandlerErrorCode: InternalFailure)"
        )
    return provision_resource(resource_type, logical_id, with_numeric_count(properties), stack_name)


def update_keeping_attributes(resource_type, physical_id, old, new, stack_name, logical_id=None, *rest, **named):
    """An update handler answers only the attributes it knows: the earlier ones stay unless the resource was replaced. The
    revision of a task definition that was replaced goes."""
    resources = (_stacks.get(stack_name) or {}).get("_resources", {})
    earlier = (resources.get(logical_id) or {}).get("Attributes") or {}
    new_id, attributes = update_resource(
        resource_type, physical_id, old, with_numeric_count(new), stack_name, logical_id, *rest, **named
    )
    if new_id == physical_id:
        return new_id, {**earlier, **(attributes or {})}
    if resource_type == "AWS::ECS::TaskDefinition":
        provisioners._ecs_task_def_delete(physical_id, old)
    return new_id, attributes


def delete_nested_sparing_retained(physical_id, properties):
    """MiniStack heeds a DeletionPolicy in the root stack alone: what a nested one retains is taken out before."""
    child = _stacks.get(provisioners._nested_stack_lookup_name(physical_id)) or {}
    definitions = (child.get("_template") or {}).get("Resources", {})
    for logical_id in list(child.get("_resources", {})):
        policy = definitions.get(logical_id, {}).get("DeletionPolicy", "Delete")
        if policy in provisioners._RETAINING_POLICIES:
            del child["_resources"][logical_id]
    delete_nested(physical_id, properties)


def create_nested_announced(logical_id, properties, stack_name):
    """AWS tells the id of a nested stack when it begins, MiniStack only when it has ended."""
    token = ANNOUNCED.set((stack_name, logical_id))
    try:
        return create_nested(logical_id, properties, stack_name)
    finally:
        ANNOUNCED.reset(token)


def add_event_announcing(stack_id, stack_name, logical_id, resource_type, status, reason="", physical_id="", *rest, **named):
    announced = ANNOUNCED.get()
    if announced and physical_id == stack_id:
        ANNOUNCED.set(None)
        parent, nested = announced
        parent_id, initiated = _stacks[parent]["StackId"], "Resource creation Initiated"
        add_event(parent_id, parent, nested, resource_type, "CREATE_IN_PROGRESS", initiated, stack_id)
    add_event(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, *rest, **named)


def authorization_for_registry(data):
    status, headers, body = authorization_token(data)
    answer = json.loads(body)
    if ECR_ENDPOINT:
        answer["authorizationData"][0]["proxyEndpoint"] = ECR_ENDPOINT
    return status, headers, json.dumps(answer).encode()


def filter_log_events_in_pages(data):
    """MiniStack heeds neither the prefix of streams nor a token."""
    data = dict(data)
    prefix, token = data.pop("logStreamNamePrefix", None), data.pop("nextToken", None)
    limit = min(data.pop("limit", LOG_EVENTS_PER_PAGE), LOG_EVENTS_PER_PAGE)
    group = cloudwatch_logs._log_groups.get(data.get("logGroupName"))
    if group and prefix is not None:
        names = [name for name in group["streams"] if name.startswith(prefix)]
        if not names:
            return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps({"events": []}).encode()
        data["logStreamNames"] = names
    status, headers, body = filter_log_events(data)
    answer = json.loads(body)
    if status == 200:
        first = int(token or 0)
        events, answer["events"] = answer["events"], answer["events"][first : first + limit]
        if first + limit < len(events):
            answer["nextToken"] = str(first + limit)
    return status, headers, json.dumps(answer).encode()


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


def create_domain_in_full(logical_id, properties, stack_name):
    name, attributes = create_domain(logical_id, properties, stack_name)
    options = properties.get("LogPublishingOptions") or {}
    nodes = opensearch._domains[name]["ClusterConfig"]
    nodes["InstanceCount"] = int(nodes["InstanceCount"])
    opensearch._domains[name]["LogPublishingOptions"] = {
        kind: {**option, "Enabled": option.get("Enabled") in (True, "true")} for kind, option in options.items()
    }
    return name, attributes


async def answer_opensearch_with_health(method, path, headers, body, query_params):
    """MiniStack has no DescribeDomainHealth."""
    asked = re.fullmatch(r"/2021-01-01/opensearch/domain/([^/]+)/health", path)
    if method == "GET" and asked and asked.group(1) in opensearch._domains:
        health = {"DomainState": "Active", "ClusterHealth": "Green", "DataNodeCount": "2"}
        return 200, {"Content-Type": "application/json"}, json.dumps(health).encode()
    return await answer_opensearch(method, path, headers, body, query_params)


# ECS

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


# IAM


def get_role_of_services(params):
    """The roles that services have, which MiniStack calls otherwise."""
    name = helpers._p(params, "RoleName")
    service = SERVICE_ROLES.get(name)
    made = service and f"AWSServiceRoleFor{service.split('.')[0].capitalize()}" in iam._roles
    if not service or (name in LACKING_ROLES and not made):
        return get_role(params)
    role_arn = f"arn:aws:iam::{get_account_id()}:role/aws-service-role/{service}/{name}"
    role = f"<GetRoleResult><Role><RoleName>{name}</RoleName><Arn>{role_arn}</Arn></Role></GetRoleResult>"
    return iam._xml(200, "GetRoleResponse", role, ns="iam")


def rebind(name, original, replacement):
    """MiniStack's modules import these functions by name: every one of them gets the replacement."""
    for module in list(sys.modules.values()):
        if getattr(module, name, None) is original and module is not sys.modules[__name__]:
            setattr(module, name, replacement)


provisioners._cw_metric_alarm_record = alarm_record_of_expression
provisioners._RESOURCE_HANDLERS["AWS::ECS::Service"]["create"] = create_service_in_full
opensearch.handle_request = answer_opensearch_with_health
provisioners._RESOURCE_HANDLERS["AWS::OpenSearchService::Domain"]["create"] = create_domain_in_full
rebind("_filter_log_events", filter_log_events, filter_log_events_in_pages)
ecs._ACTION_MAP |= {
    "ExecuteCommand": execute_command_where_it_is_on,
    "RegisterTaskDefinition": register_definition_in_full,
    "DescribeTaskDefinition": describe_definition_without_blanks,
    "UpdateService": update_service_in_time,
    "DescribeServices": describe_services_in_time,
    "ListServices": list_services_of_cluster,
}
iam._IAM_HANDLERS["GetRole"] = get_role_of_services
rebind("_get_authorization_token", authorization_token, authorization_for_registry)
rebind("_resolve_document", resolve_document, resolve_document_in_host)
rebind("_provision_resource", provision_resource, provision_slowly)
rebind("_update_resource", update_resource, update_keeping_attributes)
rebind("_elbv2_listener_actions", listener_actions, listener_actions_with_authentication)
provisioners._RESOURCE_HANDLERS["AWS::Route53::HostedZone"]["create"] = create_hosted_zone_for_vpcs
rebind("_add_event", add_event, add_event_announcing)
provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::Stack"]["create"] = create_nested_announced
provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::Stack"]["delete"] = delete_nested_sparing_retained

if __name__ == "__main__":
    main()
