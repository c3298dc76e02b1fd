"""Certificates and DNS records: who finds the load balancer under which name."""

import pytest
from botocore.exceptions import ClientError
from entry import STACK, TLS, for_entry

NAME = "jaeger.example.com"
REFUSED = {
    "existing certificate, unnamed": ({"Certificate": "UseExisting"}, "needs CertificateArn"),
    "certificate that is not used": ({**TLS, "Certificate": "Disabled"}, "nothing else takes one"),
    "new certificate for no name": ({"Certificate": "CreateNew", "PublicHostedZoneId": "Z1"}, "need DomainName"),
    "new certificate in no zone": ({"Certificate": "CreateNew", "DomainName": NAME}, "need PublicHostedZoneId"),
    "public record in no zone": ({"PublicDNS": "UseExisting", "DomainName": NAME}, "need PublicHostedZoneId"),
    "public zone for nothing": ({"PublicHostedZoneId": "Z1", "DomainName": NAME}, "nothing else takes one"),
    "private record in no zone": ({"PrivateDNS": "UseExisting", "DomainName": NAME}, "needs PrivateHostedZoneId"),
    "private zone twice": (
        {"PrivateDNS": "CreateNew", "PrivateHostedZoneId": "Z1", "DomainName": NAME},
        "nothing else takes one",
    ),
    "private record of no name": ({"PrivateDNS": "CreateNew"}, "need DomainName"),
}


@pytest.fixture
def zone(account):
    """A hosted zone of the parent domain, as its owner has it."""
    created = account.route53.create_hosted_zone(Name="example.com", CallerReference="names")
    zone_id = created["HostedZone"]["Id"].rsplit("/", 1)[1]
    yield zone_id
    account.route53.delete_hosted_zone(Id=zone_id)


def own_name(account, outputs):
    arns = [outputs["LoadBalancerArn"]]
    return account.elbv2.describe_load_balancers(LoadBalancerArns=arns)["LoadBalancers"][0]["DNSName"] + "."


@pytest.mark.parametrize("kind", ["network", "application"])
@pytest.mark.parametrize("entry", ["new", "existing"])
def test_a_new_certificate_and_records_in_two_zones(account, network, zone, entry, kind):
    before = account.inventory()
    given = {
        "LoadBalancerType": kind,
        "DomainName": NAME,
        "Certificate": "CreateNew",
        "PublicDNS": "UseExisting",
        "PublicHostedZoneId": zone,
        "PrivateDNS": "CreateNew",
    }
    with account.deployed(STACK, f"jaeger-{entry}-vpc.yaml", for_entry(entry, given, network)) as outputs:
        assert outputs["JaegerURL"].startswith(f"https://{NAME}")

        made = account.inventory() - before
        [certificate] = [each for what, each in made if what == "certificate"]
        assert account.acm.describe_certificate(CertificateArn=certificate)["Certificate"]["DomainName"] == NAME
        listeners = account.elbv2.describe_listeners(LoadBalancerArn=outputs["LoadBalancerArn"])["Listeners"]
        secured = [each["Certificates"][0]["CertificateArn"] for each in listeners if each["Protocol"] in ("TLS", "HTTPS")]
        assert set(secured) == {certificate}

        zones = account.route53.list_hosted_zones()["HostedZones"]
        [private_id] = [each["Id"].rsplit("/", 1)[1] for each in zones if each["Name"] == NAME + "."]
        private = account.route53.get_hosted_zone(Id=private_id)
        assert private["HostedZone"]["Config"]["PrivateZone"]
        [vpc] = [each["VPCId"] for each in private["VPCs"]]
        assert vpc == (network["VPCID"] if entry == "existing" else next(each for what, each in made if what == "vpc"))
        target = own_name(account, outputs)
        assert set(account.records()) == {(each, NAME + ".", "A", target) for each in (zone, private_id)}


def test_a_record_in_an_existing_private_zone(account, network, zone):
    given = {"DomainName": NAME, "PrivateDNS": "UseExisting", "PrivateHostedZoneId": zone}
    with account.deployed(STACK, "jaeger-existing-vpc.yaml", for_entry("existing", given, network)) as outputs:
        assert outputs["JaegerURL"] == f"http://{NAME}"
        assert set(account.records()) == {(zone, NAME + ".", "A", own_name(account, outputs))}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("entry", ["new", "existing"])
def test_refuse(account, network, entry, case):
    parameters, reason = REFUSED[case]
    with pytest.raises(ClientError, match=reason):
        account.create(STACK, f"jaeger-{entry}-vpc.yaml", for_entry(entry, parameters, network))
