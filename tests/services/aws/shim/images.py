"""EC2's images: MiniStack does not tell when an image was made."""

import re
from datetime import datetime, timezone

from ministack.services import ec2

register_image = ec2._ACTION_MAP["RegisterImage"]
describe_images = ec2._ACTION_MAP["DescribeImages"]
# Image → when it was made.
MADE = {}


def register_image_at(params):
    status, headers, body = register_image(params)
    image = re.search(rb"<imageId>([^<]+)", body if isinstance(body, bytes) else body.encode())
    if image:
        MADE[image.group(1).decode()] = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return status, headers, body


def describe_images_with_dates(params):
    status, headers, body = describe_images(params)
    text = body.decode() if isinstance(body, bytes) else body
    for image, made in MADE.items():
        told = f"<imageId>{image}</imageId>"
        text = text.replace(told, f"{told}<creationDate>{made}</creationDate>")
    return status, headers, text.encode() if isinstance(body, bytes) else text


ec2._ACTION_MAP["RegisterImage"] = register_image_at
ec2._ACTION_MAP["DescribeImages"] = describe_images_with_dates
