"""What the tests give the entries."""

from account import for_existing_vpc

STACK = "a-stack-with-a-rather-long-name-as-pipelines-tend-to-make-them"
LONGEST_NAME = "abcdefghijkl"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
VPC_CIDR = "10.0.0.0/16"

OPENSEARCH = {"StorageBackend": "opensearch"}
TLS = {"Certificate": "UseExisting", "CertificateArn": CERTIFICATE}
PUBLIC = {"LoadBalancerScheme": "internet-facing", "AllowedCIDR": "203.0.113.0/24", **TLS}


def for_entry(entry, parameters, network):
    return parameters if entry == "new" else for_existing_vpc(parameters, network)
