"""Deploys every combination that matters to the AWS stand-in, looks at what is there, and deletes it again."""

import json
import re

import pytest
from account import for_existing_vpc
from botocore.exceptions import ClientError
from entry import CERTIFICATE, LONGEST_NAME, OPENSEARCH, PUBLIC, STACK, for_entry
from reach import check_placement, check_reach

TARGETS = {4317: 4317, 4318: 4318, 80: 16686}
TLS_TARGETS = {4317: 4317, 4318: 4318, 443: 16686}
SERVICE_LINKED_ROLE = ("role", "AWSServiceRoleForOpensearchservice")

OPEN_TO_ALL = {**PUBLIC, "AllowedCIDR": "0.0.0.0/0"}
WARM = {**OPENSEARCH, "OpenSearchMasterInstanceType": "m7g.medium.search", "OpenSearchWarmInstanceCount": 2}

CASES = {
    "memory": {},
    "memory, three zones": {"NumberOfAZs": 3, "NatGateways": "per-az"},
    "memory, largest task": {"MemoryTaskCpu": 4096, "MemoryTaskMemory": 30720},
    "memory, internet-facing": PUBLIC,
    "memory, other image": {"ImageUri": "210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/jqs:1.2.3"},
    "memory, X86_64, insights": {"CpuArchitecture": "X86_64", "ContainerInsights": "enhanced"},
    "opensearch": OPENSEARCH,
    "opensearch, one node": {**OPENSEARCH, "OpenSearchInstanceCount": 1},
    "opensearch, three zones": {
        **OPENSEARCH,
        "NumberOfAZs": 3,
        "OpenSearchInstanceCount": 3,
        "OpenSearchMasterInstanceType": "m7g.medium.search",
        "OpenSearchWarmInstanceCount": 2,
        "CreateOpenSearchServiceLinkedRole": "Yes",
    },
    "opensearch, open to all": {**OPENSEARCH, **OPEN_TO_ALL, "DomainName": "jaeger.example.com"},
}
REFUSED = {
    "pair that Fargate lacks": ({"MemoryTaskCpu": 256, "MemoryTaskMemory": 8192}, "MemoryTaskMemory must be"),
    "collector too large": ({**OPENSEARCH, "CollectorCpu": 4096}, "CollectorMemory must be"),
    "range upside down": ({**OPENSEARCH, "MinQueryCount": 4, "MaxQueryCount": 2}, "MinQueryCount must not"),
    "warm nodes without masters": ({**OPENSEARCH, "OpenSearchWarmInstanceCount": 2}, "need OpenSearchMasterInstanceType"),
    "one warm node": ({**WARM, "OpenSearchWarmInstanceCount": 1}, "must be 0, or 2 at least"),
    "warm nodes beside t3": ({**WARM, "OpenSearchInstanceType": "t3.medium.search"}, "need another OpenSearchInstanceType"),
    "data nodes that cannot encrypt": ({**OPENSEARCH, "OpenSearchInstanceType": "t2.small.search"}, "no encryption at rest"),
    "internet-facing for nobody": ({"LoadBalancerScheme": "internet-facing"}, "needs AllowedCIDR"),
    "internet-facing in clear text": ({**PUBLIC, "Certificate": "Disabled", "CertificateArn": ""}, "needs a Certificate"),
    "name too long": ({"EnvironmentName": LONGEST_NAME + "m"}, "EnvironmentName"),
    "name in capitals": ({"EnvironmentName": "Jaeger"}, "EnvironmentName"),
    "wide range in disguise": ({**PUBLIC, "AllowedCIDR": "203.0.113.0/0"}, "AllowedCIDR"),
    "image without a tag": ({"ImageUri": "example/jqs"}, "ImageUri"),
    "unknown storage": ({"StorageBackend": "paper"}, "StorageBackend"),
    "queries found nowhere": ({"NamespaceSuffix": "", "DiscoverQuery": "Yes"}, "DiscoverQuery needs"),
    "no alarms to be told of": ({"CreateAlarms": "No", "AlarmEmail": "ops@example.com"}, "need CreateAlarms"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("entry", ["new", "existing"])
def test_deploy_and_delete(account, network, entry, case):
    parameters = {"EnvironmentName": LONGEST_NAME, **CASES[case]}
    given = for_entry(entry, parameters, network)
    before = account.inventory()
    outputs = account.create(STACK, f"jaeger-{entry}-vpc.yaml", given)
    try:
        check_outputs(outputs, parameters)
        check_load_balancer(account, outputs, parameters)
        check_services(account, outputs, parameters)
        check_execution_role(account, outputs, parameters)
        if parameters.get("StorageBackend") == "opensearch":
            check_domain(account, parameters)
    finally:
        account.delete(STACK)
    left = account.inventory() - before
    # It belongs to the account: removed here, so that the next case may create it.
    if parameters.get("CreateOpenSearchServiceLinkedRole") == "Yes":
        left.remove(SERVICE_LINKED_ROLE)
        account.iam.delete_service_linked_role(RoleName=SERVICE_LINKED_ROLE[1])
    assert left == set()


def check_outputs(outputs, parameters):
    opensearch = parameters.get("StorageBackend") == "opensearch"
    assert outputs["StorageBackend"] == ("opensearch" if opensearch else "memory")
    assert outputs["ServiceNames"] == ("collector,query" if opensearch else "all-in-one")
    assert ("OpenSearchEndpoint" in outputs) == opensearch
    default_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/jqs:0.1.0"
    assert outputs["ImageUri"] == parameters.get("ImageUri", default_image)
    assert outputs["LogGroupName"] == f"/jqs/{outputs['ClusterName']}"
    protocol = "https" if "CertificateArn" in parameters else "http"
    host = parameters.get("DomainName", r"[a-z0-9.-]+")
    assert re.fullmatch(f"{protocol}://{host}", outputs["JaegerURL"])
    assert outputs["OtlpGrpcEndpoint"] == outputs["JaegerURL"] + ":4317"
    assert outputs["OtlpHttpEndpoint"] == outputs["JaegerURL"] + ":4318"


def check_load_balancer(account, outputs, parameters):
    arn = outputs["LoadBalancerArn"]
    [balancer] = account.elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    assert (balancer["Type"], balancer["Scheme"]) == ("network", parameters.get("LoadBalancerScheme", "internal"))
    assert len(balancer["LoadBalancerName"]) <= 32
    check_placement(account, balancer, parameters)

    tls = "CertificateArn" in parameters
    targets = TLS_TARGETS if tls else TARGETS
    listeners = account.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    assert {each["Port"] for each in listeners} == set(targets)
    groups = account.elbv2.describe_target_groups()["TargetGroups"]
    group_of = {each["TargetGroupArn"]: each for each in groups}
    for listener in listeners:
        assert listener["Protocol"] == ("TLS" if tls else "TCP")
        assert [each["CertificateArn"] for each in listener.get("Certificates", [])] == ([CERTIFICATE] if tls else [])
        group = group_of[listener["DefaultActions"][0]["TargetGroupArn"]]
        assert group["Port"] == targets[listener["Port"]]
        assert len(group["TargetGroupName"]) <= 32
        assert (group["TargetType"], group["HealthCheckPort"], group["HealthCheckPath"]) == ("ip", "13133", "/status")
        assert group["HealthCheckProtocol"] == "HTTP"
    check_reach(account, balancer["SecurityGroups"], set(targets), parameters)


def check_services(account, outputs, parameters):
    services = account.services(outputs["ClusterName"])
    assert sorted(services) == sorted(outputs["ServiceNames"].split(","))
    ports = {
        name: {each["containerPort"] for each in service["loadBalancers"]} for name, service in services.items()
    }
    if parameters.get("StorageBackend") == "opensearch":
        assert ports == {"collector": {4317, 4318}, "query": {16686}}
    else:
        assert ports == {"all-in-one": {4317, 4318, 16686}}
    for name, service in services.items():
        assert service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
        container = account.container(service)
        assert (container["name"], container["command"]) == (name, [name])
        assert container["image"] == outputs["ImageUri"]
        environment = {each["name"]: each["value"] for each in container["environment"]}
        assert environment["JQS_LISTEN_HOST"] == "0.0.0.0"
        assert environment["SPAN_STORAGE_TYPE"] == outputs["StorageBackend"]
        if name == "all-in-one":
            mebibytes = parameters.get("MemoryTaskMemory", 2048)
            assert int(environment["JQS_MEMORY_MAX_BYTES"]) == mebibytes * 1024 * 1024 * 6 // 10
        else:
            assert environment["ES_SERVER_URLS"] == outputs["OpenSearchEndpoint"]
            assert environment["JQS_OPENSEARCH_AUTH"] == "sigv4"


def check_execution_role(account, outputs, parameters):
    service = next(iter(account.services(outputs["ClusterName"]).values()))
    task = account.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    [policy] = account.role_policies(task["executionRoleArn"].rsplit("/", 1)[1])
    [pull] = [each for each in policy["Statement"] if "ecr:BatchGetImage" in each["Action"]]
    if "ImageUri" in parameters:
        repository = "arn:aws:ecr:*:*:repository/team"
        assert pull["Resource"] == [repository, f"{repository}/*"]
    else:
        assert pull["Resource"] == "arn:aws:ecr:us-east-1:123456789012:repository/jqs"


def check_domain(account, parameters):
    [name] = [each["DomainName"] for each in account.opensearch.list_domain_names()["DomainNames"]]
    assert re.fullmatch(r"[a-z][a-z0-9-]{2,27}", name)
    domain = account.opensearch.describe_domain(DomainName=name)["DomainStatus"]
    cluster = domain["ClusterConfig"]
    nodes = parameters.get("OpenSearchInstanceCount", 2)
    assert int(cluster["InstanceCount"]) == nodes
    assert cluster["ZoneAwarenessEnabled"] == (nodes > 1)
    if nodes > 1:
        assert cluster["ZoneAwarenessConfig"]["AvailabilityZoneCount"] == nodes
    assert len(domain["VPCOptions"]["SubnetIds"]) == nodes
    assert cluster["DedicatedMasterEnabled"] == ("OpenSearchMasterInstanceType" in parameters)
    assert cluster["WarmEnabled"] == ("OpenSearchWarmInstanceCount" in parameters)
    if cluster["WarmEnabled"]:
        assert (int(cluster["WarmCount"]), cluster["WarmType"]) == (2, "ultrawarm1.medium.search")
    for statement in json.loads(domain["AccessPolicies"])["Statement"]:
        assert ":role/" in statement["Principal"]["AWS"]
        assert f":domain/{name}/" in statement["Resource"]


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("entry", ["new", "existing"])
def test_refuse(account, network, entry, case):
    parameters, reason = REFUSED[case]
    given = for_entry(entry, parameters, network)
    with pytest.raises(ClientError, match=reason):
        account.create(STACK, f"jaeger-{entry}-vpc.yaml", given)


def test_refuse_more_zones_for_the_domain_than_the_new_vpc_has(account):
    with pytest.raises(ClientError, match="OpenSearchInstanceCount must be"):
        account.create(STACK, "jaeger-new-vpc.yaml", {**OPENSEARCH, "OpenSearchInstanceCount": 3})


def test_refuse_internet_facing_without_public_subnets(account, network):
    given = for_existing_vpc(PUBLIC, network)
    del given["PublicSubnetIDs"]
    with pytest.raises(ClientError, match="needs PublicSubnetIDs"):
        account.create(STACK, "jaeger-existing-vpc.yaml", given)


def test_two_deployments_of_one_name_live_side_by_side(account, network):
    before = account.inventory()
    given = for_existing_vpc(OPENSEARCH, network)
    nameless = {**given, "NamespaceSuffix": "", "PublishParameters": "No"}
    stacks = {"first": given, "second": nameless}
    clusters = {account.create(stack, "jaeger-existing-vpc.yaml", stacks[stack])["ClusterName"] for stack in stacks}
    assert len(clusters) == 2
    assert len(account.opensearch.list_domain_names()["DomainNames"]) == 2
    for stack in stacks:
        account.delete(stack)
    assert account.inventory() - before == set()


def test_update_the_image(account, network):
    given = for_existing_vpc({}, network)
    account.create(STACK, "jaeger-existing-vpc.yaml", given)
    outputs = account.update(STACK, "jaeger-existing-vpc.yaml", {**given, "ImageTag": "0.2.0"})
    [service] = account.services(outputs["ClusterName"]).values()
    assert account.container(service)["image"].endswith("/jqs:0.2.0")
    account.delete(STACK)


@pytest.mark.parametrize("storage", ["memory", "opensearch"])
def test_update_turns_ecs_exec_on_and_off(account, network, storage):
    before = account.inventory()
    given = for_existing_vpc({"StorageBackend": storage}, network)
    account.create(STACK, "jaeger-existing-vpc.yaml", given)
    for choice in ("Yes", "No"):
        outputs = account.update(STACK, "jaeger-existing-vpc.yaml", {**given, "EnableExecuteCommand": choice})
        for service in account.services(outputs["ClusterName"]).values():
            assert service["enableExecuteCommand"] == (choice == "Yes")
        policies = {each for kind, each in account.inventory() - before if kind == "policy"}
        assert len(policies) == (1 if choice == "Yes" else 0)
    account.delete(STACK)
    assert account.inventory() - before == set()


def test_update_the_scheme(account, network):
    """Both load balancers exist for a while, so that no name and no target group may be in both."""
    before = account.inventory()
    internal = for_existing_vpc({}, network)
    first = account.create(STACK, "jaeger-existing-vpc.yaml", internal)
    groups = {each for kind, each in account.inventory() - before if kind == "target group"}
    second = account.update(STACK, "jaeger-existing-vpc.yaml", for_existing_vpc(PUBLIC, network))
    check_load_balancer(account, second, PUBLIC)
    assert second["LoadBalancerArn"] != first["LoadBalancerArn"]
    assert {each for kind, each in account.inventory() if kind == "target group"}.isdisjoint(groups)
    account.delete(STACK)
    assert account.inventory() - before == set()
