import json

import pytest

from program import jqs


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The image as a tar, and what `jqs` says of it."""
    home = tmp_path_factory.mktemp("built")
    run = jqs(home, "image", "build", "--json")
    return home / "jqs-image.tar", json.loads(run.stdout)
