"""Cloud Control: MiniStack's knows only what was made through it, AWS's whatever is there. What stacks have made is told with the
properties that they made it with."""

import json

from ministack.core.responses import json_response
from ministack.services import cloudcontrol
from ministack.services.cloudformation import _stacks

get_resource = cloudcontrol._get_resource


def get_resource_of_stacks(data):
    kind, identifier = data.get("TypeName"), data.get("Identifier")
    for stack in _stacks.values():
        for resource in (stack.get("_resources") or {}).values():
            if resource.get("PhysicalResourceId") == identifier and resource.get("ResourceType") == kind:
                description = {"Identifier": identifier, "Properties": json.dumps(resource.get("Properties") or {})}
                return json_response({"TypeName": kind, "ResourceDescription": description})
    return get_resource(data)


cloudcontrol._get_resource = get_resource_of_stacks
