"""OpenSearch domains: the logs that they publish, and their health."""

import json
import re

import ministack.services.cloudformation.provisioners as provisioners
from ministack.services import opensearch

answer_opensearch = opensearch.handle_request
create_domain = provisioners._RESOURCE_HANDLERS["AWS::OpenSearchService::Domain"]["create"]


def create_domain_in_full(logical_id, properties, stack_name):
    name, attributes = create_domain(logical_id, properties, stack_name)
    options = properties.get("LogPublishingOptions") or {}
    nodes = opensearch._domains[name]["ClusterConfig"]
    nodes["InstanceCount"] = int(nodes["InstanceCount"])
    opensearch._domains[name]["LogPublishingOptions"] = {
        kind: {**option, "Enabled": option.get("Enabled") in (True, "true")} for kind, option in options.items()
    }
    return name, attributes


async def answer_opensearch_with_health(method, path, headers, body, query_params):
    """MiniStack has no DescribeDomainHealth."""
    asked = re.fullmatch(r"/2021-01-01/opensearch/domain/([^/]+)/health", path)
    if method == "GET" and asked and asked.group(1) in opensearch._domains:
        health = {"DomainState": "Active", "ClusterHealth": "Green", "DataNodeCount": "2"}
        return 200, {"Content-Type": "application/json"}, json.dumps(health).encode()
    return await answer_opensearch(method, path, headers, body, query_params)


opensearch.handle_request = answer_opensearch_with_health
provisioners._RESOURCE_HANDLERS["AWS::OpenSearchService::Domain"]["create"] = create_domain_in_full
