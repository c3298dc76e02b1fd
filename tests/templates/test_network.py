"""The new VPC's subnets, and private tasks that reach AWS through VPC endpoints instead of NAT."""

import pytest
from account import for_existing_vpc
from botocore.exceptions import ClientError
from entry import STACK, VPC_CIDR
from template import load, resources

INTERFACES = {"ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm"}
WITHOUT_NAT = {"NatGateways": "none", "CreateVpcEndpoints": "Yes"}
SUBNETS = {
    "PublicSubnet1CIDR": "10.0.64.0/26",
    "PublicSubnet2CIDR": "10.0.64.64/26",
    "PrivateSubnet1CIDR": "10.0.128.0/20",
    "PrivateSubnet2CIDR": "10.0.144.0/20",
}
REFUSED = {
    "no way out": ({"NatGateways": "none"}, "needs CreateVpcEndpoints"),
    "some subnets": ({"PublicSubnet1CIDR": "10.0.64.0/26"}, "CIDR of every subnet"),
    "no third subnet": ({**SUBNETS, "NumberOfAZs": 3}, "CIDR of every subnet"),
}


def endpoints(account, vpc):
    found = account.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"]
    return {each["ServiceName"].removeprefix("com.amazonaws.us-east-1."): each for each in found if each["VpcId"] == vpc}


def check_interfaces(account, vpc, private_subnets, interfaces=INTERFACES):
    """Every one stands in every private subnet, and admits the VPC on 443 and nobody else."""
    found = endpoints(account, vpc)
    assert {name for name, each in found.items() if each["VpcEndpointType"] == "Interface"} == interfaces
    for name in interfaces:
        assert set(found[name]["SubnetIds"]) == set(private_subnets)
    groups = account.ec2.describe_security_groups()["SecurityGroups"]
    [group] = [each for each in groups if each["Description"] == "VPC endpoints of jqs"]
    [admitted] = group["IpPermissions"]
    assert (admitted["FromPort"], admitted["ToPort"]) == (443, 443)
    assert [each["CidrIp"] for each in admitted["IpRanges"]] == [VPC_CIDR]
    assert not admitted["UserIdGroupPairs"]


def test_a_new_vpc_without_nat(account):
    before = account.inventory()
    with account.deployed(STACK, "jaeger-new-vpc.yaml", WITHOUT_NAT):
        made = account.inventory() - before
        assert not [each for kind, each in made if kind in ("nat", "address")]
        [vpc] = [each for kind, each in made if kind == "vpc"]
        private = tables_without_a_way_out(account, vpc)
        assert len(private) == 2
        check_interfaces(account, vpc, private)
        assert set(endpoints(account, vpc)["s3"]["RouteTableIds"]) == set(private.values())


def test_sessions_of_ecs_exec_have_an_endpoint(account):
    with account.deployed(STACK, "jaeger-new-vpc.yaml", {**WITHOUT_NAT, "EnableExecuteCommand": "Yes"}) as outputs:
        [service] = account.services(outputs["ClusterName"]).values()
        subnets = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
        [vpc] = {each["VpcId"] for each in account.ec2.describe_subnets(SubnetIds=subnets)["Subnets"]}
        check_interfaces(account, vpc, subnets, INTERFACES | {"ssmmessages"})


def tables_without_a_way_out(account, vpc):
    """Subnet to route table."""
    return {
        link["SubnetId"]: table["RouteTableId"]
        for table in account.ec2.describe_route_tables()["RouteTables"]
        if table["VpcId"] == vpc and not any(each.get("DestinationCidrBlock") == "0.0.0.0/0" for each in table["Routes"])
        for link in table["Associations"]
        if "SubnetId" in link
    }


@pytest.mark.parametrize("storage", ["memory", "opensearch"])
def test_endpoints_in_an_existing_vpc(account, network, storage):
    before = account.inventory()
    given = for_existing_vpc({"StorageBackend": storage, "CreateVpcEndpoints": "Yes"}, network)
    tables = account.ec2.describe_route_tables()["RouteTables"]
    links = [(link.get("SubnetId"), table["RouteTableId"]) for table in tables for link in table["Associations"]]
    subnets = given["PrivateSubnetIDs"].split(",")
    given["PrivateRouteTableIDs"] = ",".join(table for subnet, table in links if subnet in subnets)
    with account.deployed(STACK, "jaeger-existing-vpc.yaml", given) as outputs:
        check_interfaces(account, network["VPCID"], subnets)
        made = {each for kind, each in account.inventory() - before if kind == "endpoint"}
        assert len(made) == len(INTERFACES) + 1
        for service in account.services(outputs["ClusterName"]).values():
            assert service["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == subnets


def test_tasks_start_after_their_endpoints_are_there():
    template = load("jaeger-existing-vpc.yaml")
    for name in ("Memory", "Services"):
        subnets = template["Resources"][name]["Properties"]["Parameters"]["PrivateSubnetIDs"]
        assert subnets["Fn::If"][:2] == ["WithEndpoints", {"Fn::GetAtt": ["Endpoints", "Outputs.PrivateSubnetIDs"]}]


def test_endpoints_take_over_the_names_of_their_services():
    """The stand-in shows neither private names nor groups, and is not in China, where ECR's endpoints have a prefix."""
    for name, each in resources(load("modules/endpoints.yaml"), "AWS::EC2::VPCEndpoint").items():
        properties, service = each["Properties"], each["Properties"]["ServiceName"]
        if properties["VpcEndpointType"] == "Interface":
            assert properties["PrivateDnsEnabled"] is True
            assert properties["SecurityGroupIds"] == [{"Fn::GetAtt": ["SecurityGroup", "GroupId"]}]
        if name.startswith("Ecr"):
            condition, china, elsewhere = service["Fn::If"]
            assert condition == "InChina"
            assert china["Fn::Sub"] == "cn." + elsewhere["Fn::Sub"]
        else:
            assert service["Fn::Sub"].startswith("com.amazonaws.${AWS::Region}.")


def test_the_new_vpc_has_the_subnets_asked_for(account):
    before = account.inventory()
    with account.deployed(STACK, "jaeger-new-vpc.yaml", SUBNETS):
        made = [each for kind, each in account.inventory() - before if kind == "subnet"]
        found = account.ec2.describe_subnets(SubnetIds=made)["Subnets"]
        assert {each["CidrBlock"] for each in found} == set(SUBNETS.values())


@pytest.mark.parametrize("case", REFUSED)
def test_refuse(account, case):
    parameters, reason = REFUSED[case]
    with pytest.raises(ClientError, match=reason):
        account.create(STACK, "jaeger-new-vpc.yaml", parameters)


def test_refuse_route_tables_without_endpoints(account, network):
    given = {**for_existing_vpc({}, network), "PrivateRouteTableIDs": "rtb-01234567"}
    with pytest.raises(ClientError, match="needs CreateVpcEndpoints"):
        account.create(STACK, "jaeger-existing-vpc.yaml", given)
