"""MiniStack with what it lacks for CloudFormation templates like ours.

- Resource types: some are kept where the service's own API shows them (addresses, NAT gateways, security group rules,
  service-linked roles), the others are only recorded in the stack.
- What it drops or refuses: the Cloud Map services and the ECS Exec of an ECS service, alarms on an expression, how a
  listener's rule authenticates, and the VPCs that make a hosted zone private.
- Template URLs with the bucket in the host name.
- `SHIM_DELAY_MS`: how long each resource takes, so that stacks stay in progress.
- `SHIM_FAIL_LOGICAL`: the logical id of a resource that fails.
- `SHIM_RECORD`: a file that gets a line of JSON for each resource that is made, with its properties as MiniStack resolved
  them.
- `SHIM_ECR_ENDPOINT`: the address of a registry that stands in for ECR's, told with the token to log in to it.
- Service-linked roles: those that an account has which has used these services before. `SHIM_WITHOUT_ROLES` names those
  that it lacks, comma-separated.
- Service Quotas: defaults of AWS for what the templates need. `SHIM_QUOTAS` has others that hold for the account, as JSON by
  the code of the quota.
"""

import json
import os
import random
import string
import sys
import time
import uuid
from urllib.parse import urlparse

import ministack.services.cloudformation.helpers as helpers
import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.cloudformation.stacks  # noqa: F401  imported so that rebind() reaches it
from ministack import app
from ministack.app import main
from ministack.core import router
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, ecr, iam, route53
from ministack.services.cloudformation import _stacks

RESOURCE_DELAY_SECONDS = float(os.environ.get("SHIM_DELAY_MS", "0")) / 1000
FAILING_LOGICAL_ID = os.environ.get("SHIM_FAIL_LOGICAL")
RECORD = os.environ.get("SHIM_RECORD")
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
delete_nested = provisioners._cfn_nested_stack_delete
create_ecs_service = provisioners._ecs_service_create
alarm_record = provisioners._cw_metric_alarm_record
authorization_token = ecr._get_authorization_token
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


def authorization_for_registry(data):
    status, headers, body = authorization_token(data)
    answer = json.loads(body)
    if ECR_ENDPOINT:
        answer["authorizationData"][0]["proxyEndpoint"] = ECR_ENDPOINT
    return status, headers, json.dumps(answer).encode()


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
iam._IAM_HANDLERS["GetRole"] = get_role_of_services
rebind("_get_authorization_token", authorization_token, authorization_for_registry)
rebind("_resolve_document", resolve_document, resolve_document_in_host)
rebind("_provision_resource", provision_resource, provision_slowly)
rebind("_update_resource", update_resource, update_keeping_attributes)
rebind("_elbv2_listener_actions", listener_actions, listener_actions_with_authentication)
provisioners._RESOURCE_HANDLERS["AWS::Route53::HostedZone"]["create"] = create_hosted_zone_for_vpcs
provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::Stack"]["delete"] = delete_nested_sparing_retained

if __name__ == "__main__":
    main()
