import pytest

from account import Account
from template import FOLDER


@pytest.fixture(scope="session")
def account():
    account = Account()
    account.upload(FOLDER)
    return account


@pytest.fixture(scope="session")
def network(account):
    """An existing VPC, for which the module alone must do."""
    outputs = account.create("network", "modules/vpc.yaml", {"NumberOfAZs": 3, "VPCCIDR": "10.0.0.0/16"})
    yield outputs
    account.delete("network")
