"""What neither a linter nor the stand-in sees: whether the templates fit each other and what AWS demands of values."""

import itertools
import re

import pytest

from template import ALL, ENTRIES, FOLDER, admits, children, load, resources, walk

FARGATE_MEMORY_MIB = {
    256: [512, 1024, 2048],
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
}
UNTAGGABLE = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::ServiceLinkedRole",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::ResourcePolicy",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::Scheduler::Schedule",
}
# Actions that know no resource, or none that could be named.
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
# About the VPC that only one entry has, about a certificate's ARN, which the entries have yet to find, or about a zone, of
# which they ask more.
RULES_OF_ONE_PLACE = {
    "DataNodesFitTheZones",
    "InternetFacingHasPublicSubnets",
    "ListenerHasCertificate",
    "OutsidersSpeakTLS",
    "ProviderIsReached",
    "PublicNameNeedsZone",
    "RegionHasTheZones",
    "RouteTablesGetAnEndpoint",
    "SubnetCIDRsAreAllGiven",
    "TasksHaveAWayOut",
}
ENTRY_OUTPUTS = {
    "ClusterName",
    "DiscoveryName",
    "ImageUri",
    "JaegerURL",
    "LoadBalancerArn",
    "LogGroupName",
    "OpenSearchEndpoint",
    "OtlpGrpcEndpoint",
    "OtlpHttpEndpoint",
    "QueryDiscoveryName",
    "ServiceNames",
    "StorageBackend",
}


@pytest.mark.parametrize("name", ENTRIES)
def test_children_get_exactly_their_parameters(name):
    template = load(name)
    assert children(template)
    for logical_id, (file, passed) in children(template).items():
        assert set(passed) == set(load(file)["Parameters"]), f"{name}: {logical_id}"


@pytest.mark.parametrize("name", ENTRIES)
def test_outputs_taken_from_children_exist_when_the_parent_reads_them(name):
    template = load(name)
    files = {logical_id: file for logical_id, (file, _) in children(template).items()}
    taken = [each["Fn::GetAtt"] for each in walk(template) if "Fn::GetAtt" in each]
    assert taken
    for logical_id, attribute in taken:
        assert attribute.removeprefix("Outputs.") in load(files[logical_id])["Outputs"], f"{name}: {logical_id}.{attribute}"
    assert set(template["Outputs"]) == ENTRY_OUTPUTS


@pytest.mark.parametrize("name", ALL)
def test_parameters_are_explained_grouped_and_used(name):
    template = load(name)
    parameters = template["Parameters"]
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [each for group in interface["ParameterGroups"] for each in group["Parameters"]]
    assert sorted(grouped) == sorted(parameters)
    assert set(interface["ParameterLabels"]) == set(parameters)
    body = (FOLDER / name).read_text().split("\nParameters:")[1]
    for parameter, definition in parameters.items():
        assert definition["Description"].strip()
        constrained = {"AllowedPattern", "AllowedValues", "MinValue", "MaxValue"} & set(definition)
        assert definition["Type"].startswith(("AWS::", "List<AWS::")) or constrained, parameter
        assert bool(constrained) == ("ConstraintDescription" in definition), parameter
        used = rf"!Ref {parameter}\b|\${{{parameter}}}"
        assert re.search(used, body), f"{parameter} is not used"


def test_a_parameter_means_the_same_everywhere():
    seen = {}
    for name in ALL:
        for parameter, definition in load(name)["Parameters"].items():
            # A new VPC must have room for subnets of a known size, and resolves its lists itself.
            if parameter == "VPCCIDR":
                continue
            constraint = {key: definition.get(key) for key in ("Type", "AllowedPattern", "AllowedValues", "MinValue", "MaxValue")}
            # A module may insist on what an entry leaves open, but not assume something else.
            default = definition.get("Default")
            first, known, assumed = seen.setdefault(parameter, (name, constraint, default))
            assert constraint == known, f"{parameter} differs between {first} and {name}"
            assert default == assumed or None in (default, assumed), f"{parameter} differs between {first} and {name}"


def test_a_rule_says_the_same_everywhere():
    seen = {}
    for name in ALL:
        for rule, definition in load(name).get("Rules", {}).items():
            assert seen.setdefault(rule, definition) == definition, f"{rule} in {name}"
    entries = [set(load(name)["Rules"]) for name in ENTRIES]
    for name in ALL:
        for rules in entries:
            assert set(load(name).get("Rules", {})) - RULES_OF_ONE_PLACE <= rules


@pytest.mark.parametrize("rule, prefix", [("AllInOneSize", "MemoryTask"), ("CollectorSize", "Collector"), ("QuerySize", "Query")])
def test_size_rules_admit_what_fargate_offers(rule, prefix):
    template = load("jaeger-existing-vpc.yaml")
    cpus, memories = (template["Parameters"][prefix + each]["AllowedValues"] for each in ("Cpu", "Memory"))
    for cpu, memory in itertools.product(cpus, memories):
        admitted = admits(template["Rules"][rule], {f"{prefix}Cpu": cpu, f"{prefix}Memory": memory})
        assert admitted == (int(memory) in FARGATE_MEMORY_MIB[int(cpu)]), f"{cpu} units, {memory} MiB"


@pytest.mark.parametrize("prefix", ["Collector", "Query"])
def test_count_rules_admit_an_ordered_range(prefix):
    template = load("jaeger-existing-vpc.yaml")
    fewest, most = (template["Parameters"][f"{each}{prefix}Count"]["AllowedValues"] for each in ("Min", "Max"))
    for low, high in itertools.product(fewest, most):
        admitted = admits(template["Rules"][f"{prefix}Counts"], {f"Min{prefix}Count": low, f"Max{prefix}Count": high})
        assert admitted == (low <= high), f"{low} to {high}"


def test_data_nodes_spread_evenly_over_the_zones_they_need():
    domain = load("modules/opensearch.yaml")
    counts = domain["Parameters"]["OpenSearchInstanceCount"]["AllowedValues"]
    rule = load("jaeger-new-vpc.yaml")["Rules"]["DataNodesFitTheZones"]
    for count in counts:
        three = any(each["Fn::Equals"][1] == count for each in domain["Conditions"]["ThreeZones"]["Fn::Or"])
        zones = 1 if count == 1 else 3 if three else 2
        assert count % zones == 0, f"{count} nodes in {zones} zones"
        for offered in (2, 3):
            chosen = {"StorageBackend": "opensearch", "NumberOfAZs": offered, "OpenSearchInstanceCount": count}
            assert admits(rule, chosen) == (zones <= offered), f"{count} nodes in {offered} zones"


def test_dedicated_masters_are_for_domains_that_can_use_them():
    domain = load("modules/opensearch.yaml")
    for count in domain["Parameters"]["OpenSearchInstanceCount"]["AllowedValues"]:
        for masters in ("", "m7g.large.search"):
            chosen = {"OpenSearchInstanceCount": count, "OpenSearchMasterInstanceType": masters}
            admitted = all(admits(domain["Rules"][rule], chosen) for rule in ("MastersHaveDataNodes", "ManyDataNodesHaveMasters"))
            assert admitted == (count > 1 if masters else count <= 10), chosen


def test_warm_nodes_are_for_domains_that_can_have_them():
    rule = load("modules/opensearch.yaml")["Rules"]["WarmNodesFitTheDomain"]
    for count, masters, data in itertools.product((0, 1, 2, 150), ("", "m7g.large.search"), ("m7g.medium.search", "t3.small.search")):
        chosen = {
            "OpenSearchWarmInstanceCount": count,
            "OpenSearchMasterInstanceType": masters,
            "OpenSearchInstanceType": data,
        }
        assert admits(rule, chosen) == (count == 0 or (count > 1 and masters != "" and not data.startswith("t3."))), chosen


def test_warm_nodes_are_asked_for_only_where_there_are_any():
    [domain] = resources(load("modules/opensearch.yaml"), "AWS::OpenSearchService::Domain").values()
    cluster = domain["Properties"]["ClusterConfig"]
    assert cluster["WarmEnabled"] == {"Fn::If": ["HasWarmNodes", True, False]}
    for name, parameter in (("WarmType", "OpenSearchWarmInstanceType"), ("WarmCount", "OpenSearchWarmInstanceCount")):
        assert cluster[name] == {"Fn::If": ["HasWarmNodes", {"Ref": parameter}, {"Ref": "AWS::NoValue"}]}


def test_traces_fill_sixty_percent_of_the_task():
    template = load("modules/memory.yaml")
    bytes_of = template["Mappings"]["TraceMemory"]
    assert list(bytes_of) == template["Parameters"]["MemoryTaskMemory"]["AllowedValues"]
    for mebibytes, limit in bytes_of.items():
        assert int(limit["Bytes"]) == int(mebibytes) * 1024 * 1024 * 6 // 10


@pytest.mark.parametrize("name", ALL)
def test_everything_that_can_be_is_tagged(name):
    for logical_id, resource in load(name)["Resources"].items():
        name_of_tags = "HostedZoneTags" if resource["Type"] == "AWS::Route53::HostedZone" else "Tags"
        tags = resource["Properties"].get(name_of_tags, [])
        tag = {"Ref": "EnvironmentName"}
        tagged = tags == {"EnvironmentName": tag} or {"Key": "EnvironmentName", "Value": tag} in tags
        assert tagged != (resource["Type"] in UNTAGGABLE), logical_id


@pytest.mark.parametrize("name", ALL)
def test_permissions_have_no_wildcard_where_there_is_a_choice(name):
    for statement in walk(load(name)):
        if "Effect" not in statement or "Action" not in statement:
            continue
        actions = statement["Action"]
        if statement["Effect"] == "Deny":
            continue
        actions = {actions} if isinstance(actions, str) else set(actions)
        assert not any("*" in action for action in actions)
        assert statement.get("Principal") != "*"
        if statement.get("Resource") == "*":
            assert actions <= WITHOUT_RESOURCE


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_bound_to_a_partition_region_or_name(name):
    template = load(name)
    body = (FOLDER / name).read_text().split("\nResources:")[1]
    assert "arn:aws" not in body
    assert "amazonaws.com/" not in body
    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af)-[a-z]+-\d\b", body)
    for role in resources(template, "AWS::IAM::Role").values():
        assert "RoleName" not in role["Properties"]


def test_scaled_services_have_no_desired_count():
    services = resources(load("modules/collector-query.yaml"), "AWS::ECS::Service")
    assert not any("DesiredCount" in service["Properties"] for service in services.values())
    nested = children(load("jaeger-existing-vpc.yaml")).values()
    scaled = [passed["ServiceName"]["Fn::GetAtt"][1] for file, passed in nested if file == "modules/scaling.yaml"]
    assert scaled == [f"Outputs.{logical_id.removesuffix('Service')}ServiceName" for logical_id in services]
    [alone] = resources(load("modules/memory.yaml"), "AWS::ECS::Service").values()
    assert alone["Properties"]["DesiredCount"] == 1
    assert alone["Properties"]["DeploymentConfiguration"]["MaximumPercent"] == 100


def test_services_are_scaled_on_cpu_and_memory_to_what_is_asked_for():
    policies = resources(load("modules/scaling.yaml"), "AWS::ApplicationAutoScaling::ScalingPolicy").values()
    tracked = {}
    for policy in policies:
        tracking = policy["Properties"]["TargetTrackingScalingPolicyConfiguration"]
        tracked[tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]] = tracking["TargetValue"]["Ref"]
    assert tracked == {
        "ECSServiceAverageCPUUtilization": "TargetCpuPercent",
        "ECSServiceAverageMemoryUtilization": "TargetMemoryPercent",
    }


@pytest.mark.parametrize("name", ["modules/memory.yaml", "modules/collector-query.yaml"])
def test_services_guard_their_deployments_and_tasks(name):
    template = load(name)
    for service in resources(template, "AWS::ECS::Service").values():
        breaker = service["Properties"]["DeploymentConfiguration"]["DeploymentCircuitBreaker"]
        assert breaker == {"Enable": True, "Rollback": True}
        assert service["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
        assert service["Properties"]["Cluster"] == {"Ref": "ClusterName"}
        assert service["Properties"]["EnableExecuteCommand"] == {"Fn::If": ["ExecutesCommands", True, False]}
    for task in resources(template, "AWS::ECS::TaskDefinition").values():
        [container] = task["Properties"]["ContainerDefinitions"]
        # With ECS Exec an agent writes there; nothing else ever does.
        assert container["ReadonlyRootFilesystem"] == {"Fn::If": ["ExecutesCommands", False, True]}
        assert container["LinuxParameters"] == {
            "Capabilities": {"Drop": ["ALL"]},
            "InitProcessEnabled": {"Fn::If": ["ExecutesCommands", True, False]},
        }
        assert container["HealthCheck"]["Command"] == ["CMD", "/jqs-collector", "health"]
        assert container["Command"] == [container["Name"]]


def test_the_domain_is_private_and_encrypted():
    [domain] = resources(load("modules/opensearch.yaml"), "AWS::OpenSearchService::Domain").values()
    properties = domain["Properties"]
    assert properties["EncryptionAtRestOptions"]["Enabled"] is True
    assert properties["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    assert properties["DomainEndpointOptions"] == {
        "EnforceHTTPS": True,
        "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
    }
    assert properties["EBSOptions"]["VolumeType"] == "gp3"
    statements = properties["AccessPolicies"]["Statement"]
    roles = [statement["Principal"]["AWS"]["Fn::GetAtt"][0] for statement in statements]
    assert set(roles) == {"CollectorRole", "QueryRole"}


def test_the_query_role_can_search_but_not_write():
    [domain] = resources(load("modules/opensearch.yaml"), "AWS::OpenSearchService::Domain").values()
    paths = {}
    for statement in domain["Properties"]["AccessPolicies"]["Statement"]:
        if statement["Principal"] == {"AWS": {"Fn::GetAtt": ["QueryRole", "Arn"]}}:
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                paths[action] = statement["Resource"]["Fn::Sub"][0].split("${Suffix}")[1]
    assert paths == {
        "es:ESHttpGet": "/*",
        "es:ESHttpHead": "/*",
        "es:ESHttpPost": "/_*search",
    }


def test_the_documentation_names_every_parameter_and_output():
    documentation = (FOLDER.parent / "docs" / "templates.md").read_text()
    for name in ENTRIES:
        template = load(name)
        for parameter, definition in template["Parameters"].items():
            default = definition.get("Default")
            shown = "required" if default is None else f"`{default}`" if default != "" else "empty"
            assert f"| `{parameter}` | {shown} |" in documentation
        for output in template["Outputs"]:
            assert f"| `{output}` |" in documentation
