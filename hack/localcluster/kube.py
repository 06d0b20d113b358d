"""A few calls to the API server over verified TLS, without the cost of starting kubectl."""

import base64
import contextlib
import json
import ssl
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from hack.localcluster.errors import ClusterError


class Api:
    """The API server that a kubeconfig with embedded certificates points to."""

    def __init__(self, kubeconfig: Path) -> None:
        data = yaml.safe_load(kubeconfig.read_text())
        cluster, user = data["clusters"][0]["cluster"], data["users"][0]["user"]
        self.server: str = cluster["server"]
        context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile() as pair:  # the ssl module loads a client's key from files only
            pair.write(base64.b64decode(user["client-certificate-data"]))
            pair.write(base64.b64decode(user["client-key-data"]))
            pair.flush()
            context.load_cert_chain(pair.name)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def get(self, path: str) -> Any:
        """GET a path; the answer as JSON, or as text where it is none.

        Raises:
            ClusterError: no answer, or one that is no success.
        """
        return self._call("GET", path, None, "")

    def merge_patch(self, path: str, body: object) -> Any:
        """PATCH a path with a JSON merge patch.

        Raises:
            ClusterError: as for `get`.
        """
        return self._call("PATCH", path, json.dumps(body).encode(), "application/merge-patch+json")

    def _call(self, method: str, path: str, body: bytes | None, content_type: str) -> Any:
        request = urllib.request.Request(f"{self.server}{path}", data=body, method=method)
        if content_type:
            request.add_header("Content-Type", content_type)
        try:
            with self._opener.open(request, timeout=5) as response:
                text = response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                raise ClusterError(f"{method} {path}: {error.code} {error.read(500).decode()}") from error
        except OSError as error:
            raise ClusterError(f"{method} {path}: {error}") from error
        with contextlib.suppress(ValueError):
            return json.loads(text)
        return text
