"""Who reaches what: where a load balancer stands, and whom it and the tasks admit."""

from entry import VPC_CIDR

TASK_PORTS = (4317, 4318, 16686, 13133)


def check_placement(account, balancer, parameters):
    """In public subnets if and only if it is internet-facing."""
    subnets = [zone["SubnetId"] for zone in balancer["AvailabilityZones"]]
    assert len(subnets) == (3 if parameters.get("NumberOfAZs") == 3 else 2)
    tables = account.ec2.describe_route_tables()["RouteTables"]
    for subnet in subnets:
        [table] = [each for each in tables if subnet in [link.get("SubnetId") for link in each["Associations"]]]
        ways_out = [each.get("GatewayId", "") for each in table["Routes"] if each.get("DestinationCidrBlock") == "0.0.0.0/0"]
        public = any(way.startswith("igw-") for way in ways_out)
        assert public == (balancer["Scheme"] == "internet-facing")


def check_reach(account, group_ids, ports, parameters):
    """Clients reach the load balancer from the ranges asked for, and it reaches the tasks and nothing else but a provider
    that signs people in."""
    [group_id] = group_ids
    group = account.security_group(group_id)
    allowed = {VPC_CIDR, *filter(None, [parameters.get("AllowedCIDR")])}
    assert {
        (rule["FromPort"], rule["ToPort"], source["CidrIp"]) for rule in group["IpPermissions"] for source in rule["IpRanges"]
    } == {(port, port, cidr) for port in ports for cidr in allowed}

    outside = {(rule["FromPort"], source["CidrIp"]) for rule in group["IpPermissionsEgress"] for source in rule["IpRanges"]}
    assert outside == ({(443, "0.0.0.0/0")} if "Authentication" in parameters else set())
    behind = {(rule["FromPort"], pair["GroupId"]) for rule in group["IpPermissionsEgress"] for pair in rule["UserIdGroupPairs"]}
    [task_group_id] = {each for _, each in behind}
    assert {port for port, _ in behind} == set(TASK_PORTS)
    check_tasks_admit_only(account, task_group_id, group_id)


def check_tasks_admit_only(account, task_group_id, group_id):
    """The load balancer, and the programs of the VPC, which find the tasks by their names, for OTLP alone."""
    tasks = account.security_group(task_group_id)
    assert {
        (rule["FromPort"], rule["ToPort"], pair["GroupId"]) for rule in tasks["IpPermissions"] for pair in rule["UserIdGroupPairs"]
    } == {(port, port, group_id) for port in TASK_PORTS}
    assert {
        (rule["FromPort"], rule["ToPort"], source["CidrIp"]) for rule in tasks["IpPermissions"] for source in rule["IpRanges"]
    } == {(4317, 4317, VPC_CIDR), (4318, 4318, VPC_CIDR)}
