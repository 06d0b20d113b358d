"""Server credentials for mutual TLS that follow the files: a rotated certificate needs no restart."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, cast

import grpc

from synthos_api.errors import UsageError

log = logging.getLogger(__name__)

CA_FILE, CERTIFICATE_FILE, KEY_FILE = "ca.crt", "server.crt", "server.key"


class Certificates(NamedTuple):
    """PEM."""

    ca: bytes
    certificate: bytes
    key: bytes


def read(folder: Path) -> Certificates:
    """The three files, checked to belong together. Raises UsageError naming the file that is wrong."""
    contents = []
    for name in (CA_FILE, CERTIFICATE_FILE, KEY_FILE):
        try:
            contents.append((folder / name).read_bytes())
        except OSError as error:
            raise UsageError(f"cannot read the certificate file: {error.strerror}").at(str(folder / name)) from error
    found = Certificates(*contents)
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=found.ca.decode())
    except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
        raise UsageError("holds no PEM certificate").at(str(folder / CA_FILE)) from error
    try:
        context.load_cert_chain(folder / CERTIFICATE_FILE, folder / KEY_FILE)
    except (ssl.SSLError, OSError) as error:
        raise UsageError(f"certificate and key do not fit together: {error}").at(
            str(folder / CERTIFICATE_FILE)
        ) from error
    return found


def _configuration(found: Certificates) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(found.key, found.certificate)], root_certificates=found.ca)


class Rotating:
    """Called by gRPC at every handshake: a new configuration when the files changed, else None."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._current = read(folder)

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        try:
            found = read(self._folder)
            # A rotation in progress can mix old and new files; the second look catches a swap between reads.
            if found == self._current or found != read(self._folder):
                return None
        except UsageError as error:
            log.warning("certificates not reloaded; the old ones stay in use", extra={"reason": str(error)})
            return None
        self._current = found
        log.info("certificates reloaded", extra={"folder": str(self._folder)})
        return _configuration(found)

    def credentials(self) -> grpc.ServerCredentials:
        """Credentials that demand a client certificate signed by the CA."""
        # gRPC takes None for "unchanged", which its type stubs do not know.
        fetch = cast(Callable[[], grpc.ServerCertificateConfiguration], self)
        first = _configuration(self._current)
        return grpc.dynamic_ssl_server_credentials(first, fetch, require_client_authentication=True)
