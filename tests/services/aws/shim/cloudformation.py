"""CloudFormation: where templates lie, how long resources take and which fail, nested stacks, and what it drops of some types."""

import asyncio
import contextvars
import json
import os
import time
from urllib.parse import urlparse

import ministack.services.cloudformation.handlers as handlers
import ministack.services.cloudformation.helpers as helpers
import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.cloudformation.stacks as stacks
from kit import rebind
from ministack.services import route53, s3
from ministack.services.cloudformation import _stacks

RESOURCE_DELAY_SECONDS = float(os.environ.get("SHIM_DELAY_MS", "0")) / 1000
FAILING_LOGICAL_ID = os.environ.get("SHIM_FAIL_LOGICAL")
FAILING_DELETIONS = [name for name in os.environ.get("SHIM_FAIL_DELETION", "").split(",") if name]
FAILURES_LEFT = [int(os.environ.get("SHIM_FAIL_TIMES", "1000000"))]
FAILURE_REASON = os.environ.get("SHIM_FAIL_REASON")
RECORD = os.environ.get("SHIM_RECORD")
# Stack and logical id of the nested stack that is about to begin.
ANNOUNCED = contextvars.ContextVar("announced", default=None)
# Names of stacks whose creation is broken off.
CANCELLED = set()
# Id of a nested stack → id of the stack that it is in.
PARENTS = {}

listener_actions = provisioners._elbv2_listener_actions
create_bucket = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["create"]
delete_stack_async = stacks._delete_stack_async
delete_stack = handlers._ACTION_HANDLERS["DeleteStack"]
describe_stacks = handlers._describe_stacks
create_hosted_zone = provisioners._RESOURCE_HANDLERS["AWS::Route53::HostedZone"]["create"]
resolve_document = helpers._resolve_document
provision_resource = provisioners._provision_resource
runs_on_worker_thread = stacks._runs_on_worker_thread
delete_resource = provisioners._delete_resource
update_resource = provisioners._update_resource
create_nested = provisioners._cfn_nested_stack_create
delete_nested = provisioners._cfn_nested_stack_delete
add_event = stacks._add_event
alarm_record = provisioners._cw_metric_alarm_record


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


def alarm_record_of_expression(name, properties):
    """MiniStack knows no metric math: such an alarm is kept with the first metric of its expression."""
    metrics = [each["MetricStat"] for each in properties.get("Metrics") or [] if "MetricStat" in each]
    if metrics:
        metric = metrics[0]["Metric"]
        of_metric = {"Period": metrics[0]["Period"], "Statistic": metrics[0]["Stat"], **metric}
        properties = {**properties, **of_metric, "Metrics": None}
    return alarm_record(name, properties)


def with_numeric_count(properties):
    """A DesiredCount that came from a parameter is a string."""
    count = properties.get("DesiredCount") if isinstance(properties, dict) else None
    return {**properties, "DesiredCount": int(count)} if isinstance(count, str) else properties


def record(resource_type, logical_id, properties, stack_name):
    line = {"stack": stack_name, "logical_id": logical_id, "type": resource_type, "properties": properties}
    with open(RECORD, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def fail(logical_id):
    """As often as it is to fail."""
    if FAILURES_LEFT[0] <= 0:
        return
    FAILURES_LEFT[0] -= 1
    reason = FAILURE_REASON or f"injected failure for {logical_id}"
    raise ValueError(f'Resource handler returned message: "{reason}" (HandlerErrorCode: InternalFailure)')


def delete_or_fail(resource_type, physical_id, properties, stack_name="", logical_id="", *rest, **named):
    if logical_id in FAILING_DELETIONS:
        fail(logical_id)
    return delete_resource(resource_type, physical_id, properties, stack_name, logical_id, *rest, **named)


def provision_slowly(resource_type, logical_id, properties, stack_name):
    if RECORD:
        record(resource_type, logical_id, properties, stack_name)
    time.sleep(RESOURCE_DELAY_SECONDS)
    if stack_name in CANCELLED:
        raise ValueError("Resource creation cancelled")
    if FAILING_LOGICAL_ID and logical_id == FAILING_LOGICAL_ID:
        fail(logical_id)
    return provision_resource(resource_type, logical_id, with_numeric_count(properties), stack_name)


def waits(resource_type):
    """Where each resource takes its time, nothing else may have to wait for it."""
    return RESOURCE_DELAY_SECONDS > 0 or runs_on_worker_thread(resource_type)


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
        PARENTS[stack_id] = parent_id
        add_event(parent_id, parent, nested, resource_type, "CREATE_IN_PROGRESS", initiated, stack_id)
    add_event(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, *rest, **named)


def describe_stacks_with_parents(params):
    status, headers, body = describe_stacks(params)
    text = body.decode() if isinstance(body, bytes) else body
    for stack_id, parent_id in PARENTS.items():
        told = f"<StackId>{stack_id}</StackId>"
        text = text.replace(told, f"{told}<ParentId>{parent_id}</ParentId>")
    return status, headers, text.encode() if isinstance(body, bytes) else text


async def delete_stack_when_made(stack_name, stack_id, *rest, **named):
    """AWS breaks off a creation to delete the stack; MiniStack does both at once, and the creation wins."""
    stack = _stacks.get(stack_name)
    CANCELLED.add(stack_name)
    while stack and stack["StackStatus"] == "CREATE_IN_PROGRESS":
        await asyncio.sleep(0.02)
    CANCELLED.discard(stack_name)
    await delete_stack_async(stack_name, stack_id, *rest, **named)


def delete_stack_with_orphans(params):
    """A nested stack that failed is unknown to its parent in MiniStack, and outlives it."""
    name = helpers._p(params, "StackName")
    ids = {stack["StackId"] for key, stack in _stacks.items() if name in (key, stack["StackId"])}
    for child in _stacks.values():
        if PARENTS.get(child["StackId"]) in ids and child["StackStatus"].endswith("_FAILED"):
            child["StackStatus"] = "DELETE_COMPLETE"
    return delete_stack(params)


def create_bucket_tagged(logical_id, properties, stack_name):
    """AWS gives what a stack makes the tags of the stack, and of the stacks around it; MiniStack leaves buckets out."""
    name, attributes = create_bucket(logical_id, properties, stack_name)
    tags = {}
    stack = _stacks.get(stack_name)
    while stack:
        tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags") or []} | tags
        parent_id = PARENTS.get(stack["StackId"])
        stack = next((other for other in _stacks.values() if other["StackId"] == parent_id), None)
    if tags:
        s3._bucket_tags[name] = tags | (s3._bucket_tags.get(name) or {})
    return name, attributes


provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["create"] = create_bucket_tagged
handlers._ACTION_HANDLERS["DeleteStack"] = delete_stack_with_orphans
handlers._ACTION_HANDLERS["DescribeStacks"] = describe_stacks_with_parents
provisioners._cw_metric_alarm_record = alarm_record_of_expression
rebind("_resolve_document", resolve_document, resolve_document_in_host)
rebind("_provision_resource", provision_resource, provision_slowly)
rebind("_runs_on_worker_thread", runs_on_worker_thread, waits)
rebind("_delete_stack_async", delete_stack_async, delete_stack_when_made)
rebind("_delete_resource", delete_resource, delete_or_fail)
rebind("_update_resource", update_resource, update_keeping_attributes)
rebind("_elbv2_listener_actions", listener_actions, listener_actions_with_authentication)
provisioners._RESOURCE_HANDLERS["AWS::Route53::HostedZone"]["create"] = create_hosted_zone_for_vpcs
rebind("_add_event", add_event, add_event_announcing)
provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::Stack"]["create"] = create_nested_announced
provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::Stack"]["delete"] = delete_nested_sparing_retained
