"""What an account has: quotas, the roles of services, and the token for its registry."""

import json
import os

import ministack.services.cloudformation.helpers as helpers
from kit import rebind
from ministack import app
from ministack.core import router
from ministack.core.responses import get_account_id
from ministack.services import ecr, iam

ECR_ENDPOINT = os.environ.get("SHIM_ECR_ENDPOINT")
ACCOUNT_QUOTAS = json.loads(os.environ.get("SHIM_QUOTAS", "{}"))
SERVICE_ROLES = {
    "AWSServiceRoleForAmazonOpenSearchService": "opensearchservice.amazonaws.com",
    "AWSServiceRoleForApplicationAutoScaling_ECSService": "ecs.application-autoscaling.amazonaws.com",
    "AWSServiceRoleForECS": "ecs.amazonaws.com",
    "AWSServiceRoleForElasticLoadBalancing": "elasticloadbalancing.amazonaws.com",
}
LACKING_ROLES = os.environ.get("SHIM_WITHOUT_ROLES", "").split(",")
DEFAULT_QUOTAS = {
    "L-F678F1CE": 5,  # VPCs
    "L-A4707A72": 5,  # internet gateways
    "L-FE5A380F": 5,  # NAT gateways of a zone
    "L-0263D0A3": 5,  # Elastic IP addresses
    "L-69A177A2": 50,  # network load balancers
    "L-53DA6B97": 50,  # application load balancers
    "L-3032A538": 6,  # Fargate vCPUs
    "L-36FBB829": 6,  # Fargate Spot vCPUs
    "L-076D529E": 100,  # OpenSearch domains
    "L-6408ABDE": 80,  # nodes of a domain
}

authorization_token = ecr._get_authorization_token
get_role = iam._get_role


async def service_quotas(method, path, headers, body, query_params):
    """What the account has been granted, or AWS's default: a quota that nobody ever asked to raise may be known as a default
    alone."""
    operation = headers.get("x-amz-target", "").split(".")[-1]
    code = json.loads(body)["QuotaCode"]
    known = {"GetServiceQuota": ACCOUNT_QUOTAS, "GetAWSDefaultServiceQuota": DEFAULT_QUOTAS}[operation]
    if code in known:
        status, answer = 200, {"Quota": {"QuotaCode": code, "Value": float(known[code])}}
    else:
        status, answer = 400, {"__type": "NoSuchResourceException", "Message": f"no quota {code} is known"}
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()


app.SERVICE_HANDLERS["servicequotas"] = service_quotas
# Without it, MiniStack reads all models of botocore to find out whether there is such a service.
router.SERVICE_PATTERNS["servicequotas"] = {"target_prefixes": ["ServiceQuotasV20190624"]}


def authorization_for_registry(data):
    status, headers, body = authorization_token(data)
    answer = json.loads(body)
    if ECR_ENDPOINT:
        answer["authorizationData"][0]["proxyEndpoint"] = ECR_ENDPOINT
    return status, headers, json.dumps(answer).encode()


def get_role_of_services(params):
    """The roles that services have, which MiniStack calls otherwise."""
    name = helpers._p(params, "RoleName")
    service = SERVICE_ROLES.get(name)
    made = service and f"AWSServiceRoleFor{service.split('.')[0].capitalize()}" in iam._roles
    if not service or (name in LACKING_ROLES and not made):
        return get_role(params)
    role_arn = f"arn:aws:iam::{get_account_id()}:role/aws-service-role/{service}/{name}"
    role = f"<GetRoleResult><Role><RoleName>{name}</RoleName><Arn>{role_arn}</Arn></Role></GetRoleResult>"
    return iam._xml(200, "GetRoleResponse", role, ns="iam")


rebind("_get_authorization_token", authorization_token, authorization_for_registry)
iam._IAM_HANDLERS["GetRole"] = get_role_of_services
