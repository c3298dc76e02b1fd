"""Deploys the entry for an existing VPC with every option on, and looks at what each of them brought."""

import json

import pytest
from account import for_existing_vpc

STACK = "options"
TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call"
KEY = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
OPTIONS = {
    "EnvironmentName": "shop",
    "CapacityProvider": "FARGATE_SPOT",
    "LogKmsKeyArn": KEY,
    "EnableExecuteCommand": "Yes",
    "OpenSearchVolumeIops": 4000,
    "OpenSearchVolumeThroughput": 250,
    "OpenSearchKmsKeyArn": KEY,
    "OpenSearchOffPeakHour": 22,
    "RetentionJobSchedule": "cron(0 3 * * ? *)",
    "NamespaceSuffix": "internal.example",
    "DiscoverQuery": "Yes",
    "AlarmEmail": "ops@example.com",
    "AlarmTopicArn": TOPIC,
    "DeploymentAlarms": "shop is slow,shop is down",
}


@pytest.fixture(scope="module", params=["memory", "opensearch"])
def deployed(request, account, network):
    given = for_existing_vpc({**OPTIONS, "StorageBackend": request.param}, network)
    before = account.inventory()
    outputs = account.create(STACK, "jaeger-existing-vpc.yaml", given)
    yield outputs, account.inventory() - before
    account.delete(STACK)
    assert account.inventory() - before == set()


def names(made, kind):
    return {each for found, each in made if found == kind}


def test_services_run_on_spot_and_heed_alarms(account, deployed):
    outputs, _ = deployed
    for service in account.services(outputs["ClusterName"]).values():
        [strategy] = service["capacityProviderStrategy"]
        assert strategy["capacityProvider"] == "FARGATE_SPOT"
        alarms = service["deploymentConfiguration"]["alarms"]
        assert alarms == {"alarmNames": ["shop is slow", "shop is down"], "enable": True, "rollback": True}


def test_logs_are_encrypted_with_the_key(account, deployed):
    _, made = deployed
    groups = account.logs.describe_log_groups()["logGroups"]
    keys = {each["logGroupName"]: each.get("kmsKeyId") for each in groups}
    assert {keys[name] for name in names(made, "log group")} == {KEY}


def test_commands_can_be_executed_and_are_logged(account, deployed):
    outputs, _ = deployed
    [cluster] = account.ecs.describe_clusters(clusters=[outputs["ClusterName"]], include=["CONFIGURATIONS"])["clusters"]
    assert cluster["configuration"]["executeCommandConfiguration"] == {
        "logging": "OVERRIDE",
        "logConfiguration": {"cloudWatchLogGroupName": outputs["LogGroupName"], "cloudWatchEncryptionEnabled": True},
    }
    for service in account.services(outputs["ClusterName"]).values():
        assert service["enableExecuteCommand"]
        container = account.container(service)
        assert not container["readonlyRootFilesystem"]
        task = account.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        opens, asks, writes = attached_statements(account, task["taskRoleArn"])
        assert opens["Action"] == [f"ssmmessages:{verb}{each}Channel" for verb in ("Create", "Open") for each in ("Control", "Data")]
        assert asks["Action"] == "logs:DescribeLogGroups"
        assert writes["Resource"].endswith(f":log-group:{outputs['LogGroupName']}:*")


def attached_statements(account, role_arn):
    """What the one managed policy of a role allows."""
    [attached] = account.iam.list_attached_role_policies(RoleName=role_arn.rsplit("/", 1)[1])["AttachedPolicies"]
    policy = account.iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
    version = account.iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
    return version["PolicyVersion"]["Document"]["Statement"]


def test_the_domain_has_the_disks_the_key_and_the_quiet_hours(account, deployed):
    _, made = deployed
    for name in names(made, "domain"):
        domain = account.opensearch.describe_domain(DomainName=name)["DomainStatus"]
        assert (domain["EBSOptions"]["Iops"], domain["EBSOptions"]["Throughput"]) == (4000, 250)
        assert domain["EncryptionAtRestOptions"] == {"Enabled": True, "KmsKeyId": KEY}
        assert domain["OffPeakWindowOptions"]["OffPeakWindow"]["WindowStartTime"]["Hours"] == 22


def test_a_job_deletes_old_traces_in_the_collectors_stead(account, deployed):
    outputs, made = deployed
    if outputs["StorageBackend"] == "memory":
        assert names(made, "schedule group") == set()
        return
    collector = account.container(account.services(outputs["ClusterName"])["collector"])
    assert "JQS_RETENTION_DAYS" not in {each["name"] for each in collector["environment"]}
    [group] = names(made, "schedule group")
    schedule = account.scheduler.get_schedule(GroupName=group, Name="retention")
    assert schedule["ScheduleExpression"] == "cron(0 3 * * ? *)"
    target = schedule["Target"]
    family = target["EcsParameters"]["TaskDefinitionArn"]
    task = account.ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    assert task["containerDefinitions"][0]["command"] == [
        "jobs", "clean", "--opensearch-urls", outputs["OpenSearchEndpoint"], "--opensearch-auth", "sigv4", "--days", "7",
    ]  # fmt: skip
    [policy] = account.role_policies(target["RoleArn"].rsplit("/", 1)[1])
    allowed = {statement["Action"]: statement for statement in policy["Statement"]}
    assert allowed["ecs:RunTask"]["Resource"] == family.rsplit(":", 1)[0] + ":*"
    assert allowed["ecs:RunTask"]["Condition"] == {"ArnEquals": {"ecs:cluster": target["Arn"]}}
    assert allowed["iam:PassRole"]["Resource"] == [task["executionRoleArn"], task["taskRoleArn"]]
    assert allowed["sqs:SendMessage"]["Resource"] == target["DeadLetterConfig"]["Arn"]


def test_tasks_are_found_by_name(account, network, deployed):
    outputs, made = deployed
    opensearch = outputs["StorageBackend"] == "opensearch"
    assert names(made, "namespace") == {"shop.internal.example"}
    registered = {each["Arn"]: each["Name"] for each in account.servicediscovery.list_services()["Services"]}
    found = {
        name: [registered[each["registryArn"]] for each in service["serviceRegistries"]]
        for name, service in account.services(outputs["ClusterName"]).items()
    }
    assert found == ({"collector": ["collector"], "query": ["query"]} if opensearch else {"all-in-one": ["collector"]})
    assert outputs["DiscoveryName"] == "collector.shop.internal.example"
    assert outputs["QueryDiscoveryName"] == f"{'query' if opensearch else 'collector'}.shop.internal.example"
    tasks = account.security_group(account.parameter("/jqs/shop/TaskSecurityGroupID"))
    assert {
        (rule["FromPort"], source["CidrIp"]) for rule in tasks["IpPermissions"] for source in rule["IpRanges"]
    } == {(port, network["VPCCIDR"]) for port in (4317, 4318, 16686)}


def test_other_stacks_find_the_deployment(account, network, deployed):
    outputs, made = deployed
    published = {name.removeprefix("/jqs/shop/"): account.parameter(name) for name in names(made, "parameter")}
    group = published.pop("TaskSecurityGroupID")
    assert ("security group", group) in made
    assert published.pop("VPCID") == network["VPCID"]
    assert set(published) == {"ClusterName", "JaegerURL", "LogGroupName", "OtlpGrpcEndpoint", "OtlpHttpEndpoint"}
    assert published == {name: outputs[name] for name in published}


def test_alarms_watch_what_is_there_and_tell_both(account, deployed):
    outputs, made = deployed
    [topic] = names(made, "topic")
    [subscription] = account.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")
    there = {
        "ClusterName": {outputs["ClusterName"]},
        "ServiceName": set(outputs["ServiceNames"].split(",")),
        "DomainName": names(made, "domain"),
        "ClientId": {"123456789012"},
        "LoadBalancer": {outputs["LoadBalancerArn"].split("loadbalancer/")[1]},
        "TargetGroup": {arn.split(":")[5] for arn in names(made, "target group")},
    }
    watched = {key: set() for key in there}
    alarms = account.cloudwatch.describe_alarms(AlarmNames=list(names(made, "alarm")))["MetricAlarms"]
    for alarm in alarms:
        assert set(alarm["AlarmActions"]) == set(alarm["OKActions"]) == {TOPIC, topic}
        for dimension in alarm["Dimensions"]:
            assert dimension["Value"] in there[dimension["Name"]], alarm["AlarmName"]
            watched[dimension["Name"]].add(dimension["Value"])
    assert watched["ServiceName"] == there["ServiceName"]
    assert watched["DomainName"] == there["DomainName"]
    assert len(watched["TargetGroup"]) == 2


def test_logged_errors_are_counted_for_an_alarm(account, deployed):
    outputs, made = deployed
    [found] = account.logs.describe_metric_filters(logGroupName=outputs["LogGroupName"])["metricFilters"]
    [counted] = found["metricTransformations"]
    assert found["filterPattern"] == '{ $.level = "ERROR" }'
    alarms = account.cloudwatch.describe_alarms(AlarmNames=list(names(made, "alarm")))["MetricAlarms"]
    watched = {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms}
    assert (counted["metricNamespace"], counted["metricName"]) in watched


def test_the_dashboard_shows_the_domain_where_there_is_one(account, deployed):
    outputs, made = deployed
    assert names(made, "dashboard") == {outputs["ClusterName"]}
    body = account.cloudwatch.get_dashboard(DashboardName=outputs["ClusterName"])["DashboardBody"]
    widgets = json.loads(body)["widgets"]
    places = {(each["x"], each["y"]) for each in widgets}
    assert len(places) == len(widgets)
    assert [name in body for name in names(made, "domain")] == [True] * (outputs["StorageBackend"] == "opensearch")
    assert ("AWS/ES" in body) == (outputs["StorageBackend"] == "opensearch")


def test_without_options_nothing_is_named_watched_or_published(account, network):
    bare = {"NamespaceSuffix": "", "PublishParameters": "No", "CreateAlarms": "No", "CreateDashboard": "No"}
    before = account.inventory()
    outputs = account.create("bare", "jaeger-existing-vpc.yaml", for_existing_vpc(bare, network))
    made = account.inventory() - before
    for kind in ("namespace", "parameter", "alarm", "dashboard", "topic"):
        assert names(made, kind) == set()
    assert "DiscoveryName" not in outputs
    [service] = account.services(outputs["ClusterName"]).values()
    assert service["serviceRegistries"] == []
    assert not service["enableExecuteCommand"]
    assert account.container(service)["readonlyRootFilesystem"]
    task = account.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    assert not task.get("taskRoleArn")
    assert names(made, "policy") == set()
    [group] = service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    assert not any(rule["IpRanges"] for rule in account.security_group(group)["IpPermissions"])
    account.delete("bare")
