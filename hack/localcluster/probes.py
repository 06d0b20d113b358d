"""Asks daemons whether they are ready."""

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from functools import lru_cache

from hack.localcluster.daemons import Probe

_SECONDS = 2.0


def ready(probe: Probe) -> bool:
    """Whether the daemon behind `probe` answers that it is ready; a probe of kind "process" always does."""
    if probe.kind == "process":
        return True
    if probe.kind == "unix":
        return _unix(probe.target)
    context = _context(probe.ca, probe.cert, probe.key) if probe.ca else None
    # No proxy from the environment: every daemon is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(probe.target, timeout=_SECONDS) as response:
            return int(response.status) == 200
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return False


@lru_cache(maxsize=16)
def _context(ca: str, cert: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    if cert:
        context.load_cert_chain(cert, key)
    return context


def _unix(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_SECONDS)
        try:
            client.connect(path)
        except OSError:
            return False
    return True
