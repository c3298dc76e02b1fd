"""The image on its way into ECR: the AWS stand-in grants the token, and a real registry takes the image."""

import json
import subprocess

import boto3
import pytest

import registry
from program import ACCOUNT, AWS, AWS_ENVIRONMENT, PROGRAM, REGION, jqs

VERSION = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/jqs:{VERSION}"
X86 = ["-P", "CpuArchitecture=X86_64"]


@pytest.fixture(scope="module")
def ecr():
    return boto3.client(
        "ecr", endpoint_url=AWS, region_name=REGION, aws_access_key_id=ACCOUNT, aws_secret_access_key="secret"
    )


def run(home, *arguments, **named):
    return jqs(home, *arguments, environment=AWS_ENVIRONMENT, **named)


def repositories(ecr):
    return {each["repositoryName"]: each for each in ecr.describe_repositories()["repositories"]}


def test_deploy_supplies_the_image_once_the_plan_is_approved(ecr, tmp_path):
    no_arm = run(tmp_path, "deploy", "--yes", expect=1)
    assert f"the image `{IMAGE}` is not in ECR" in no_arm.stderr and "jqs image push" in no_arm.stderr
    other_tag = run(tmp_path, "deploy", "--yes", *X86, "--image-tag", "9.9.9", expect=1)
    assert "is not in ECR" in other_tag.stderr, "an image of this version is no image of another"

    unapproved = run(tmp_path, "deploy", *X86, expect=2)
    assert f"will be made for amd64 and pushed to {IMAGE}, whose repository will be made" in unapproved.stderr
    assert repositories(ecr) == {} and registry.tagged("jqs", VERSION) is None, "nothing was made before the answer"

    deployed = run(tmp_path, "deploy", "--yes", "--json", *X86)
    [plan] = deployed.records("plan")
    assert plan["image"]["architectures"] == ["amd64"] and plan["image"]["makes_repository"]
    kinds = [json.loads(line)["type"] for line in deployed.stdout.splitlines()]
    assert kinds.index("layer") < kinds.index("event"), "the image is there before the services are"
    digest = registry.tagged("jqs", VERSION)
    assert digest is not None
    repository = repositories(ecr)["jqs"]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"]["scanOnPush"]

    # The stand-in's ECR does not see what the registry has: the same again finds it there, and changes nothing.
    again = run(tmp_path, "deploy", "--yes")
    assert "was there" in again.stderr or "is up to date" in again.stderr
    assert registry.tagged("jqs", VERSION) == digest


def test_push_goes_to_the_accounts_own_ecr_by_default(ecr, built, tmp_path):
    pushed = run(tmp_path, "image", "push")
    assert pushed.stdout.startswith(f"{IMAGE}@sha256:")
    assert pushed.stdout.strip().endswith(registry.tagged("jqs", VERSION))
    other = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/platform/jqs:7"
    run(tmp_path, "image", "push", built[0], "--repository", other)
    assert registry.tagged("platform/jqs", "7") == built[1]["digest"]
    assert "platform/jqs" in repositories(ecr)


def test_an_image_elsewhere_is_left_alone(tmp_path):
    named = run(tmp_path, "deploy", "--name", "other", *X86, "--image", "ghcr.io/team/jqs:1", expect=2)
    assert "will be made" not in named.stderr
