"""A registry as whoever pulls sees it, by plain HTTP."""

import base64
import hashlib
import json
import urllib.error
import urllib.request

from program import PASSWORD, REGISTRY, USER

ANSWER_SECONDS_MAX = 30
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def ask(path, method="GET"):
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Accept": f"{MANIFEST}, {INDEX}"}
    request = urllib.request.Request(f"http://{REGISTRY}/v2/{path}", method=method, headers=headers)
    return urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX)


def pull(repository, kind, name):
    with ask(f"{repository}/{kind}/{name}") as answer:
        content = answer.read()
    if name.startswith("sha256:"):
        assert digest(content) == name
    return content


def document(repository, kind, name):
    return json.loads(pull(repository, kind, name))


def tagged(repository, tag):
    """The digest that a tag leads to, or None."""
    try:
        with ask(f"{repository}/manifests/{tag}", method="HEAD") as answer:
            return answer.headers["Docker-Content-Digest"]
    except urllib.error.HTTPError as error:
        assert error.code == 404, error
        return None


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
