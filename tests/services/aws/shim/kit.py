"""What the other modules have in common: ids, new resource types, and changes to MiniStack's own functions."""

import random
import string
import sys
import uuid

# All that rebind() is to reach.
import ministack.app  # noqa: F401
import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.cloudformation.stacks  # noqa: F401
from ministack.core.responses import get_account_id, get_region


def hex_id(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:17]}"


def stack_style_id(stack_name, logical_id):
    suffix = "".join(random.choices(string.ascii_uppercase + string.digits, k=12))
    return f"{stack_name}-{logical_id}-{suffix}"


def arn(service, resource):
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


def register(resource_type, create, delete=lambda physical_id, properties: None):
    """Adds a resource type unless MiniStack has it: `create(logical_id, properties, stack_name)` answers the physical id
    and the attributes. An update keeps the physical id and computes the attributes anew."""

    def update(physical_id, old, new, stack_name, logical_id=None):
        delete(physical_id, old)
        return physical_id, create(logical_id or physical_id, new, stack_name)[1]

    handler = {"create": create, "delete": delete, "update": update}
    provisioners._RESOURCE_HANDLERS.setdefault(resource_type, handler)


def register_recorded(resource_type, prefix, id_attribute=None):
    """A type of which nothing is kept but a made-up id."""

    def create(logical_id, properties, stack_name):
        physical_id = hex_id(prefix)
        return physical_id, {id_attribute: physical_id} if id_attribute else {}

    register(resource_type, create)


def rebind(name, original, replacement):
    """MiniStack's modules import these functions by name: every one of them gets the replacement."""
    for module in list(sys.modules.values()):
        if getattr(module, name, None) is original:
            setattr(module, name, replacement)
