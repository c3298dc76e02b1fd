"""The application load balancer: paths instead of ports, people who sign in, and rules in a listener that exists."""

import pytest
from account import for_existing_vpc
from botocore.exceptions import ClientError
from entry import CERTIFICATE, LONGEST_NAME, OPENSEARCH, PUBLIC, STACK, TLS, for_entry
from reach import TASK_PORTS, check_placement, check_reach, check_tasks_admit_only
from template import load, resources, walk

NAME = "jaeger.example.com"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/"
PORT_OF_PATH = {f"{EXPORT}*": 4317, "/v1/traces": 4318, "/jaeger": 16686, "/jaeger/*": 16686}
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:oidc-AbCdEf"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shared/0123456789abcdef/fedcba9876543210"

APPLICATION = {"LoadBalancerType": "application", "EnvironmentName": LONGEST_NAME, **TLS}
OIDC = {
    "Authentication": "oidc",
    "OidcIssuer": "https://login.example.com",
    "OidcAuthorizationEndpoint": "https://login.example.com/authorize",
    "OidcTokenEndpoint": "https://login.example.com/token",
    "OidcUserInfoEndpoint": "https://login.example.com/userinfo",
    "OidcClientId": "jqs",
    "OidcClientSecretArn": SECRET,
}
COGNITO = {
    "Authentication": "cognito",
    "CognitoUserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI",
    "CognitoUserPoolClientId": "1example23456789",
    "CognitoUserPoolDomain": "team",
}
SHARED = {
    "LoadBalancerType": "application",
    "DomainName": NAME,
    "ExistingListenerArn": LISTENER,
    "ExistingListenerSecurityGroupID": "sg-01234567",
}
CASES = {
    "internal": APPLICATION,
    "internal, opensearch, logged": {**APPLICATION, **OPENSEARCH, "AccessLogsBucket": "logs-of-balancers"},
    "internet-facing, oidc": {**APPLICATION, **PUBLIC, **OIDC, "DomainName": NAME, "NumberOfAZs": 3},
    "internal, cognito": {**APPLICATION, **COGNITO},
}
REFUSED = {
    "clear text": ({"LoadBalancerType": "application"}, "needs a Certificate or ExistingListenerArn"),
    "network that asks for users": ({**TLS, **OIDC}, "needs LoadBalancerType=application"),
    "oidc without a secret": ({**APPLICATION, **OIDC, "OidcClientSecretArn": ""}, "needs OidcIssuer"),
    "oidc with the secret itself": ({**APPLICATION, **OIDC, "OidcClientSecretArn": "hunter2"}, "OidcClientSecretArn"),
    "cognito without a client": ({**APPLICATION, **COGNITO, "CognitoUserPoolClientId": ""}, "needs CognitoUserPoolArn"),
    "listener of a network load balancer": ({**SHARED, "LoadBalancerType": "network"}, "needs LoadBalancerType=application"),
    "listener whose group is unknown": ({**SHARED, "ExistingListenerSecurityGroupID": ""}, "needs ExistingListenerSecurity"),
    "listener for no name": ({**SHARED, "DomainName": ""}, "needs DomainName"),
    "listener with another certificate": ({**SHARED, **TLS}, "of its own"),
    "listener with a record": ({**SHARED, "PrivateDNS": "CreateNew"}, "of its own"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("entry", ["new", "existing"])
def test_deploy_and_delete(account, network, entry, case):
    parameters = CASES[case]
    with account.deployed(STACK, f"jaeger-{entry}-vpc.yaml", for_entry(entry, parameters, network)) as outputs:
        check_outputs(outputs, parameters)
        check_load_balancer(account, outputs, parameters)
        check_base_path(account, outputs)


def check_outputs(outputs, parameters):
    origin = outputs["OtlpHttpEndpoint"]
    assert origin.startswith("https://")
    assert "DomainName" not in parameters or origin == f"https://{parameters['DomainName']}"
    assert outputs["OtlpGrpcEndpoint"] == f"{origin}:443"
    assert outputs["JaegerURL"] == f"{origin}/jaeger"


def check_load_balancer(account, outputs, parameters):
    arn = outputs["LoadBalancerArn"]
    [balancer] = account.elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    assert (balancer["Type"], balancer["Scheme"]) == ("application", parameters.get("LoadBalancerScheme", "internal"))
    check_placement(account, balancer, parameters)
    check_reach(account, balancer["SecurityGroups"], {80, 443}, parameters)
    attributes = account.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    values = {each["Key"]: each["Value"] for each in attributes}
    assert values["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert values["access_logs.s3.enabled"] == str("AccessLogsBucket" in parameters).lower()
    assert values.get("access_logs.s3.bucket") == parameters.get("AccessLogsBucket")

    listeners = account.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    listener_on = {each["Port"]: each for each in listeners}
    assert set(listener_on) == {80, 443}
    [redirect] = listener_on[80]["DefaultActions"]
    assert (redirect["Type"], redirect["RedirectConfig"]["Protocol"]) == ("redirect", "HTTPS")
    https = listener_on[443]
    assert (https["Protocol"], https["SslPolicy"]) == ("HTTPS", "ELBSecurityPolicy-TLS13-1-2-2021-06")
    assert [each["CertificateArn"] for each in https["Certificates"]] == [CERTIFICATE]
    assert https["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    check_rules(account, https["ListenerArn"], parameters)


def check_rules(account, listener, parameters):
    groups = account.elbv2.describe_target_groups()["TargetGroups"]
    port_of = {each["TargetGroupArn"]: each["Port"] for each in groups}
    assert all(len(each["TargetGroupName"]) <= 32 for each in groups)
    found = {}
    for rule in account.rules(listener):
        values = {each["Field"]: each["Values"] for each in rule["Conditions"]}
        assert values.get("host-header") == ([parameters["DomainName"]] if "DomainName" in parameters else None)
        *before, forward = rule["Actions"]
        port = port_of[forward["TargetGroupArn"]]
        found |= dict.fromkeys(values["path-pattern"], port)
        asked = port == 16686 and "Authentication" in parameters
        assert [each["Type"] for each in before] == ([f"authenticate-{parameters['Authentication']}"] if asked else [])
        if asked and "OidcIssuer" in parameters:
            assert before[0]["AuthenticateOidcConfig"]["TokenEndpoint"] == parameters["OidcTokenEndpoint"]
    assert found == PORT_OF_PATH


def check_base_path(account, outputs):
    services = account.services(outputs["ClusterName"])
    container = account.container(services.get("query") or services["all-in-one"])
    assert {"name": "JQS_BASE_PATH", "value": "/jaeger"} in container["environment"]


@pytest.fixture
def shared(account, network):
    """An application load balancer that others use, with an HTTPS listener."""
    group = account.ec2.create_security_group(GroupName="shared", Description="shared", VpcId=network["VPCID"])["GroupId"]
    [balancer] = account.elbv2.create_load_balancer(
        Name="shared", Subnets=network["PrivateSubnetIDs"].split(","), SecurityGroups=[group], Scheme="internal"
    )["LoadBalancers"]
    [listener] = account.elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": CERTIFICATE}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"]
    yield balancer["LoadBalancerArn"], listener["ListenerArn"], group
    account.elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    account.ec2.delete_security_group(GroupId=group)


def test_two_deployments_share_a_listener(account, network, shared):
    balancer, listener, group = shared
    before = account.inventory()
    given = {**SHARED, **OIDC, "ExistingListenerArn": listener, "ExistingListenerSecurityGroupID": group}
    with account.deployed(STACK, "jaeger-existing-vpc.yaml", for_existing_vpc(given, network)) as outputs:
        assert outputs["LoadBalancerArn"] == balancer
        check_outputs(outputs, given)
        check_rules(account, listener, given)
        [task_group] = [each for kind, each in account.inventory() - before if kind == "security group"]
        check_tasks_admit_only(account, task_group, group)

        other = {**given, "EnvironmentName": "other", "DomainName": f"other.{NAME}", "ListenerRulePriority": 200}
        with account.deployed("other", "jaeger-existing-vpc.yaml", for_existing_vpc(other, network)):
            priorities = sorted(rule["Priority"] for rule in account.rules(listener))
            assert priorities == ["1001", "1002", "1003", "2001", "2002", "2003"]


@pytest.mark.parametrize(
    ("old", "new"),
    [({"EnvironmentName": LONGEST_NAME, **TLS}, APPLICATION), (APPLICATION, {**APPLICATION, **PUBLIC})],
    ids=["network to application", "internal to internet-facing"],
)
def test_update_to_another_load_balancer(account, network, old, new):
    """Both exist for a while, so that no name and no target group may be in both."""
    before = account.inventory()
    with account.deployed(STACK, "jaeger-existing-vpc.yaml", for_existing_vpc(old, network)) as first:
        groups = {each for kind, each in account.inventory() - before if kind == "target group"}
        second = account.update(STACK, "jaeger-existing-vpc.yaml", for_existing_vpc(new, network))
        assert second["LoadBalancerArn"] != first["LoadBalancerArn"]
        assert {each for kind, each in account.inventory() if kind == "target group"}.isdisjoint(groups)
        check_load_balancer(account, second, new)
        check_base_path(account, second)


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("entry", ["new", "existing"])
def test_refuse(account, network, entry, case):
    parameters, reason = REFUSED[case]
    with pytest.raises(ClientError, match=reason):
        account.create(STACK, f"jaeger-{entry}-vpc.yaml", for_entry(entry, parameters, network))


def test_refuse_a_provider_out_of_reach(account):
    given = {**APPLICATION, **COGNITO, "NatGateways": "none", "CreateVpcEndpoints": "Yes"}
    with pytest.raises(ClientError, match="needs NAT to reach the provider"):
        account.create(STACK, "jaeger-new-vpc.yaml", given)


def test_grpc_targets_are_checked_with_an_export_and_the_others_with_their_status():
    """The stand-in keeps no versions of target groups."""
    checks = {
        group["Properties"]["Port"]: (
            group["Properties"]["ProtocolVersion"],
            group["Properties"].get("HealthCheckPort"),
            group["Properties"]["HealthCheckPath"],
            group["Properties"]["Matcher"],
        )
        for group in resources(load("modules/listener-rules.yaml"), "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    }
    status = ("HTTP1", "13133", "/status", {"HttpCode": "200"})
    assert checks == {4317: ("GRPC", None, f"{EXPORT}Export", {"GrpcCode": "0,8"}), 4318: status, 16686: status}
    assert set(checks) < set(TASK_PORTS)


def test_the_secret_is_read_from_secrets_manager():
    template = load("modules/listener-rules.yaml")
    [oidc] = [each["AuthenticateOidcConfig"] for each in walk(template) if "AuthenticateOidcConfig" in each]
    assert oidc["ClientSecret"] == {"Fn::Sub": "{{resolve:secretsmanager:${OidcClientSecretArn}}}"}
