"""Deploys the modules that no entry nests, each by itself."""

import json

from template import load, resources

STACK = "alone"
KEY = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"


def test_the_bucket_is_private_and_outlives_its_stack(account):
    before = account.inventory()
    options = {"TraceBucketKmsKeyArn": KEY, "TraceBucketVersioning": "Yes"}
    bucket = account.create(STACK, "modules/trace-bucket.yaml", options)["BucketName"]
    assert all(account.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert account.s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    [statement] = json.loads(account.s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert [each.removeprefix(f"arn:aws:s3:::{bucket}") for each in statement["Resource"]] == ["", "/*"]
    account.delete(STACK)
    assert account.inventory() - before == {("bucket", bucket)}
    account.s3.delete_bucket(Bucket=bucket)


def test_the_bucket_is_encrypted_and_emptied_by_age():
    [bucket] = resources(load("modules/trace-bucket.yaml"), "AWS::S3::Bucket").values()
    [rule] = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    encryption = rule["ServerSideEncryptionByDefault"]
    assert encryption["SSEAlgorithm"] == {"Fn::If": ["HasKey", "aws:kms", "AES256"]}
    assert encryption["KMSMasterKeyID"]["Fn::If"][1] == {"Ref": "TraceBucketKmsKeyArn"}
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    [expiry] = [each for each in rules if "ExpirationInDays" in each]
    assert expiry["ExpirationInDays"] == {"Ref": "TraceRetentionDays"}
    assert expiry["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "NoncurrentVersionDays"}}
    assert all(each["Status"] == "Enabled" for each in rules)


def test_who_has_the_writers_policy_writes_to_the_workspace_alone(account):
    before = account.inventory()
    outputs = account.create(STACK, "modules/metrics-workspace.yaml", {})
    assert outputs["RemoteWriteURL"].endswith(f"/workspaces/{outputs['WorkspaceId']}/api/v1/remote_write")
    version = account.iam.get_policy(PolicyArn=outputs["WriterPolicyArn"])["Policy"]["DefaultVersionId"]
    policy = account.iam.get_policy_version(PolicyArn=outputs["WriterPolicyArn"], VersionId=version)
    [statement] = policy["PolicyVersion"]["Document"]["Statement"]
    assert statement["Action"] == "aps:RemoteWrite"
    assert statement["Resource"].endswith(f":workspace/{outputs['WorkspaceId']}")
    account.delete(STACK)
    assert account.inventory() - before == set()
