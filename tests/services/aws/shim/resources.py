"""Resource types that MiniStack lacks."""

import random
import uuid

import ministack.services.cloudformation.provisioners as provisioners
from kit import arn, hex_id, register, register_recorded, stack_style_id
from ministack.core.responses import get_region
from ministack.services import ec2, iam

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
