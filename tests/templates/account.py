"""An account of the stand-in: deploys, deletes and lists what is there."""

import json
from contextlib import contextmanager

import boto3

TEMPLATE_BUCKET = "jqs-templates"
TEMPLATE_PREFIX = "jqs/0123abcd/"
WAIT = {"Delay": 0.1, "MaxAttempts": 300}


class Account:
    def __init__(self):
        session = boto3.Session()
        self.region = session.region_name
        for service in (
            "acm", "cloudformation", "cloudwatch", "ec2", "ecs", "elbv2", "iam", "logs", "opensearch", "route53", "s3",
            "scheduler", "servicediscovery", "sns", "sqs", "ssm",
        ):
            setattr(self, service, session.client(service))

    def upload(self, folder):
        self.s3.create_bucket(Bucket=TEMPLATE_BUCKET)
        for path in folder.rglob("*.yaml"):
            key = TEMPLATE_PREFIX + path.relative_to(folder).as_posix()
            self.s3.put_object(Bucket=TEMPLATE_BUCKET, Key=key, Body=path.read_bytes())

    def create(self, stack, template, parameters):
        self.cloudformation.create_stack(
            StackName=stack,
            TemplateURL=f"https://{TEMPLATE_BUCKET}.s3.{self.region}.amazonaws.com/{TEMPLATE_PREFIX}{template}",
            Parameters=self.parameters(template, parameters),
            Capabilities=["CAPABILITY_IAM"],
        )
        self.wait("stack_create_complete", stack)
        return self.outputs(stack)

    def update(self, stack, template, parameters):
        self.cloudformation.update_stack(
            StackName=stack,
            TemplateURL=f"https://{TEMPLATE_BUCKET}.s3.{self.region}.amazonaws.com/{TEMPLATE_PREFIX}{template}",
            Parameters=self.parameters(template, parameters),
            Capabilities=["CAPABILITY_IAM"],
        )
        self.wait("stack_update_complete", stack)
        return self.outputs(stack)

    @contextmanager
    def deployed(self, stack, template, parameters):
        """The stack's outputs, for as long as it is there; afterwards nothing may be left of it."""
        before = self.inventory()
        try:
            yield self.create(stack, template, parameters)
        finally:
            self.delete(stack)
        left = self.inventory() - before
        assert not left, f"left behind: {left}"

    def delete(self, stack):
        self.cloudformation.delete_stack(StackName=stack)
        self.wait("stack_delete_complete", stack)

    def parameters(self, template, parameters):
        if not template.startswith("modules/"):
            parameters = {
                "TemplateBucket": TEMPLATE_BUCKET,
                "TemplateBucketRegion": self.region,
                "TemplatePrefix": TEMPLATE_PREFIX,
                **parameters,
            }
        return [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in parameters.items()]

    def wait(self, state, stack):
        try:
            self.cloudformation.get_waiter(state).wait(StackName=stack, WaiterConfig=WAIT)
        except Exception as error:
            raise AssertionError(f"{stack} did not reach {state}:\n" + "\n".join(self.failures())) from error

    def failures(self):
        """Why resources failed, in every stack of the account."""
        for summary in self.cloudformation.list_stacks()["StackSummaries"]:
            for event in self.cloudformation.describe_stack_events(StackName=summary["StackId"])["StackEvents"]:
                if event["ResourceStatus"].endswith("FAILED"):
                    yield f"{event['StackName']}: {event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"

    def outputs(self, stack):
        [description] = self.cloudformation.describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}

    def pages(self, service, operation, key):
        return [each for page in service.get_paginator(operation).paginate() for each in page[key]]

    def services(self, cluster):
        arns = self.ecs.list_services(cluster=cluster)["serviceArns"]
        found = self.ecs.describe_services(cluster=cluster, services=arns)["services"]
        return {service["serviceName"]: service for service in found}

    def container(self, service):
        task = self.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        return task["containerDefinitions"][0]

    def parameter(self, name):
        return self.ssm.get_parameter(Name=name)["Parameter"]["Value"]

    def security_group(self, group_id):
        return self.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]

    def role_policies(self, role):
        names = self.iam.list_role_policies(RoleName=role)["PolicyNames"]
        found = [self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        return [json.loads(each) if isinstance(each, str) else each for each in found]

    def records(self):
        """What answers to which name in which zone: zone, name, type and the alias's target."""
        for zone in self.route53.list_hosted_zones()["HostedZones"]:
            for record in self.route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]:
                if "AliasTarget" in record:
                    target = record["AliasTarget"]["DNSName"]
                    yield zone["Id"].rsplit("/", 1)[1], record["Name"], record["Type"], target

    def listeners(self):
        balancers = self.elbv2.describe_load_balancers()["LoadBalancers"]
        for each in balancers:
            yield from self.elbv2.describe_listeners(LoadBalancerArn=each["LoadBalancerArn"])["Listeners"]

    def rules(self, listener):
        rules = self.elbv2.describe_rules(ListenerArn=listener)["Rules"]
        return [rule for rule in rules if not rule["IsDefault"]]

    def inventory(self):
        """Everything that a deployment may leave behind."""
        stacks = self.cloudformation.list_stacks()["StackSummaries"]
        listed = {
            "stack": [each["StackName"] for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"],
            "vpc": [each["VpcId"] for each in self.ec2.describe_vpcs()["Vpcs"]],
            "subnet": [each["SubnetId"] for each in self.ec2.describe_subnets()["Subnets"]],
            "route table": [each["RouteTableId"] for each in self.ec2.describe_route_tables()["RouteTables"]],
            "gateway": [each["InternetGatewayId"] for each in self.ec2.describe_internet_gateways()["InternetGateways"]],
            "nat": [each["NatGatewayId"] for each in self.ec2.describe_nat_gateways()["NatGateways"]],
            "address": [each["AllocationId"] for each in self.ec2.describe_addresses()["Addresses"]],
            "endpoint": [each["VpcEndpointId"] for each in self.ec2.describe_vpc_endpoints()["VpcEndpoints"]],
            "security group": [each["GroupId"] for each in self.ec2.describe_security_groups()["SecurityGroups"]],
            "cluster": self.ecs.list_clusters()["clusterArns"],
            "task definition": self.ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
            "load balancer": [each["LoadBalancerArn"] for each in self.elbv2.describe_load_balancers()["LoadBalancers"]],
            "target group": [each["TargetGroupArn"] for each in self.elbv2.describe_target_groups()["TargetGroups"]],
            "listener rule": [rule["RuleArn"] for each in self.listeners() for rule in self.rules(each["ListenerArn"])],
            "certificate": [each["CertificateArn"] for each in self.acm.list_certificates()["CertificateSummaryList"]],
            "zone": [each["Id"] for each in self.route53.list_hosted_zones()["HostedZones"]],
            "record": list(self.records()),
            "log group": [each["logGroupName"] for each in self.logs.describe_log_groups()["logGroups"]],
            "log policy": [each["policyName"] for each in self.logs.describe_resource_policies()["resourcePolicies"]],
            "domain": [each["DomainName"] for each in self.opensearch.list_domain_names()["DomainNames"]],
            "role": [each["RoleName"] for each in self.iam.list_roles()["Roles"]],
            "policy": [each["PolicyName"] for each in self.iam.list_policies(Scope="Local")["Policies"]],
            "namespace": [each["Name"] for each in self.servicediscovery.list_namespaces()["Namespaces"]],
            "parameter": [each["Name"] for each in self.pages(self.ssm, "describe_parameters", "Parameters")],
            "alarm": [each["AlarmName"] for each in self.cloudwatch.describe_alarms()["MetricAlarms"]],
            "dashboard": [each["DashboardName"] for each in self.cloudwatch.list_dashboards()["DashboardEntries"]],
            "topic": [each["TopicArn"] for each in self.sns.list_topics()["Topics"]],
            "schedule group": [each["Name"] for each in self.scheduler.list_schedule_groups()["ScheduleGroups"]],
            "queue": self.sqs.list_queues().get("QueueUrls", []),
            "bucket": [each["Name"] for each in self.s3.list_buckets()["Buckets"]],
        }
        return {(kind, each) for kind, ids in listed.items() for each in ids}


def for_existing_vpc(parameters, network):
    """Parameters of the entry for an existing VPC that mean the same there, in that network."""
    chosen = {key: value for key, value in parameters.items() if key not in ("NumberOfAZs", "NatGateways")}
    zones = 3 if parameters.get("NumberOfAZs") == 3 else 2
    subnets = {key: ",".join(network[key].split(",")[:zones]) for key in ("PrivateSubnetIDs", "PublicSubnetIDs")}
    if chosen.get("LoadBalancerScheme") != "internet-facing":
        del subnets["PublicSubnetIDs"]
    return {"VPCID": network["VPCID"], "VPCCIDR": network["VPCCIDR"], **subnets, **chosen}
